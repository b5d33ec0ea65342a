#include "server/served_connection.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <system_error>

#include "proto/messages_auth.h"
#include "proto/messages_forward.h"
#include "proto/messages_session.h"
#include "server/login/access.h"
#include "server/login/failure_delay.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace glassh {

// What only a login needs.
struct ServedConnection::BeforeLogin {
  Startups::Place place;
  std::string user;            // once somebody begins to log in
  bool tried = false;          // some method but `none`, which only asks
  bool user_is_known = false;  // false also for whom AllowUsers and the like shut out: such a user does not exist
  // Of all keys that have proved something in this login (past vulnerability 14), and what they proved.
  KeyOptions options;
  std::string auth_info;
};

namespace {

std::string text_of_peer(const PeerAddresses& addresses) {
  return fmt::format("{} port {}", addresses.remote_host, addresses.remote_port);
}

std::string text_of_key(const Credential* key) {
  return key == nullptr ? std::string() : fmt::format(": {} {}", key->short_type(), key->fingerprint());
}

std::function<void(std::string_view)> with_label(std::function<void(std::string_view)> write, std::string label) {
  return [write = std::move(write), label = std::move(label)](std::string_view lines) {
    std::string out;
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
      out += label;
      out += lines.substr(0, end);
      lines.remove_prefix(end);
    }
    write(out);
  };
}

// Each connection's lines but the first one's begin with its number; a trace of a single connection needs none.
std::unique_ptr<TraceWriter> trace_writer(const ServerContext& context, std::uint64_t number,
                                          const PeerAddresses& addresses) {
  if (!context.trace) return nullptr;
  auto write = number <= 1 ? context.trace : with_label(context.trace, fmt::format("[{}] ", number));
  auto writer = std::make_unique<TraceWriter>(TraceWriter::Side::server, std::move(write), context.trace_style);
  writer->note("connection", fmt::format("from {}", text_of_peer(addresses)));
  return writer;
}

// As OpenSSH since 9.8, up to four seconds more, here at most a quarter: those who came together do not all go
// together.
std::chrono::milliseconds grace_with_jitter(std::chrono::milliseconds grace, Rng& rng) {
  std::uint8_t random[4];
  rng.fill(random);
  const std::int64_t most = std::min<std::int64_t>(4000, grace.count() / 4);
  return grace + std::chrono::milliseconds(get_u32(random) % (most + 1));
}

}  // namespace

ServedConnection::ServedConnection(const std::shared_ptr<const ServerContext>& context, std::uint64_t number,
                                   const asio::any_io_executor& executor, Accepted accepted, Fd output)
    : context_(*context),
      trace_(trace_writer(*context, number, accepted.addresses)),
      core_(context->settings, context->rng, trace_.get()),
      drive_(executor, core_, std::move(accepted.socket), std::move(output)),
      before_login_(std::make_unique<BeforeLogin>()),
      session_context_(std::make_shared<SessionContext>(
          SessionContext{nullptr, context->account, context->log, context->open_files, std::move(accepted.addresses)})),
      config_(context, &context->config),
      host_key_proofs_(context->host_keys, core_.transport(), context->log) {
  before_login_->place = std::move(accepted.place);
  core_.set_login_grace(grace_with_jitter(std::chrono::seconds(context->config.login_grace_seconds), context->rng));
}

ServedConnection::~ServedConnection() {
  session_context_->forward_agent = {};  // a session may live until its program is reaped
  session_context_->forward_x11 = {};
  if (direct_ != nullptr) direct_->end();
  if (remote_ != nullptr) remote_->end();
  users_.end();
}

asio::awaitable<void> ServedConnection::run() {
  const PeerAddresses& addresses = session_context_->addresses;
  context_.log.verbose("Connection from {} on {} port {}", peer(), addresses.local_host, addresses.local_port);
  try {
    co_await drive_.run(*this);
  } catch (const std::exception& error) {
    context_.log.error("{}: ended by an error of ours: {}", who(), error.what());
    leave_before_login(SourcePenalty::crash);
  }
}

void ServedConnection::shut_down() {
  shutting_down_ = true;
  core_.disconnect(DisconnectReason::by_application, "the server is shutting down");
  drive_.wake();
}

// ---- key exchange and login

asio::awaitable<void> ServedConnection::on(const SignatureWanted& wanted) {
  const auto signature = co_await context_.host_keys.sign(
      copy_of(wanted.parts.host_key), std::string(wanted.host_key_algorithm), copy_of(wanted.exchange_hash));
  core_.provide_signature(signature);
}

