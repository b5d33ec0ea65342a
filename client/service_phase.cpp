#include "client/service_phase.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "channels/io/socket_options.h"
#include "client/local_command.h"
#include "client/terminal/background.h"
#include "proto/messages_forward.h"
#include "proto/messages_session.h"
#include "proto/numbers.h"

namespace glassh {

namespace {

// With "yes" an agent may be missing; one that the user named is expected to be there.
LogLevel missing_agent_level(const ClientConfig& config) {
  return config.forward_agent_as_written == "yes" ? LogLevel::debug1 : LogLevel::error;
}

std::optional<std::string> display_of_environment() {
  const char* const text = std::getenv("DISPLAY");
  return text != nullptr && *text != '\0' ? std::optional<std::string>(text) : std::nullopt;
}

}  // namespace

ServicePhase::ServicePhase(const ClientParts& parts, SessionWish wish)
    : ClientPhase(parts),
      wish_(std::move(wish)),
      agent_(std::make_shared<ForwardedAgent>(parts.connection, parts.hub, users_, parts.config.forward_agent,
                                              missing_agent_level(parts.config), parts.log)),
      display_(std::make_shared<ForwardedDisplay>(parts.hub, users_, parts.config, display_of_environment(), parts.rng,
                                                  parts.log)),
      forwarding_(std::make_shared<ClientForwarding>(parts.connection, parts.hub, users_, parts.config, parts.log)),
      sessions_(session_services(), users_),
      host_key_update_(parts.config, parts.host_key_check, parts.connection, parts.log, parts.rng,
                       asker_beside_session()) {
  display_->on_refused = [this] { leave_when_done(); };
}

std::shared_ptr<const SessionServices> ServicePhase::session_services() const {
  return std::make_shared<SessionServices>(
      SessionServices{parts_.connection, parts_.hub, agent_, display_, parts_.log});
}

// ----------------------------------------------------------------------------------------------------------------
// how it begins

void ServicePhase::start() {
  const ClientConfig& config = parts_.config;
  if (parts_.host_key_check.unsafe()) {
    agent_->forbid();
    display_->forbid();
  }
  if (!set_up_forwards()) return;
  const bool has_session = config.session_type != SessionType::none;
  choose_service_type(!has_session || wish_.terminal || config.forward_x11);
  if (has_session) open_own_session();
  if (config.stdio_forward) {
    stdio_forward_ = StdioForward::open(parts_.connection, parts_.hub, *config.stdio_forward, parts_.log);
    users_.add(stdio_forward_);
  }
  // OpenSSH PROTOCOL section 2.2: an attacker who takes this process over must not get another session.
  if (parts_.connection.transport().peer_is_openssh()) {
    parts_.connection.channels().send_global("no-more-sessions@openssh.com", false);
  }
  if (config.local_command && config.permit_local_command) run_local_command(*config.local_command, parts_.log);
  go_to_background_when_due();
  if (session_ != nullptr) session_->take_terminal();
}

// As ssh(1), before the session, so that it is there when the session's program starts.
bool ServicePhase::set_up_forwards() {
  if (parts_.host_key_check.unsafe()) forwarding_->forbid();
  forwarding_->on_failure = [this] {
    failed_ = true;
    leave(DisconnectReason::by_application, "a forwarding could not be set up");
  };
  const bool goes_on = forwarding_->start();
  if (!goes_on) forwarding_->on_failure();
  return goes_on;
}

// ssh_config(5), IPQoS.
void ServicePhase::choose_service_type(bool interactive) {
  const IpQos& quality = parts_.config.ip_qos;
  const std::optional<std::uint8_t> type = interactive ? quality.interactive : quality.bulk;
  if (type) set_service_type(parts_.hub->output().number(), *type);
}

// The descriptors as they are now: the program may go to the background before they are used.
void ServicePhase::open_own_session() {
  SessionStreams streams = SessionStreams::standard();
  if (parts_.config.stdin_null) streams.input.close();
  session_ = sessions_.open(wish_, std::move(streams));
  escapes_.emplace(parts_.connection, *session_, *forwarding_, parts_.config, parts_.log, [this] { quit(); });
  session_->on_escape = [this](Escape escape) { return escapes_->act(escape); };
}

std::shared_ptr<RemoteSession> ServicePhase::open_session(SessionWish wish, SessionStreams streams) {
  return sessions_.open(std::move(wish), std::move(streams));
}

// With ExitOnForwardFailure, -f must not report success before the forwards are there.
void ServicePhase::go_to_background_when_due() {
  if (!parts_.config.fork_after_authentication) return;
  if (parts_.config.exit_on_forward_failure) {
    forwarding_->when_settled([this] { go_to_background(); });
  } else {
    go_to_background();
  }
}

void ServicePhase::go_to_background() {
  parts_.log.debug1("going to the background");
  continue_in_background(parts_.executor);
  leave_the_terminal(parts_.log.on_standard_error() && parts_.log.shows(LogLevel::debug1));
}

// ----------------------------------------------------------------------------------------------------------------
// what the server asks for

// RFC 4251 section 4.3 [4251-4.3-7] and RFC 4254 sections 6.1 and 7.2 [4254-6.1-1] [4254-7.2-5]: a server opens no
// session here and connects to nothing.
void ServicePhase::on(const ChannelOpenWanted& event) {
  Channels& channels = parts_.connection.channels();
  // RFC 4251 section 4.3 [4251-4.3-8] and RFC 4254 sections 6.3.2 and 7.2 [4254-6.3.2-2] [4254-7.2-1]: agent, display
  // and forwardings take a channel only if they were offered.
  if (agent_->open(event) || display_->open(channels, event) || forwarding_->open(event)) return;
  parts_.log.debug1("the server wants to open a channel of type {}: refused", printable(event.type));
  constexpr std::string_view known[] = {"session", "x11", "forwarded-tcpip", "direct-tcpip", "auth-agent@openssh.com"};
  const bool is_known = std::find(std::begin(known), std::end(known), event.type) != std::end(known);
  // RFC 4254 section 5.1 [4254-5.1-5]: a type that we have never heard of has its own reason.
  channels.refuse_open(
      event.channel,
      is_known ? open_failure_reason::administratively_prohibited : open_failure_reason::unknown_channel_type,
      is_known ? "not asked for" : "unknown channel type");
}

// RFC 4254 section 4 [4254-4-3] [4254-4-4]: a request that wants an answer and that we do not know is refused. So are
// those of section 7.1 [4254-7.1-3] [4254-7.1-5]: a server listens nowhere here. keepalive@openssh.com takes any
// answer.
asio::awaitable<void> ServicePhase::on(const GlobalRequested& event) {
  const bool want_reply = event.want_reply;
  if (event.name == msg::HostKeys::name) {
    co_await host_key_update_.on_announced(event.details);
  } else {
    parts_.log.debug1("the server sends the global request {}{}", printable(event.name), want_reply ? ": refused" : "");
  }
  if (want_reply) parts_.connection.channels().answer_global(false);
}

// The answers to keepalives come here, too; the core has counted them.
asio::awaitable<void> ServicePhase::on(const GlobalRequestAnswered& event) {
  if (host_key_update_.awaits(event)) {
    co_await host_key_update_.on_proof(event.success, event.details);
  } else {
    forwarding_->on(event);
  }
}

// As ssh(1): a user is asked about host keys during a session only if the session is a shell at a terminal.
AskUser ServicePhase::asker_beside_session() {
  const ClientConfig& config = parts_.config;
  const bool has_shell = wish_.terminal && wish_.command.empty();
  const bool asking = config.update_host_keys == UpdateHostKeys::ask;
  if (!asking || !has_shell || config.batch_mode || config.fork_after_authentication) return {};
  return [this](std::string question) { return ask_beside_session(std::move(question)); };
}

// The terminal is the user's for this long, and what they type is the answer.
asio::awaitable<std::optional<std::string>> ServicePhase::ask_beside_session(std::string question) {
  const std::shared_ptr<RemoteSession> session = session_;
  LocalTerminal& terminal = session->terminal();
  const bool was_raw = terminal.raw();
  session->input_hold().hold();
  terminal.leave_raw();
  std::optional<std::string> answer = co_await parts_.asker.ask_openly(parts_.executor, std::move(question));
  if (was_raw && !session->ended()) terminal.enter_raw();
  session->input_hold().release();
  co_return answer;
}

// ----------------------------------------------------------------------------------------------------------------
// how it ends

// As ssh(1): sessions that have ended wait for the forwarded connections. With neither a session of our own nor -W the
// connection stays until a signal ends it.
void ServicePhase::leave_when_done() {
  const bool sessions_are_over = session_ != nullptr && sessions_.all_ended();
  const bool nothing_else = stdio_forward_ != nullptr || sessions_are_over;
  if (!nothing_else || users_.count() > sessions_.channels() || display_->connecting()) return;
  leave(DisconnectReason::by_application, "disconnected by user");
}

// SIGTERM is the usual end of a connection without a session (-N), so it is not a failure.
bool ServicePhase::end_by_signal(int signal) {
  sessions_.leave_raw();
  abandoned_ = all_said_ = true;
  if (parts_.config.session_type == SessionType::none && signal == SIGTERM) {
    ended_on_purpose_ = true;
  } else {
    parts_.log.verbose("Killed by signal {}.", signal);
    failed_ = true;
  }
  leave(DisconnectReason::by_application, "disconnected by user");
  return false;
}

// The escape ~.
void ServicePhase::quit() {
  failed_ = abandoned_ = true;
  sessions_.end();
  leave(DisconnectReason::by_application, "disconnected by user");
}

void ServicePhase::on(const Disconnected& event) {
  failed_ = true;
  sessions_.leave_raw();
  const bool lost = event.by_peer && event.reason == DisconnectReason::connection_lost;
  all_said_ = !lost;
  if (lost) {
    parts_.log.error("Connection to {} closed by remote host.", parts_.config.host_name);
  } else {
    say_why(event);
  }
}

asio::awaitable<int> ServicePhase::finish() {
  sessions_.end();
  users_.end();
  forwarding_->end();
  if (!abandoned_) co_await sessions_.flushed();
  if (!abandoned_ && stdio_forward_ != nullptr) co_await stdio_forward_->flushed();
  sessions_.leave_raw();
  say_goodbye();
  if (stdio_forward_ != nullptr && stdio_forward_->refused()) failed_ = true;
  if (failed_) co_return own_error;
  const bool fine = ended_on_purpose_ || stdio_forward_ != nullptr;
  const std::optional<int> status = session_ != nullptr ? session_->exit_status() : std::nullopt;
  co_return status.value_or(fine ? 0 : own_error);
}

bool ServicePhase::person_is_there() const { return session_ != nullptr ? session_->interactive() : wish_.terminal; }

void ServicePhase::say_goodbye() const {
  if (person_is_there() && !all_said_) parts_.log.info("Connection to {} closed.", parts_.config.host_name);
}

}  // namespace glassh
