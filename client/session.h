// The session that glassh opens: RFC 4254 section 6 from the client's side, between a channel and our standard input,
// output and error.
//
// open() asks for the channel; the events of that channel then come in here. The command and its environment go out as
// soon as the channel is there, together with what standard input has; nothing waits for the answer. Terminals,
// forwarding and escape characters are not done yet.
//
//   RemoteSession session(connection, hub, config, command, log);  session.open();  …  session.exit_status()
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "channels/io/pump.h"
#include "client/agent_forwarding.h"
#include "client/client_connection.h"
#include "client/config.h"
#include "client/log.h"

namespace glassh {

class RemoteSession {
 public:
  // All references must outlive this. `command` empty: the login shell; with SessionType::subsystem it is its name.
  RemoteSession(ClientConnection& connection, std::shared_ptr<Hub> hub, const ClientConfig& config, std::string command,
                std::shared_ptr<ForwardedAgent> agent, ClientLog& log);

  void open();  // after AuthenticationSucceeded, once

  // For this session's channel, which is the only one.
  void on(const ChannelOpened& event);
  void on(const ChannelOpenRefused& event);
  void on(const DataArrived& event);
  void on(const EofArrived& event);
  void on(const CloseArrived& event);
  void on(const ChannelRequested& event);
  void on(const ChannelRequestAnswered& event);

  // Nothing more will happen on the channel: it was closed, or refused, or the command could not be started.
  bool ended() const { return ended_; }
  void end();  // the connection is gone: what arrived is still written, standard input is left alone
  // Returns when what arrived has been written, or nobody reads it any more.
  asio::awaitable<void> flushed();
  // The command's, if the server told it; RFC 4254 section 6.10.
  std::optional<int> exit_status() const { return exit_status_; }

 private:
  void send_environment(Channel& channel) const;
  void start_program(Channel& channel);
  void connect_standard_streams(const ChannelRef& channel);
  void on_exit_signal(Bytes details);

  ClientConnection& connection_;
  std::shared_ptr<Hub> hub_;
  const ClientConfig& config_;
  const std::string command_;
  std::shared_ptr<ForwardedAgent> agent_;
  ClientLog& log_;
  std::string_view request_;  // which request started the program: "exec"
  std::shared_ptr<Source> input_;
  std::shared_ptr<Sink> output_;
  std::shared_ptr<Sink> error_output_;
  std::optional<int> exit_status_;
  bool ended_ = false;
};

// To which servers we send OpenSSH's own messages unasked (OpenSSH PROTOCOL section 2): OpenSSH's and ours.
bool speaks_openssh_extensions(std::string_view peer_version);

}  // namespace glassh