void ServedConnection::on(const AuthSettingsWanted& wanted) {
  learn_user(wanted.user);
  ServerAuthSettings settings = auth_settings(*config_);
  settings.banner = banner_text(*config_, context_.log);
  core_.provide_auth_settings(std::move(settings));
}

asio::awaitable<void> ServedConnection::on(const LoginAttempt& attempt) {
  const auto begun = std::chrono::steady_clock::now();
  const bool tries_something = attempt.method != msg::NoneRequest::name;
  if (tries_something) before_login_->tried = true;  // also if it leaves before it is answered
  const Login login(*config_, context_.account, context_.log, context_.passwords);
  LoginVerdict verdict;
  if (attempt.key != nullptr) {
    verdict = co_await login.judge(std::string(attempt.user), *attempt.key, origin(), trace());
  } else {
    verdict = co_await login.judge_password(std::string(attempt.user), SecretBytes(attempt.password), trace());
  }
  if (!before_login_->user_is_known) verdict.user_is_known = false;  // shut out
  LoginDecision decision = verdict.decision();
  if (decision == LoginDecision::accept && attempt.key != nullptr) {
    context_.log.verbose("Accepted key {} {} found at {}", attempt.key->short_type(), attempt.key->fingerprint(),
                         verdict.found_at);
  }
  if (decision == LoginDecision::accept && attempt.proved && !grant(attempt, verdict.options)) {
    decision = LoginDecision::refuse;
  }
  if (decision == LoginDecision::refuse && tries_something) {
    const auto elapsed = std::chrono::steady_clock::now() - begun;
    asio::steady_timer timer(drive_.hub()->executor(), begun + failure_answer_time(elapsed));
    co_await timer.async_wait(asio::use_awaitable);
  }
  core_.decide_login(decision);
}

LoginOrigin ServedConnection::origin() const {
  const std::string& address = session_context_->addresses.remote_host;
  return {address, address, std::time(nullptr)};
}

void ServedConnection::learn_user(std::string_view user) {
  const PeerAddresses& addresses = session_context_->addresses;
  if (context_.config.match_blocks != nullptr) {
    const MatchSubject subject{.user = std::string(user),
                               .host = addresses.remote_host,
                               .address = addresses.remote_host,
                               .local_address = addresses.local_host,
                               .local_port = addresses.local_port,
                               .groups = group_names};
    config_ = std::make_shared<const ServerConfig>(config_for(context_.config, subject));
  }
  before_login_->user = user;
  // Looked up for anybody, so that the time does not tell which user exists.
  const std::string why = access_refusal(*config_, context_.account, origin(), group_names);
  if (user != context_.account.name) {
    context_.log.info("Invalid user {} from {}", escaped(user), peer());
    return;
  }
  before_login_->user_is_known = why.empty();
  if (why.empty()) return;
  context_.log.info("User {} from {} not allowed because {}", escaped(user), addresses.remote_host, why);
  if (trace()) trace()->note("login", fmt::format("user {} is shut out: {}", escaped(user), why));
}

bool ServedConnection::grant(const LoginAttempt& attempt, const KeyOptions& options) {
  BeforeLogin& login = *before_login_;
  auto both = combine(login.options, options);
  if (!both) {
    context_.log.info("{}: the keys of this login force different commands", who());
    return false;
  }
  if (context_.account.uid == 0 && !root_may_log_in(*config_, attempt.method, *both)) {
    context_.log.info("ROOT LOGIN REFUSED FROM {}", peer());
    return false;
  }
  login.options = std::move(*both);
  login.auth_info += attempt.method;
  if (attempt.key != nullptr) login.auth_info += " " + attempt.key->line();
  login.auth_info += "\n";
  return true;
}

void ServedConnection::expose_auth_info() {
  if (!config_->expose_auth_info) return;
  try {
    auth_info_ = AuthInfoFile(before_login_->auth_info);
    session_context_->auth_info_file = auth_info_.path();
  } catch (const std::system_error& error) {
    context_.log.error("ExposeAuthInfo: {}", error.what());
  }
}

