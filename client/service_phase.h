// The second phase of a run of glassh: what the user logged in for.
//
// Lives from AuthenticationSucceeded to the end of the program. Job: to set up what the configuration asks for, to hand
// each event to what it belongs to (sessions, forwardings, the agent, the display, host key updates), and to end the
// connection when nothing is left of it. The server gets nothing it asks for that was not offered: no channel towards
// us, no global request.
//
//   auto phase = std::make_shared<ServicePhase>(parts, wish);  phase->start();  …  co_return co_await phase->finish();
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "channels/io/channel_users.h"
#include "client/client_phase.h"
#include "client/client_sessions.h"
#include "client/forwarding/client_forwarding.h"
#include "client/forwarding/forwarded_agent.h"
#include "client/forwarding/forwarded_display.h"
#include "client/forwarding/stdio_forward.h"
#include "client/host_key_update.h"
#include "client/terminal/escape_actions.h"

namespace glassh {

class ServicePhase final : public ClientPhase {
 public:
  // `wish`: this program's own session. It is not opened with SessionType none.
  ServicePhase(const ClientParts& parts, SessionWish wish);

  // Forwardings, this program's session on its standard descriptors, and all that is done after a login.
  void start() override;
  // One more session on this connection, which lives until all of them have ended. It has no escapes.
  std::shared_ptr<RemoteSession> open_session(SessionWish wish, SessionStreams streams);
  ClientForwarding& forwarding() { return *forwarding_; }

  bool end_by_signal(int signal) override;
  bool interrupt_command_line() override { return escapes_ && escapes_->interrupt(); }
  asio::awaitable<int> finish() override;

  using ClientPhase::on;
  void on(const ChannelOpenWanted& event) override;
  void on(const ChannelOpened& event) override { route(event); }
  void on(const ChannelOpenRefused& event) override { route(event); }
  void on(const DataArrived& event) override { route(event); }
  void on(const EofArrived& event) override { route(event); }
  void on(const CloseArrived& event) override { route(event); }
  void on(const ChannelRequested& event) override { route(event); }
  void on(const ChannelRequestAnswered& event) override { route(event); }
  asio::awaitable<void> on(const GlobalRequested& event) override;
  asio::awaitable<void> on(const GlobalRequestAnswered& event) override;
  void on(const Disconnected& event) override;

 private:
  template <class ChannelEvent>
  void route(const ChannelEvent& event) {
    users_.route(event);
    leave_when_done();
  }
  std::shared_ptr<const SessionServices> session_services() const;
  AskUser asker_beside_session();
  asio::awaitable<std::optional<std::string>> ask_beside_session(std::string question);
  bool set_up_forwards();
  void open_own_session();
  void choose_service_type(bool interactive);
  void go_to_background_when_due();
  void go_to_background();
  void quit();
  void leave_when_done();
  bool person_is_there() const;
  void say_goodbye() const;

  const SessionWish wish_;
  ChannelUsers users_;
  const std::shared_ptr<ForwardedAgent> agent_;
  const std::shared_ptr<ForwardedDisplay> display_;
  const std::shared_ptr<ClientForwarding> forwarding_;
  ClientSessions sessions_;
  HostKeyUpdate host_key_update_;
  std::shared_ptr<RemoteSession> session_;       // this program's own, from start() on; null with SessionType none
  std::optional<EscapeActions> escapes_;         // of that session
  std::shared_ptr<StdioForward> stdio_forward_;  // instead of a session; null without -W
  bool abandoned_ = false;                       // a signal ended us, or ~.: what is not written by now never will be
  bool ended_on_purpose_ = false;
  bool all_said_ = false;  // why it ended has been said
};

}  // namespace glassh
