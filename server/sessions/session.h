// A session channel of the server: RFC 4254 section 6.
//
// Lives from the channel's open until the channel is closed or the connection ends. Job: to answer the client's
// requests, to start one program, to hand it what arrives, and to tell the client how it ended. A client that goes away
// before that hangs up its program, which may live a little longer than the session.
//
//   users.add(Session::create(hub->channel(channels, id), context));  …  users.route(event);
#pragma once

#include <memory>

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
  enum class Stage { before, running, over };

  bool on_window_change(Bytes details);
  bool on_break(Bytes details);
  bool on_signal(Bytes details);
  void on_end_of_write();
  // Starts the shell, or a command in it, and answers: ahead of the program's output.
  void start(ProgramWish wish, const ChannelRequested& request);
  void log_start(const ProgramPlan& plan) const;
  void set_connection_type(const ProgramPlan& plan) const;
  std::shared_ptr<Program> make_program(ProgramPlan plan);
  void answer(const ChannelRequested& request, bool success);
  void hang_up();

  const std::shared_ptr<const SessionContext> context_;
  SessionWishes wishes_;
  Stage stage_ = Stage::before;
  bool takes_signals_ = false;
  std::shared_ptr<Program> program_;  // from the stage `running` on
};

}  // namespace glassh
