#include "server/served_connection.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "proto/messages_forward.h"
#include "proto/messages_session.h"

namespace glassh {

namespace {

// A session's program takes at most so many to start: both ends of three pipes, and the pidfd.
constexpr std::size_t descriptors_of_a_session = 7;

// The part of a session's context that all sessions of the connection share.
SessionContext session_context(const ConnectionParts& parts, Welcome& welcome) {
  SessionContext context{std::move(welcome.config), std::move(welcome.account), parts.context.log,
                         parts.context.open_files, std::move(welcome.addresses)};
  context.peer_is_openssh = parts.core.transport().peer_is_openssh();
  context.permissions = std::move(welcome.permissions);
  context.login_files = LoginRecordFiles();
  context.records_logins = context.account.uid == 0;
  context.slow = std::make_shared<SlowCaller>(context.account.name, context.addresses.remote_host);
  context.starter = std::make_shared<LocalStarter>(context.slow);
  return context;
}

}  // namespace

ServedConnection::ServedConnection(ConnectionParts& parts, Welcome welcome)
    : parts_(parts),
      log_(parts.context.log),
      core_(parts.core),
      auth_info_text_(std::move(welcome.auth_info)),
      config_(welcome.config),
      session_context_(std::make_shared<SessionContext>(session_context(parts, welcome))),
      host_key_proofs_(parts.context.host_keys, parts.record, parts.context.log),
      direct_(std::make_shared<DirectForwarding>(parts.drive.hub(), core_.channels(), users_, session_context_)),
      remote_(std::make_shared<RemoteForwarding>(parts.drive.hub(), core_.channels(), users_, session_context_)) {
  parts.drive.hub()->allowance().log_to(who(), [log = &log_](std::string_view line) { log->info("{}", line); });
  parts.drive.hub()->on_peer_left = [slow = session_context_->slow] { slow->end(); };
  session_context_->forward_agent = [this] { return forward_agent(); };
  session_context_->forward_x11 = [this](X11Wish wish) { return forward_x11(std::move(wish)); };
}

ServedConnection::~ServedConnection() {
  parts_.drive.hub()->on_peer_left = nullptr;
  session_context_->forward_agent = {};  // a session may live until its program is reaped
  session_context_->forward_x11 = {};
}

void ServedConnection::end() {
  if (!auth_info_.path().empty()) {
    const auto remove = [file = std::make_shared<AuthInfoFile>(std::move(auth_info_))] { *file = AuthInfoFile(); };
    session_context_->slow->forget(SlowKind::files, remove);
  }
  direct_->end();
  remote_->end();
  users_.end();
  session_context_->slow->end();
}

asio::awaitable<void> ServedConnection::begin() {
  core_.set_limits(config_->rekey_limit, std::chrono::seconds(config_->client_alive_interval_seconds),
                   config_->client_alive_count_max);
  claim_descriptors();
  co_await expose_auth_info();
  limit_idling();
  host_key_proofs_.announce(core_.channels(), core_.transport().peer_version());
}

// Until here the connection was in the reserve.
void ServedConnection::claim_descriptors() {
  auto claim = parts_.drive.hub()->allowance().ask(1);
  if (!claim) return core_.disconnect(DisconnectReason::too_many_connections, out_of_descriptors_text);
  own_descriptors_ = std::move(*claim);
}

asio::awaitable<void> ServedConnection::expose_auth_info() {
  if (!config_->expose_auth_info) co_return;
  const auto write = [text = auth_info_text_] { return AuthInfoFile(text); };
  try {
    auth_info_ = co_await call_slowly(session_context_->slow, SlowKind::files, write);
    session_context_->auth_info_file = auth_info_.path();
  } catch (const std::system_error& error) {
    log_.error("ExposeAuthInfo: {}", error.what());
  }
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
    log_.info("no more sessions for {}: MaxSessions is {}", who(), config_->max_sessions);
    return refuse(wanted, open_failure_reason::resource_shortage,
                  fmt::format("MaxSessions is {}", config_->max_sessions));
  }
  if (!parts_.drive.hub()->allowance().ask(descriptors_of_a_session)) {
    return refuse(wanted, open_failure_reason::resource_shortage, out_of_descriptors_text);
  }
  core_.channels().accept_open(wanted.channel);
  session_channels_.push_back(parts_.drive.hub()->channel(core_.channels(), wanted.channel));
  users_.add(Session::create(session_channels_.back(), session_context_));
}

void ServedConnection::refuse(const ChannelOpenWanted& wanted, std::uint32_t reason, std::string_view why) {
  log_.verbose("channel of type {} refused to {}: {}", escaped(wanted.type), who(), why);
  core_.channels().refuse_open(wanted.channel, reason, why);
}

// ---- the agent and the display

// One socket for all sessions of the connection.
std::optional<std::string> ServedConnection::forward_agent() {
  try {
    if (agent_ == nullptr) agent_ = AgentForwarding::create(parts_.drive.hub(), core_.channels(), users_, log_);
    return agent_->socket_path();
  } catch (const std::system_error& error) {
    log_.error("agent forwarding for {}: {}", who(), error.what());
    return std::nullopt;
  }
}

// One display for each session.
std::shared_ptr<X11Forwarding> ServedConnection::forward_x11(X11Wish wish) {
  try {
    return X11Forwarding::create(parts_.drive.hub(), core_.channels(), users_, *config_, std::move(wish), log_);
  } catch (const std::system_error& error) {
    log_.error("X11 forwarding for {}: {}", who(), error.what());
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
  log_.info("channel {}: {} closed after {} seconds of inactivity", idled.channel, escaped(idled.kind),
            idled.limit.count());
  users_.route(CloseArrived{idled.channel});
  if (Channel* const channel = core_.channels().find(idled.channel)) channel->close();
}

// ---- the connection itself

asio::awaitable<void> ServedConnection::on(const SignatureWanted& wanted) {
  const std::vector<std::uint8_t> signature = co_await parts_.record.sign_exchange(wanted);
  core_.provide_signature(signature);
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

std::string ServedConnection::who() const {
  return fmt::format("user {} {}", escaped(session_context_->account.name), text_of_peer(parts_.addresses));
}

}  // namespace glassh