// In sshd's words, and as loud: it keeps the keys that an agent merely offers out of the log at INFO until there are
// many, and has no line at all for `none`, with which clients only ask, nor for keys of users who do not exist. A wrong
// password is always worth a line.
void ServedConnection::on(const AttemptAnswered& answered) {
  using Outcome = AttemptAnswered::Outcome;
  const Outcome outcome = answered.outcome;
  const bool postponed = outcome == Outcome::postponed;
  if (answered.method != msg::NoneRequest::name) before_login_->tried = true;
  const bool password =
      answered.method == msg::PasswordRequest::name || answered.method == msg::KeyboardInteractiveRequest::name;
  const bool many = answered.failures > config_->max_auth_tries / 2;
  const bool loud = !before_login_->user_is_known || many || (password && !postponed);
  const bool nobodys_key = answered.method == msg::PublicKeyRequest::name && !before_login_->user_is_known;
  const bool only_asked = answered.method == msg::NoneRequest::name || nobodys_key;
  const LogLevel level = only_asked ? LogLevel::debug1 : loud ? LogLevel::info : LogLevel::verbose;
  const std::string_view word = outcome == Outcome::failed ? "Failed" : postponed ? "Postponed" : "Partial";
  if (!answered.refusal.empty() && before_login_->user_is_known) {
    context_.log.info("userauth_pubkey: {}{}", escaped(answered.refusal), stage());
  }
  context_.log.print(level, "{} {} for {} from {} ssh2{}", word, escaped(answered.method), user_text(), peer(),
                     postponed ? std::string(stage()) : text_of_key(answered.key));
  if (answered.last) {
    context_.log.error("maximum authentication attempts exceeded for {} from {} ssh2{}", user_text(), peer(), stage());
  }
}

std::string ServedConnection::user_text() const {
  return (before_login_->user_is_known ? "" : "invalid user ") + escaped(before_login_->user);
}

void ServedConnection::on(const LoginComplete& login) {
  core_.welcome();
  context_.log.info("Accepted {} for {} from {} ssh2{}", login.method, escaped(login.user), peer(),
                    text_of_key(login.key));
  const std::string_view version = core_.transport().peer_version();
  session_context_->peer_is_openssh = version.starts_with("SSH-2.0-OpenSSH");
  core_.set_limits(config_->rekey_limit, std::chrono::seconds(config_->client_alive_interval_seconds),
                   config_->client_alive_count_max);
  session_context_->config = config_;
  session_context_->permissions = session_permissions(*config_, before_login_->options);
  expose_auth_info();
  session_context_->forward_agent = [this] { return forward_agent(); };
  session_context_->forward_x11 = [this](X11Wish wish) { return forward_x11(std::move(wish)); };
  session_context_->login_files = LoginRecordFiles();
  session_context_->records_logins = context_.account.uid == 0;
  direct_ = std::make_shared<DirectForwarding>(drive_.hub(), core_.channels(), users_, session_context_);
  remote_ = std::make_shared<RemoteForwarding>(drive_.hub(), core_.channels(), users_, session_context_);
  limit_idling();
  host_key_proofs_.announce(core_.channels());
  before_login_.reset();
}

void ServedConnection::limit_idling() {
  core_.set_unused_limit(std::chrono::seconds(config_->unused_connection_timeout_seconds));
  if (config_->channel_timeouts.empty()) return;
  core_.channels().idle().set_limits([config = config_](std::string_view kind) {
    return channel_timeout(*config, kind == msg::AuthAgentOpen::name ? "agent-connection"
                                    : kind == msg::X11Open::name     ? "x11-connection"
                                                                     : kind);
  });
}

// ---- channels

void ServedConnection::on(const ChannelOpenWanted& wanted) {
  if (DirectForwarding::knows(wanted.type)) return direct_->on(wanted);
  // RFC 4254 section 5.1 [4254-5.1-5]: whatever else there is, we do not know it.
  if (wanted.type != msg::SessionOpen::name) {
    return refuse(wanted, open_failure_reason::unknown_channel_type, "unknown channel type");
  }
  open_session(wanted);
}

void ServedConnection::open_session(const ChannelOpenWanted& wanted) {
  // OpenSSH PROTOCOL section 2.2: whoever asks all the same is not the client that made the promise.
  if (no_more_sessions_) {
    core_.disconnect(DisconnectReason::protocol_error, "attempt to open a session after no-more-sessions@openssh.com");
    return;
  }
  std::erase_if(session_channels_, [](const ChannelRef& channel) { return channel.get() == nullptr; });
  if (session_channels_.size() >= config_->max_sessions) {
    context_.log.info("no more sessions for {}: MaxSessions is {}", who(), config_->max_sessions);
    return refuse(wanted, open_failure_reason::resource_shortage,
                  fmt::format("MaxSessions is {}", config_->max_sessions));
  }
  core_.channels().accept_open(wanted.channel);
  session_channels_.push_back(drive_.hub()->channel(core_.channels(), wanted.channel));
  users_.add(Session::create(session_channels_.back(), session_context_));
}

void ServedConnection::refuse(const ChannelOpenWanted& wanted, std::uint32_t reason, std::string_view why) {
  context_.log.verbose("channel of type {} refused to {}: {}", escaped(wanted.type), who(), why);
  core_.channels().refuse_open(wanted.channel, reason, why);
}

// ---- the agent and the display

