// One session of the client: RFC 4254 section 6 from the client's side, between a channel and three descriptors.
//
// Lives from its CHANNEL_OPEN until all that its program wrote is written here. Job: this one program, its descriptors,
// and the local terminal if it has one; it knows nothing of other sessions. Terminal, environment and command are asked
// for as soon as the channel is there, and what the input has is sent; nothing waits for the answers. With a terminal,
// ours is raw from take_terminal() on until all output is written, and what is typed goes through the escapes
// (client/terminal/typed_input).
//
//   const auto session = RemoteSession::open(services, wish, SessionStreams::standard());  users.add(session);
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "channels/io/channel_users.h"
#include "channels/io/sink.h"
#include "channels/io/source.h"
#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/forwarding/forwarded_agent.h"
#include "client/forwarding/forwarded_display.h"
#include "client/session_wish.h"
#include "client/terminal/local_terminal.h"
#include "client/terminal/terminal_watch.h"
#include "client/terminal/typed_input.h"

namespace glassh {

// The objects that all sessions of one connection use. The references must outlive the sessions.
struct SessionServices {
  ClientConnection& connection;
  std::shared_ptr<Hub> hub;
  std::shared_ptr<ForwardedAgent> agent;
  std::shared_ptr<ForwardedDisplay> display;
  ClientLog& log;
};

class RemoteSession : public ChannelUser, public std::enable_shared_from_this<RemoteSession> {
 public:
  // After AuthenticationSucceeded: asks for the channel. The caller adds the session to the connection's
  // ChannelUsers.
  static std::shared_ptr<RemoteSession> open(std::shared_ptr<const SessionServices> services, SessionWish wish,
                                             SessionStreams streams);
  RemoteSession(ChannelRef channel, std::shared_ptr<const SessionServices> services, SessionWish wish,
                SessionStreams streams);  // open() is meant

  void take_terminal();       // after open(): the local terminal is raw from now on, if the session has one
  TypedInput::Act on_escape;  // with a terminal: to be set before the channel is open; empty: there are no escapes

  using ChannelUser::on;
  void on(const ChannelOpened& event) override;
  void on(const ChannelOpenRefused& event) override;
  void on(const DataArrived& event) override;
  void on(const EofArrived& event) override;
  void on(const CloseArrived& event) override;
  void on(const ChannelRequested& event) override;
  void on(const ChannelRequestAnswered& event) override;
  // The connection is gone: what arrived is still written, the input is left alone. Also called by the session itself.
  void end() override;

  // Nothing more will happen: the channel was closed, or refused, or the program could not be started.
  bool ended() const { return ended_; }
  // And the server has closed the channel, so that no event will come any more.
  bool channel_gone() const { return channel_gone_; }
  // And what arrived has been written, or its reader is gone.
  bool written() const { return written_; }
  // After end(): returns when written() is true. The terminal is then as it was. Call it once.
  asio::awaitable<void> flushed();
  // The program's, if the server told it; RFC 4254 section 6.10.
  std::optional<int> exit_status() const { return exit_status_; }
  LocalTerminal& terminal() { return terminal_; }
  InputHold& input_hold() { return *input_hold_; }  // of what is typed; a session without a terminal ignores it
  const std::shared_ptr<Hub>& hub() const { return services_->hub; }
  const asio::any_io_executor& executor() const { return hub()->executor(); }
  // A person sits at it, who is told when the connection is closed.
  bool interactive() const { return wish_.terminal && !terminal_denied_; }

 private:
  void ask_for_terminal(Channel& open);
  void send_window_change();
  void send_environment(Channel& open) const;
  void start_program(Channel& open);
  void connect_streams();
  Descriptor descriptor(Fd fd, Descriptor::Access access) const;
  void start_input(Descriptor input);
  void on_exit_signal(Bytes details);
  void on_terminal_denied();
  static asio::awaitable<void> finish(std::shared_ptr<RemoteSession> self);
  ClientLog& log() const { return services_->log; }

  const std::shared_ptr<const SessionServices> services_;
  const SessionWish wish_;
  SessionStreams streams_;  // until the channel is open; the terminal as long as the session
  LocalTerminal terminal_;
  std::optional<TerminalWatch> watch_;
  WindowSize size_told_;
  bool has_terminal_ = false;  // over there, as far as we know
  bool terminal_denied_ = false;
  std::deque<std::string_view> unanswered_;  // names of requests that want an answer, in order
  std::shared_ptr<InputHold> input_hold_;
  std::shared_ptr<Source> input_;
  std::shared_ptr<Sink> output_;
  std::shared_ptr<Sink> error_output_;
  std::optional<int> exit_status_;
  bool ended_ = false;
  bool channel_gone_ = false;
  bool written_ = false;
  Signal finished_;  // written
};

// To which servers we send OpenSSH's own messages unasked (OpenSSH PROTOCOL section 2): OpenSSH's and ours.
bool speaks_openssh_extensions(std::string_view peer_version);

}  // namespace glassh
