// One run of glassh, from the byte stream to the exit status: it answers what the connection asks, opens the session,
// and tells the user how it ended.
//
// It is the handler of the connection's drive: one on() for each event. What belongs to the session's channel goes on
// to RemoteSession. The server gets nothing it asks for that was not offered: no channel towards us, no global request.
//
//   SshClient client(executor, config, {command, true}, std::move(stream), asker, log, rng, trace.sink(), key_log);
//   const int status = co_await client.run(deadline);
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "channels/io/channel_users.h"
#include "channels/io/drive.h"
#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/client_login.h"
#include "client/config/client_config.h"
#include "client/connect.h"
#include "client/forwarding/client_forwarding.h"
#include "client/forwarding/forwarded_agent.h"
#include "client/forwarding/forwarded_display.h"
#include "client/forwarding/stdio_forward.h"
#include "client/host_key_check.h"
#include "client/host_key_update.h"
#include "client/remote_session.h"
#include "client/terminal/ask.h"
#include "client/terminal/escape_actions.h"

namespace glassh {

class SshClient {
 public:
  static constexpr int own_error = 255;  // the exit status of what goes wrong here, not in the command

  // References and `trace` (which may be null) must outlive this. `asker` finds the person whom questions are for.
  SshClient(const asio::any_io_executor& executor, const ClientConfig& config, SessionWish wish, ServerStream stream,
            Asker asker, ClientLog& log, Rng& rng, TraceSink* trace, KeyLog key_log);

  // The exit status. `deadline`: when ConnectTimeout ends, until the server has proved its host key.
  asio::awaitable<int> run(std::optional<std::chrono::steady_clock::time_point> deadline);
  // Ends the connection in good order; run() then returns soon.
  void end_by_signal(int signal);
  ClientForwarding& forwarding() { return *forwarding_; }
  // The interrupt key: false if there is no command line (~C) that it would have closed.
  bool interrupt_command_line() { return escapes_.interrupt(); }
  bool logged_in() { return connection_.transport().phase() == Phase::connection; }

  // For Drive.
  asio::awaitable<void> on(const HostKeyOffered& event);
  void on(const KeysChanged& event);
  asio::awaitable<void> on(const IdentitiesWanted& event) { return login_.on(event); }
  asio::awaitable<void> on(const PublicHalfWanted& event) { return login_.on(event); }
  asio::awaitable<void> on(const UserSignatureWanted& event) { return login_.on(event); }
  asio::awaitable<void> on(const PasswordWanted& event) { return login_.on(event); }
  asio::awaitable<void> on(const PasswordChangeWanted& event) { return login_.on(event); }
  asio::awaitable<void> on(const AnswersWanted& event) { return login_.on(event); }
  void on(const BannerArrived& event) { login_.on(event); }
  void on(const DebugArrived& event);
  void on(const AuthenticationSucceeded& event);
  void on(const AuthenticationFailed& event);
  void on(const ChannelOpenWanted& event);
  asio::awaitable<void> on(const GlobalRequested& event);
  asio::awaitable<void> on(const GlobalRequestAnswered& event);
  void on(const RoomAgain&) {}  // the sources see to it
  void on(const Disconnected& event);
  template <class ChannelEvent>
  void on(const ChannelEvent& event) {
    if (!users_.route(event)) session_.on(event);
    leave_when_done();
  }

 private:
  asio::awaitable<std::optional<std::string>> ask_user(std::string question);
  AskUser question_asker();
  AskUser asker_beside_session();
  asio::awaitable<std::optional<std::string>> ask_beside_session(std::string question);
  void give_up_at(std::chrono::steady_clock::time_point deadline);
  void leave(DisconnectReason reason, std::string_view description);
  void quit();
  void leave_when_done();
  bool set_up_forwards();
  void choose_service_type(bool interactive);
  void go_to_background();
  void say_goodbye();

  const asio::any_io_executor executor_;
  const ClientConfig& config_;
  ClientLog& log_;
  ServerStream stream_;
  const Asker asker_;
  HostKeyCheck host_key_check_;
  ClientConnection connection_;
  ClientLogin login_;
  Drive<ClientConnection> drive_;
  ChannelUsers users_;  // of all channels but the session's
  std::shared_ptr<ForwardedAgent> agent_;
  std::shared_ptr<ForwardedDisplay> display_;
  std::shared_ptr<ClientForwarding> forwarding_;
  RemoteSession session_;
  EscapeActions escapes_;
  HostKeyUpdate host_key_update_;
  std::shared_ptr<StdioForward> stdio_forward_;  // instead of a session; null without -W
  asio::steady_timer timer_;
  bool failed_ = false;     // what the command's exit status was does not count
  bool abandoned_ = false;  // a signal ended us, or ~.: what is not written by now never will be
  bool ended_on_purpose_ = false;
  bool all_said_ = false;  // why it ended has been said
};

}  // namespace glassh