// One socket for all sessions of the connection.
std::optional<std::string> ServedConnection::forward_agent() {
  try {
    if (agent_ == nullptr) agent_ = AgentForwarding::create(drive_.hub(), core_.channels(), users_, context_.log);
    return agent_->socket_path();
  } catch (const std::system_error& error) {
    context_.log.error("agent forwarding for {}: {}", who(), error.what());
    return std::nullopt;
  }
}

// One display for each session.
std::shared_ptr<X11Forwarding> ServedConnection::forward_x11(X11Wish wish) {
  try {
    return X11Forwarding::create(drive_.hub(), core_.channels(), users_, *config_, std::move(wish), context_.log);
  } catch (const std::system_error& error) {
    context_.log.error("X11 forwarding for {}: {}", who(), error.what());
    return nullptr;
  }
}

// ---- what comes on channels

// A channel that idled has no user any more; its requests still count as answered.
void ServedConnection::on(const ChannelRequested& request) {
  if (!users_.route(request) && request.want_reply) core_.channels().at(request.channel).answer_request(false);
}

// Whatever its peer does from here on, an idle channel holds nothing any more but its number.
void ServedConnection::on(const ChannelIdled& idled) {
  context_.log.info("channel {}: {} closed after {} seconds of inactivity", idled.channel, escaped(idled.kind),
                    idled.limit.count());
  users_.route(CloseArrived{idled.channel});
  if (Channel* const channel = core_.channels().find(idled.channel)) channel->close();
}

// RFC 4254 section 4: what we do not know, keepalive@openssh.com for one, wants an answer all the same.
asio::awaitable<void> ServedConnection::on(const GlobalRequested& request) {
  const bool want_reply = request.want_reply;
  ForwardAnswer answer;
  if (request.name == msg::NoMoreSessions::name) {
    no_more_sessions_ = true;
    answer.success = true;
  } else if (request.name == msg::HostKeysProve::name) {
    auto signatures = co_await host_key_proofs_.prove(request.details);
    answer.success = signatures.has_value();
    if (signatures) answer.details = std::move(*signatures);
  } else if (RemoteForwarding::knows(request.name)) {
    answer = co_await remote_->on(request);
  }
  if (want_reply) core_.channels().answer_global(answer.success, answer.details);
}

// ---- the end, in sshd's words

void ServedConnection::on(const Disconnected& disconnected) {
  if (before_login_ != nullptr) leave_before_login(penalty_of_leaving());
  if (core_.login_is_late()) {
    context_.log.write(LogLevel::fatal, fmt::format("Timeout before authentication for {}", peer()));
    return;
  }
  const auto code = static_cast<std::uint32_t>(disconnected.reason);
  if (!disconnected.unmatched.empty()) {
    context_.log.info("Unable to negotiate with {}: {}{}", peer(), escaped(disconnected.unmatched), stage());
    constexpr std::size_t both_lists = 4096;  // whole, as far as they go to the peer
    context_.log.info("{}: {}{}", peer(), escaped(disconnected.description, both_lists), stage());
  } else if (!disconnected.by_peer) {
    context_.log.info("Disconnecting {}: {}{}", who(), escaped(disconnected.description), stage());
  } else if (disconnected.reason == DisconnectReason::connection_lost) {
    context_.log.info("Connection closed by {}{}", who(), stage());
  } else {
    context_.log.info("Received disconnect from {}:{}: {}{}", peer(), code, escaped(disconnected.description), stage());
    context_.log.info("Disconnected from {}{}", who(), stage());
  }
}

void ServedConnection::leave_before_login(SourcePenalty penalty) {
  if (before_login_ == nullptr || shutting_down_) return;
  const std::string line = before_login_->place.penalise(penalty, std::chrono::steady_clock::now());
  if (!line.empty()) context_.log.write(LogLevel::verbose, line);
}

SourcePenalty ServedConnection::penalty_of_leaving() const {
  if (core_.login_is_late()) return SourcePenalty::grace_exceeded;
  if (!before_login_->user.empty() && !before_login_->user_is_known) return SourcePenalty::invalid_user;
  return before_login_->tried ? SourcePenalty::auth_fail : SourcePenalty::no_auth;
}

std::string ServedConnection::peer() const { return text_of_peer(session_context_->addresses); }

std::string ServedConnection::who() const {
  if (!before_login_) return fmt::format("user {} {}", escaped(core_.user()), peer());
  if (before_login_->user.empty()) return peer();
  return fmt::format("{} user {} {}", before_login_->user_is_known ? "authenticating" : "invalid",
                     escaped(before_login_->user), peer());
}

std::string_view ServedConnection::stage() const { return before_login_ ? " [preauth]" : ""; }

}  // namespace glassh
