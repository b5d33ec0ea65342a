#include "client/ssh_client.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "channels/io/socket_options.h"
#include "client/connection_settings.h"
#include "client/local_command.h"
#include "client/terminal/background.h"
#include "proto/messages_forward.h"
#include "proto/messages_session.h"
#include "proto/numbers.h"

namespace glassh {

namespace {

// Everybody's agent may be missing; one that the user named is expected to be there.
LogLevel missing_agent_level(const ClientConfig& config) {
  return config.forward_agent_as_written == "yes" ? LogLevel::debug1 : LogLevel::error;
}

std::optional<std::string> display_of_environment() {
  const char* const text = std::getenv("DISPLAY");
  return text != nullptr && *text != '\0' ? std::optional<std::string>(text) : std::nullopt;
}

}  // namespace

SshClient::SshClient(const asio::any_io_executor& executor, const ClientConfig& config, SessionWish wish,
                     ServerStream stream, Asker asker, ClientLog& log, Rng& rng, TraceSink* trace, KeyLog key_log)
    : executor_(executor),
      config_(config),
      log_(log),
      stream_(std::move(stream)),
      asker_(std::move(asker)),
      host_key_check_(config, stream_.address(), log, rng, question_asker()),
      connection_(connection_settings(config, host_key_check_.algorithms(), std::move(key_log)), rng, trace),
      login_(executor, config, connection_, log, asker_),
      drive_(executor, connection_, stream_.release()),
      agent_(std::make_shared<ForwardedAgent>(connection_, drive_.hub(), users_, config.forward_agent,
                                              missing_agent_level(config), log)),
      display_(std::make_shared<ForwardedDisplay>(drive_.hub(), users_, config, display_of_environment(), rng, log)),
      forwarding_(std::make_shared<ClientForwarding>(connection_, drive_.hub(), users_, config, log)),
      session_(connection_, drive_.hub(), config, std::move(wish), agent_, display_, log),
      escapes_(connection_, session_, *forwarding_, config, log, [this] { quit(); }),
      host_key_update_(config, host_key_check_, connection_, log, rng, asker_beside_session()),
      timer_(executor) {
  session_.on_escape = [this](Escape escape) { return escapes_.act(escape); };
  display_->on_refused = [this] { leave_when_done(); };
}

asio::awaitable<int> SshClient::run(std::optional<std::chrono::steady_clock::time_point> deadline) {
  if (deadline) give_up_at(*deadline);
  co_await drive_.run(*this);
  timer_.cancel();
  session_.end();
  users_.end();
  forwarding_->end();
  if (!abandoned_) co_await session_.flushed();
  if (!abandoned_ && stdio_forward_ != nullptr) co_await stdio_forward_->flushed();
  session_.terminal().leave_raw();
  say_goodbye();
  if (stdio_forward_ != nullptr && stdio_forward_->refused()) failed_ = true;
  const bool fine = ended_on_purpose_ || stdio_forward_ != nullptr;
  co_return failed_ ? own_error : session_.exit_status().value_or(fine ? 0 : own_error);
}

void SshClient::give_up_at(std::chrono::steady_clock::time_point deadline) {
  timer_.expires_at(deadline);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    if (connection_.transport().peer_version().empty()) log_.error("Connection timed out during banner exchange");
    log_.error("Connection to {} timed out", stream_.text());
    leave(DisconnectReason::by_application, "the handshake took too long");
    failed_ = true;
  });
}

void SshClient::leave(DisconnectReason reason, std::string_view description) {
  connection_.disconnect(reason, description);
  drive_.wake();
}

// A connection without a session is there until somebody ends it: that is no failure.
void SshClient::end_by_signal(int signal) {
  session_.terminal().leave_raw();
  abandoned_ = all_said_ = true;
  if (config_.session_type == SessionType::none && signal == SIGTERM && logged_in()) {
    ended_on_purpose_ = true;
  } else {
    log_.verbose("Killed by signal {}.", signal);
    failed_ = true;
  }
  leave(DisconnectReason::by_application, "disconnected by user");
}

void SshClient::quit() {
  failed_ = abandoned_ = true;
  session_.end();
  leave(DisconnectReason::by_application, "disconnected by user");
}

// As ssh(1): a session that has ended waits for the forwarded connections.
void SshClient::leave_when_done() {
  const bool nothing_else = stdio_forward_ != nullptr || session_.ended();
  if (!nothing_else || users_.count() > 0 || display_->connecting()) return;
  leave(DisconnectReason::by_application, "disconnected by user");
}

