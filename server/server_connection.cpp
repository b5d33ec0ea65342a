#include "server/server_connection.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace glassh {

namespace {

std::optional<ServerEvent> as_server_event(const std::optional<ChannelEvent>& event) {
  if (!event) return std::nullopt;
  return std::visit([](const auto& each) { return ServerEvent(each); }, *event);
}

// OpenSSH's client reads a file ahead as far as its window goes, into a buffer of at most 16 MiB in which what was sent
// still counts. When that is full it moves all of the buffer for each packet, and stays so. (1 GiB over 20 ms went with
// 50 to 255 MiB/s; with a window of half the buffer, 314.)
ChannelLimits limits_for_openssh(ChannelLimits limits) {
  constexpr std::uint32_t most = 8 * 1024 * 1024;
  limits.maximum_window = std::min(limits.maximum_window, most);
  return limits;
}

// ClientAliveCountMax 0: a silent client is asked for ever.
LivenessLimits liveness_limits(std::chrono::seconds interval, unsigned count_max) {
  return {interval, count_max > 0 ? std::optional(count_max) : std::nullopt};
}

}  // namespace

ServerConnection::ServerConnection(std::shared_ptr<const ServerConnectionSettings> settings, Rng& rng, TraceSink* trace)
    : settings_(std::move(settings)),
      trace_(trace),
      transport_(settings_->transport, rng, trace),
      login_grace_(settings_->login_grace),
      liveness_("ClientAliveInterval",
                liveness_limits(settings_->client_alive_interval, settings_->client_alive_count_max)) {}

ServerConnection::ServerConnection(std::shared_ptr<const ServerConnectionSettings> settings, Rng& rng, TraceSink* trace,
                                   TransportState state)
    : settings_(std::move(settings)),
      trace_(trace),
      transport_(settings_->transport, rng, trace, std::move(state)),
      welcome_due_(true),
      login_grace_(0),
      liveness_("ClientAliveInterval",
                liveness_limits(settings_->client_alive_interval, settings_->client_alive_count_max)) {}

ServerConnection::~ServerConnection() = default;

void ServerConnection::filled(std::size_t size) {
  transport_.reader().filled(size);
  if (size > 0) liveness_.heard(now_);
}

void ServerConnection::end_of_input() { end_of_input_ = true; }

bool ServerConnection::waiting() const {
  const bool login_asks = auth_ != nullptr && auth_->waiting() && !auth_settings_ && !decision_;
  return transport_.key_exchange().waiting() || login_asks || welcome_due_;
}

// The only place that catches what the peer did wrong.
std::optional<ServerEvent> ServerConnection::next_event() {
  if (closed_) return std::nullopt;
  try {
    return pull();
  } catch (const ProtocolError& error) {
    disconnect(error.reason(), error.what());
    return disconnected_by(error, Role::server);
  }
}

std::optional<ServerEvent> ServerConnection::pull() {
  check_deadlines();
  if (channels_ != nullptr) {
    if (const auto idled = channels_->idle().next()) return *idled;
  }
  if (auth_settings_) {
    ServerAuthSettings settings = *std::exchange(auth_settings_, std::nullopt);
    if (auto event = on_auth_event(auth_->provide_settings(std::move(settings)))) return event;
  }
  if (decision_) {
    const LoginDecision decision = *std::exchange(decision_, std::nullopt);
    if (auto event = on_auth_event(auth_->decide(decision))) return event;
  }
  if (auth_ != nullptr) auth_->end_if_exhausted();  // the last AttemptAnswered has been seen
  if (channels_ != nullptr) auth_.reset();          // LoginComplete, which pointed into it, has been dealt with
  while (!waiting()) {
    std::optional<TransportEvent> event = transport_.next_event();
    if (!event) break;
    if (auto result = on_transport_event(*event)) return result;
  }
  if (end_of_input_ && !waiting() && !paused()) {
    closed_ = true;
    return Disconnected{DisconnectReason::connection_lost, "the peer closed the connection", true};
  }
  return std::nullopt;
}

std::optional<ServerEvent> ServerConnection::on_transport_event(TransportEvent& event) {
  if (auto* arrived = std::get_if<PayloadArrived>(&event)) return on_payload(arrived->payload);
  if (auto* wanted = std::get_if<SignatureWanted>(&event)) return *wanted;
  if (auto* changed = std::get_if<KeysChanged>(&event)) {
    if (changed->first) host_key_ = copy_of(transport_.key_exchange().host_key());
    if (probe_ != nullptr) probe_->on_new_keys();
    return *changed;
  }
  if (std::holds_alternative<ServiceRequested>(event)) {
    auth_ = std::make_unique<ServerAuth>(transport_.session_id(), host_key_, transport_.writer(), trace_);
    return std::nullopt;
  }
  if (auto* pong = std::get_if<PongArrived>(&event)) {
    if (probe_ != nullptr) probe_->on(*pong);
    return std::nullopt;
  }
  if (auto* disconnected = std::get_if<Disconnected>(&event)) {
    closed_ = true;
    return std::move(*disconnected);
  }
  return std::nullopt;  // DebugArrived: --trace shows it; a server has nobody to tell (RFC 4253 section 11.3)
}

