// A session channel of the server: its requests, and one program between three pipes and the channel.
//
// RFC 4254 section 6 without terminals, X11 and agents, whose requests fail. The exit status is reported when the
// program has ended and what it wrote is sent; the channel closes when its output pipes are closed everywhere, which a
// background process may delay, as with OpenSSH. Who goes away before that hangs up: the program's process group gets
// SIGHUP. The object lives until its program is reaped.
//
//   auto session = Session::create(hub.channel(channels, id), context);  co_await session->on_request(event);
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channels/io/pump.h"
#include "server/config.h"
#include "server/log.h"
#include "server/permissions.h"
#include "server/spawn.h"

namespace glassh {

// What the sessions of one connection have in common.
struct SessionContext {
  std::shared_ptr<const ServerConfig> config;  // that applies to the user
  const Account& account;
  const Log& log;
  std::uint64_t open_files = 0;  // for SpawnRequest
  PeerAddresses addresses;
  bool peer_is_openssh = false;
  SessionPermissions permissions = {};
  std::string auth_info_file = {};  // ExposeAuthInfo; empty: none
  // Where the client's agent can be reached, which it is from the first call on. Nothing if it cannot be.
  std::function<std::optional<std::string>()> forward_agent = {};
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  static std::shared_ptr<Session> create(ChannelRef channel, std::shared_ptr<const SessionContext> context);
  Session(ChannelRef channel, std::shared_ptr<const SessionContext> context);  // create() is meant

  // Answers the request if it wants an answer. Throws ProtocolError if its details do not decode.
  asio::awaitable<void> on_request(const ChannelRequested& request);
  void on_data(const DataArrived& data);
  void on_eof();
  // The channel was closed by the peer, or the connection has ended. Later calls do nothing.
  void hang_up();

 private:
  struct Output {
    std::shared_ptr<Source> source;
    int descriptor = -1;  // the source's; valid while it runs
    bool ended = false;
  };

  bool on_environment(Bytes details);
  bool on_signal(Bytes details);
  bool on_agent_wanted();
  void on_end_of_write();
  asio::awaitable<void> on_subsystem(const ChannelRequested& request);
  // Starts the shell, or `command` in it, and answers: ahead of the program's output.
  asio::awaitable<void> start(std::string kind, std::optional<std::string> command, const ChannelRequested& request);
  void run(const SpawnRequest& request, const ChannelRequested& answered);
  void read_output(Output& output, Descriptor descriptor, std::uint32_t extended_type);
  void on_input_broken();
  void await_exit();
  void on_exit();
  bool output_may_come() const;
  void report_exit();
  void finish_if_done();
  void answer(const ChannelRequested& request, bool success);

  ChannelRef channel_;
  std::shared_ptr<const SessionContext> context_;
  std::vector<EnvironmentVariable> environment_;
  std::size_t environment_size_ = 0;
  std::string agent_socket_;  // if this session asked for the agent, and gets it
  bool started_ = false;
  Process process_;
  Descriptor exit_;  // the pidfd
  std::optional<ProcessEnd> end_;
  bool end_reported_ = false;
  bool over_ = false;  // finished or hung up
  std::shared_ptr<Sink> input_;
  Output output_, error_;
};

}  // namespace glassh