// ----------------------------------------------------------------------------------------------------------------
// who the server is

AskUser SshClient::question_asker() {
  if (config_.batch_mode || !asker_.can_ask()) return {};
  return [this](std::string question) { return ask_user(std::move(question)); };
}

asio::awaitable<std::optional<std::string>> SshClient::ask_user(std::string question) {
  Question wanted{std::move(question), Echo::on};
  const std::optional<SecretBytes> answer = co_await asker_.ask(executor_, std::move(wanted));
  if (!answer) co_return std::nullopt;
  co_return std::string(text_of(answer->reveal()));
}

asio::awaitable<void> SshClient::on(const HostKeyOffered& event) {
  timer_.cancel();
  const bool accepted = co_await host_key_check_.accepts(PublicKey::decode(event.host_key));
  if (accepted) {
    if (host_key_check_.unsafe()) connection_.withhold_secrets();
    connection_.accept_host_key();
  } else {
    failed_ = true;
    leave(DisconnectReason::host_key_not_verifiable, "the user does not accept this host key");
  }
}

void SshClient::on(const KeysChanged& event) {
  log_.debug1("{}", event.first ? "keys are in use in both directions; now to log in" : "keys have been changed");
}

// ----------------------------------------------------------------------------------------------------------------
// who the user is

// RFC 4253 section 11.3 [4253-11.3-2] [4253-11.3-3] [4253-11.3-4]: the text is shown if the server says so, or else
// with -v; without control characters.
void SshClient::on(const DebugArrived& event) {
  const LogLevel level = event.always_display ? LogLevel::info : LogLevel::debug1;
  log_.line(level, fmt::format("Remote: {}", printable(event.message)));
}

void SshClient::on(const AuthenticationSucceeded& event) {
  login_.on(event);
  if (host_key_check_.unsafe()) {
    agent_->forbid();
    display_->forbid();
  }
  if (!set_up_forwards()) return;
  const bool has_session = config_.session_type != SessionType::none;
  choose_service_type(!has_session || session_.interactive() || config_.forward_x11);
  if (has_session) session_.open();
  if (config_.stdio_forward) {
    stdio_forward_ = StdioForward::open(connection_, drive_.hub(), *config_.stdio_forward, log_);
    users_.add(stdio_forward_);
  }
  // OpenSSH PROTOCOL section 2.2: whoever takes this process over shall not open another session.
  if (connection_.transport().peer_version().starts_with("SSH-2.0-OpenSSH")) {
    connection_.channels().send_global("no-more-sessions@openssh.com", false);
  }
  if (config_.local_command && config_.permit_local_command) run_local_command(*config_.local_command, log_);
  // Whoever asks to be told of a failure must not think that all is well.
  if (config_.fork_after_authentication && config_.exit_on_forward_failure) {
    forwarding_->when_settled([this] { go_to_background(); });
  } else if (config_.fork_after_authentication) {
    go_to_background();
  }
  if (has_session) session_.take_terminal();
}

// As ssh(1), before the session, so that it is there when the session's program starts.
bool SshClient::set_up_forwards() {
  if (host_key_check_.unsafe()) forwarding_->forbid();
  forwarding_->on_failure = [this] {
    failed_ = true;
    leave(DisconnectReason::by_application, "a forwarding could not be set up");
  };
  const bool goes_on = forwarding_->start();
  if (!goes_on) forwarding_->on_failure();
  return goes_on;
}

// ssh_config(5), IPQoS.
void SshClient::choose_service_type(bool interactive) {
  const std::optional<std::uint8_t> type = interactive ? config_.ip_qos.interactive : config_.ip_qos.bulk;
  if (type) set_service_type(drive_.hub()->output().number(), *type);
}

void SshClient::go_to_background() {
  log_.debug1("going to the background");
  continue_in_background(executor_);
  leave_the_terminal(log_.on_standard_error() && log_.shows(LogLevel::debug1));
}

void SshClient::on(const AuthenticationFailed& event) {
  login_.on(event);
  failed_ = true;
  leave(DisconnectReason::no_more_auth_methods_available, "no more authentication methods to try");
}

// ----------------------------------------------------------------------------------------------------------------
// what the server asks for

