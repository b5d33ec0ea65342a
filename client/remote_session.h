// The session that glassh opens: RFC 4254 section 6 from the client's side, between a channel and our standard input,
// output and error.
//
// open() asks for the channel; the events of that channel then come in here. Terminal, environment and command are
// asked for as soon as the channel is there, and what standard input has is sent; nothing waits for the answers. With a
// terminal, ours is raw from open() on until all output is written, and what is typed goes through the escapes
// (client/terminal/typed_input).
//
//   RemoteSession session(connection, hub, config, {command, true}, agent, display, log);  session.open();  …
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "channels/io/sink.h"
#include "channels/io/source.h"
#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/forwarding/forwarded_agent.h"
#include "client/forwarding/forwarded_display.h"
#include "client/terminal/local_terminal.h"
#include "client/terminal/terminal_watch.h"
#include "client/terminal/typed_input.h"

namespace glassh {

struct SessionWish {
  std::string command = {};  // empty: the login shell; with SessionType::subsystem it is its name
  bool terminal = false;     // a pseudo-terminal over there
};

class RemoteSession {
 public:
  // All references must outlive this.
  RemoteSession(ClientConnection& connection, std::shared_ptr<Hub> hub, const ClientConfig& config, SessionWish wish,
                std::shared_ptr<ForwardedAgent> agent, std::shared_ptr<ForwardedDisplay> display, ClientLog& log);

  void open();                // after AuthenticationSucceeded, once
  void take_terminal();       // after open(): ours is raw from now on, if the session has one
  TypedInput::Act on_escape;  // with a terminal: to be set before open()

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
  // After end(): returns when what arrived has been written, or nobody reads it any more. The terminal is then as it
  // was.
  asio::awaitable<void> flushed();
  // The command's, if the server told it; RFC 4254 section 6.10.
  std::optional<int> exit_status() const { return exit_status_; }
  const ChannelRef& channel() const { return channel_; }  // of nothing before ChannelOpened
  LocalTerminal& terminal() { return terminal_; }
  InputHold& input_hold() { return *input_hold_; }  // of what is typed; a session without a terminal ignores it
  const std::shared_ptr<Hub>& hub() const { return hub_; }
  const asio::any_io_executor& executor() const { return hub_->executor(); }
  // A person sits at it, who is told when the connection is closed.
  bool interactive() const { return wish_.terminal && !terminal_denied_; }
  // And gives the commands: it is the login shell.
  bool has_shell() const { return wish_.terminal && wish_.command.empty(); }

 private:
  void ask_for_terminal(Channel& channel);
  void send_window_change();
  void send_environment(Channel& channel) const;
  void start_program(Channel& channel);
  void connect_standard_streams();
  void start_input(Descriptor input);
  void on_exit_signal(Bytes details);
  void on_terminal_denied();
  asio::awaitable<void> finish();

  ClientConnection& connection_;
  std::shared_ptr<Hub> hub_;
  const ClientConfig& config_;
  const SessionWish wish_;
  std::shared_ptr<ForwardedAgent> agent_;
  std::shared_ptr<ForwardedDisplay> display_;
  ClientLog& log_;
  LocalTerminal terminal_;
  std::optional<TerminalWatch> watch_;
  WindowSize size_told_;
  bool has_terminal_ = false;  // over there, as far as we know
  bool terminal_denied_ = false;
  // Standard input, output and error as they were at open(): the program may go to the background before they are used.
  Fd standard_[3];
  ChannelRef channel_;
  std::deque<std::string_view> unanswered_;  // names of requests that want an answer, in order
  std::shared_ptr<InputHold> input_hold_;
  std::shared_ptr<Source> input_;
  std::shared_ptr<Sink> output_;
  std::shared_ptr<Sink> error_output_;
  std::optional<int> exit_status_;
  bool ended_ = false;
  Signal finished_;  // ended, and all is written
};

// RequestTTY, and whether there is a terminal at all: ssh(1)'s rules. `refused`: somebody asked, or expects one.
struct TerminalDecision {
  bool wanted = false;
  bool refused = false;
};
TerminalDecision decide_terminal(const ClientConfig& config, bool has_command, bool input_is_terminal);

// To which servers we send OpenSSH's own messages unasked (OpenSSH PROTOCOL section 2): OpenSSH's and ours.
bool speaks_openssh_extensions(std::string_view peer_version);

}  // namespace glassh