// 50 and up; the gate has let it through, so the layer that it belongs to exists, or did until the login was over.
std::optional<ServerEvent> ServerConnection::on_payload(Bytes payload) {
  if (payload[0] >= message_number::global_request) return on_channel_message(payload);
  // RFC 4252 section 5.1 [4252-5.1-13], section 5.3 [4252-5.3-1]: what belongs to the login is ignored after success.
  if (auth_ == nullptr) return std::nullopt;
  return on_auth_event(auth_->on_payload(payload));
}

std::optional<ServerEvent> ServerConnection::on_channel_message(Bytes payload) {
  const std::optional<ChannelEvent> event = channels_->on_payload(payload);
  if (event && probe_->takes(*event)) return std::nullopt;
  return as_server_event(event);
}

std::optional<ServerEvent> ServerConnection::on_auth_event(std::optional<ServerAuthEvent> event) {
  if (!event) return std::nullopt;
  if (auto* wanted = std::get_if<AuthSettingsWanted>(&*event)) return *wanted;
  if (auto* attempt = std::get_if<LoginAttempt>(&*event)) return *attempt;
  if (auto* answered = std::get_if<AttemptAnswered>(&*event)) return *answered;
  const LoginComplete& complete = std::get<LoginComplete>(*event);
  user_ = complete.user;
  welcome_due_ = true;
  return complete;
}

// RFC 4252 section 5.1 [4252-5.1-6] [4252-5.1-12]: SUCCESS is sent exactly once. Sections 5.1 and 5.3 [4252-5.1-14]
// [4252-5.3-2]: ssh-connection begins behind it.
void ServerConnection::welcome() {
  if (closed_) return;
  if (!std::exchange(welcome_due_, false)) throw std::logic_error("ServerConnection: welcome() without LoginComplete");
  transport_.writer().send(msg::UserauthSuccess{});
  transport_.enter(Phase::connection);
  login_deadline_.reset();
  liveness_.begin(now_);
  unused_since_ = now_;
  const ChannelLimits& usual = settings_->channels;
  const ChannelLimits limits = transport_.peer_is_openssh() ? limits_for_openssh(usual) : usual;
  channels_ = std::make_unique<Channels>(transport_.writer(), limits, settings_->max_channels, trace_);
  channels_->idle().set_now(now_);
  probe_ = std::make_unique<PathProbe>(transport_, *channels_, trace_);
  probe_->set_now(now_);
}

TransportState ServerConnection::hand_over() {
  if (closed_ || !welcome_due_) throw std::logic_error("ServerConnection: hand_over() without LoginComplete");
  TransportState state = transport_.hand_over();
  welcome_due_ = false;
  closed_ = true;
  return state;
}

void ServerConnection::provide_signature(Bytes signature) {
  if (!closed_) transport_.provide_signature(signature);
}

// Both are carried out by the next next_event(), where what they throw is caught.
void ServerConnection::provide_auth_settings(ServerAuthSettings settings) { auth_settings_ = std::move(settings); }
void ServerConnection::decide_login(LoginDecision decision) { decision_ = decision; }

void ServerConnection::disconnect(DisconnectReason reason, std::string_view description) {
  if (std::exchange(closed_, true)) return;
  transport_.disconnect(reason, description);
}

void ServerConnection::set_limits(const RekeyLimit& rekey_limit, std::chrono::seconds client_alive_interval,
                                  unsigned client_alive_count_max) {
  transport_.set_rekey_limit(rekey_limit);
  liveness_.set_limits(liveness_limits(client_alive_interval, client_alive_count_max));
}

void ServerConnection::set_now(TimePoint now) {
  const bool first = now_ == TimePoint{};
  if (first && login_grace_.count() > 0 && channels_ == nullptr) login_deadline_ = now + login_grace_;
  now_ = now;
  if (!closed_) transport_.set_now(now);
  if (channels_ == nullptr) return;
  channels_->idle().set_now(now);
  probe_->set_now(now);
  if (channels_->count() > 0) unused_since_ = now;
}

std::optional<TimePoint> ServerConnection::next_deadline() const {
  if (closed_) return std::nullopt;
  std::optional<TimePoint> earliest = transport_.next_deadline();
  const auto consider = [&](TimePoint deadline) {
    if (!earliest || deadline < *earliest) earliest = deadline;
  };
  if (login_deadline_) consider(*login_deadline_);
  if (channels_ != nullptr && channels_->idle().next_deadline()) consider(*channels_->idle().next_deadline());
  if (unused_is_checked()) consider(unused_since_ + unused_limit_);
  if (const auto alive = liveness_.next_deadline()) consider(*alive);
  return earliest;
}

// A connection that only listens for others (RFC 4254 section 7.1) counts as unused, too, until somebody connects.
bool ServerConnection::unused_is_checked() const {
  return channels_ != nullptr && channels_->count() == 0 && unused_limit_.count() > 0;
}

void ServerConnection::check_deadlines() {
  // RFC 4252 section 4 [4252-4-6]: a login that takes too long ends the connection.
  if (login_deadline_ && now_ >= *login_deadline_) {
    login_is_late_ = true;
    throw ProtocolError(DisconnectReason::by_application,
                        fmt::format("no login within {} seconds (LoginGraceTime)", settings_->login_grace.count()));
  }
  if (unused_is_checked() && now_ >= unused_since_ + unused_limit_) {
    throw ProtocolError(DisconnectReason::by_application,
                        fmt::format("no channel for {} seconds (UnusedConnectionTimeout)", unused_limit_.count()));
  }
  if (liveness_.due(now_)) channels_->send_global("keepalive@openssh.com", true);
}

}  // namespace glassh