// RFC 4251 section 4.3 [4251-4.3-7] and RFC 4254 sections 6.1 and 7.2 [4254-6.1-1] [4254-7.2-5]: a server opens no
// session here and connects to nothing.
void SshClient::on(const ChannelOpenWanted& event) {
  // RFC 4251 section 4.3 [4251-4.3-8] and RFC 4254 sections 6.3.2 and 7.2 [4254-6.3.2-2] [4254-7.2-1]: agent, display
  // and forwardings take a channel only if they were offered.
  if (agent_->open(event) || display_->open(connection_.channels(), event) || forwarding_->open(event)) return;
  log_.debug1("the server wants to open a channel of type {}: refused", printable(event.type));
  constexpr std::string_view known[] = {"session", "x11", "forwarded-tcpip", "direct-tcpip", "auth-agent@openssh.com"};
  const bool is_known = std::find(std::begin(known), std::end(known), event.type) != std::end(known);
  // RFC 4254 section 5.1 [4254-5.1-5]: a type that we have never heard of has its own reason.
  connection_.channels().refuse_open(
      event.channel,
      is_known ? open_failure_reason::administratively_prohibited : open_failure_reason::unknown_channel_type,
      is_known ? "not asked for" : "unknown channel type");
}

// RFC 4254 section 4 [4254-4-3] [4254-4-4]: a request that wants an answer and that we do not know is refused. So are
// those of section 7.1 [4254-7.1-3] [4254-7.1-5]: a server listens nowhere here. keepalive@openssh.com takes any
// answer.
asio::awaitable<void> SshClient::on(const GlobalRequested& event) {
  const bool want_reply = event.want_reply;
  if (event.name == msg::HostKeys::name) {
    co_await host_key_update_.on_announced(event.details);
  } else {
    log_.debug1("the server sends the global request {}{}", printable(event.name), want_reply ? ": refused" : "");
  }
  if (want_reply) connection_.channels().answer_global(false);
}

// Of a keepalive as well, but these are the core's to count.
asio::awaitable<void> SshClient::on(const GlobalRequestAnswered& event) {
  if (host_key_update_.awaits(event)) {
    co_await host_key_update_.on_proof(event.success, event.details);
  } else {
    forwarding_->on(event);
  }
}

// As ssh(1): only somebody who sits at a shell is asked about host keys in the midst of a session.
AskUser SshClient::asker_beside_session() {
  const bool asking = config_.update_host_keys == UpdateHostKeys::ask;
  if (!asking || !session_.has_shell() || config_.batch_mode || config_.fork_after_authentication) return {};
  return [this](std::string question) { return ask_beside_session(std::move(question)); };
}

// The terminal is the user's for this long, and what they type is the answer.
asio::awaitable<std::optional<std::string>> SshClient::ask_beside_session(std::string question) {
  LocalTerminal& terminal = session_.terminal();
  const bool was_raw = terminal.raw();
  session_.input_hold().hold();
  terminal.leave_raw();
  std::optional<std::string> answer = co_await ask_user(std::move(question));
  if (was_raw && !session_.ended()) terminal.enter_raw();
  session_.input_hold().release();
  co_return answer;
}

// ----------------------------------------------------------------------------------------------------------------
// how it ends

void SshClient::on(const Disconnected& event) {
  failed_ = true;
  session_.terminal().leave_raw();
  all_said_ = !(event.by_peer && event.reason == DisconnectReason::connection_lost && logged_in());
  const std::string description = printable(event.description);
  if (event.by_peer && event.reason == DisconnectReason::connection_lost) {
    if (logged_in()) {
      log_.error("Connection to {} closed by remote host.", config_.host_name);
    } else {
      log_.fatal("Connection closed by {}", stream_.text());
    }
  } else if (event.by_peer) {
    // RFC 4253 section 11.1 [4253-11.1-5]: the description has lost its control characters.
    log_.error("Received disconnect from {}:{}: {}", stream_.text(), static_cast<std::uint32_t>(event.reason),
               description);
    log_.fatal("Disconnected from {}", stream_.text());
  } else if (event.reason == DisconnectReason::connection_lost) {
    log_.fatal("Timeout, server {} not responding.", config_.host_name);
  } else if (!event.unmatched.empty()) {
    log_.fatal("Unable to negotiate with {}: {}", stream_.text(), printable(event.unmatched));
    log_.fatal("{}", description);
  } else if (event.reason == DisconnectReason::key_exchange_failed && !logged_in()) {
    log_.fatal("Unable to negotiate with {}: {}", stream_.text(), description);
  } else {
    log_.fatal("Connection to {}: {}", stream_.text(), description);
  }
}

void SshClient::say_goodbye() {
  if (session_.interactive() && !all_said_ && logged_in()) log_.info("Connection to {} closed.", config_.host_name);
}

}  // namespace glassh
