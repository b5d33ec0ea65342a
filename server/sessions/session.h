// A session channel of the server: RFC 4254 section 6.
//
// Lives from the channel's open until the channel is closed or the connection ends. Job: to answer the client's
// requests, to start one program, to hand it what arrives, and to tell the client how it ended. The start may wait for
// a home that hangs: requests and data that arrive meanwhile are kept, and have their turn after it. A client that goes
// away before the end hangs up its program, which may live a little longer than the session.
//
//   users.add(Session::create(hub->channel(channels, id), context));  …  users.route(event);
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "channels/io/channel_users.h"
#include "server/sessions/program.h"
#include "server/sessions/program_plan.h"
#include "server/sessions/session_context.h"
#include "server/sessions/session_wishes.h"

namespace glassh {

class Session final : public ChannelUser, public ProgramObserver, public std::enable_shared_from_this<Session> {
 public:
  static std::shared_ptr<Session> create(ChannelRef channel, std::shared_ptr<const SessionContext> context);
  Session(ChannelRef channel, std::shared_ptr<const SessionContext> context);  // create() is meant

  using ChannelUser::on;
  // Answers the request if it wants an answer. Throws ProtocolError if its details do not decode.
  void on(const ChannelRequested& request) override;
  void on(const DataArrived& data) override;
  void on(const EofArrived& eof) override;
  // The peer closed the channel, or the connection has ended: hangs up. Later calls do nothing.
  void on(const CloseArrived& close) override;
  void end() override;

  // For the program.
  void on_input_broken() override;
  void on_program_end(const ProgramEnd& end) override;
  void on_program_finished() override;

 private:
  enum class Stage { before, starting, running, over };
  struct KeptRequest {
    std::string type;
    bool want_reply = false;
    std::vector<std::uint8_t> details;
  };

  void carry_out(const ChannelRequested& request);
  void keep(const ChannelRequested& request);
  void carry_out_kept();
  bool on_window_change(Bytes details);
  bool on_break(Bytes details);
  bool on_signal(Bytes details);
  void on_end_of_write();
  // Starts the shell, or a command in it, and answers: ahead of the program's output.
  void start(ProgramWish wish, const ChannelRequested& request);
  static asio::awaitable<void> begin(std::shared_ptr<Session> self, ProgramWish wish, bool want_reply);
  asio::awaitable<bool> try_to_start(ProgramWish wish);
  void on_started(const std::string& idles_as, bool want_reply);
  void on_not_started(bool want_reply);
  void log_start(const ProgramPlan& plan) const;
  void set_connection_type(const ProgramPlan& plan) const;
  std::shared_ptr<Program> make_program(ProgramPlan plan);
  void answer(const ChannelRequested& request, bool success) { answer(request.want_reply, success); }
  void answer(bool want_reply, bool success);
  void keep(Bytes data);  // counted in the connection's allowance
  std::vector<std::uint8_t> take_kept_data();
  void hang_up();

  const std::shared_ptr<const SessionContext> context_;
  SessionWishes wishes_;
  Stage stage_ = Stage::before;
  bool takes_signals_ = false;
  std::shared_ptr<Program> program_;       // while it starts, and from the stage `running` on
  std::deque<KeptRequest> kept_requests_;  // while it starts
  std::size_t kept_request_bytes_ = 0;     // the details of these
  std::vector<std::uint8_t> kept_data_;    // while it starts; the channel's window bounds it
};

}  // namespace glassh
