#include "client/client_connection.h"

#include <algorithm>
#include <utility>

namespace glassh {

namespace {

std::optional<ClientEvent> as_client_event(const std::optional<ChannelEvent>& event) {
  if (!event) return std::nullopt;
  return std::visit([](const auto& each) { return ClientEvent(each); }, *event);
}

}  // namespace

ClientConnection::ClientConnection(std::shared_ptr<const ClientConnectionSettings> settings, Rng& rng, TraceSink* trace)
    : settings_(std::move(settings)),
      trace_(trace),
      transport_(settings_->transport, rng, trace),
      liveness_("ServerAliveInterval", {settings_->server_alive_interval, settings_->server_alive_count_max}) {}

ClientConnection::~ClientConnection() = default;

void ClientConnection::filled(std::size_t size) {
  transport_.reader().filled(size);
  if (size > 0) liveness_.heard(now_);
}

void ClientConnection::end_of_input() { end_of_input_ = true; }

bool ClientConnection::waiting() const {
  return transport_.key_exchange().waiting() || (auth_ != nullptr && auth_->waiting() && !answered_);
}

// The only place that catches what the peer did wrong.
std::optional<ClientEvent> ClientConnection::next_event() {
  if (closed_) return std::nullopt;
  try {
    return pull();
  } catch (const ProtocolError& error) {
    disconnect(error.reason(), error.what());
    return disconnected_by(error, Role::client);
  }
}

std::optional<ClientEvent> ClientConnection::pull() {
  check_deadlines();
  if (answered_) return on_auth_event(std::exchange(answered_, std::nullopt));
  if (auth_ != nullptr && auth_->done()) auth_.reset();
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

std::optional<ClientEvent> ClientConnection::on_transport_event(TransportEvent& event) {
  if (auto* arrived = std::get_if<PayloadArrived>(&event)) return on_payload(arrived->payload);
  if (auto* offered = std::get_if<HostKeyOffered>(&event)) return *offered;
  if (auto* debug = std::get_if<DebugArrived>(&event)) return *debug;
  if (auto* changed = std::get_if<KeysChanged>(&event)) {
    // RFC 4253 section 10: the first thing under the new keys. Nothing of the user's has left before.
    if (changed->first) transport_.request_service("ssh-userauth");
    if (probe_ != nullptr) probe_->on_new_keys();
    return *changed;
  }
  if (std::holds_alternative<ServiceAccepted>(event)) {
    // Its views outlive key exchanges in the middle of the login, which may bring another host key.
    const ClientAuthServer server{transport_.session_id(), transport_.key_exchange().session_proof().host_key,
                                  &transport_.peer_sig_algs(), transport_.peer_takes_host_bound_keys()};
    ClientAuthSettings settings = settings_->auth;
    if (secrets_withheld_) {
      std::erase_if(settings.methods, [](const std::string& method) { return method != "publickey"; });
    }
    auth_ = std::make_unique<ClientAuth>(std::move(settings), server, transport_.writer(), trace_);
    auth_->start();
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
  return std::nullopt;
}

// 50 and up; the gate has let it through, so the layer that it belongs to exists.
std::optional<ClientEvent> ClientConnection::on_payload(Bytes payload) {
  if (payload[0] >= message_number::global_request) return on_channel_message(payload);
  return on_auth_event(auth_->on_payload(payload));
}

std::optional<ClientEvent> ClientConnection::on_channel_message(Bytes payload) {
  const std::optional<ChannelEvent> event = channels_->on_payload(payload);
  if (event && probe_->takes(*event)) return std::nullopt;
  return as_client_event(event);
}

std::optional<ClientEvent> ClientConnection::on_auth_event(const std::optional<ClientAuthEvent>& event) {
  if (!event) return std::nullopt;
  if (std::holds_alternative<AuthenticationSucceeded>(*event)) {
    transport_.enter(Phase::connection);
    liveness_.begin(now_);
    channels_ = std::make_unique<Channels>(transport_.writer(), settings_->channels, settings_->max_channels, trace_);
    probe_ = std::make_unique<PathProbe>(transport_, *channels_, trace_);
    probe_->set_now(now_);
  }
  return std::visit([](const auto& each) { return ClientEvent(each); }, *event);
}

void ClientConnection::accept_host_key() {
  if (!closed_) transport_.accept_host_key();
}

void ClientConnection::provide_identities(std::vector<std::optional<Credential>> identities) {
  if (!closed_) answered_ = auth_->provide_identities(std::move(identities));
}

void ClientConnection::provide_public_half(PublicKey key) {
  if (!closed_) answered_ = auth_->provide_public_half(std::move(key));
}

void ClientConnection::provide_user_signature(Bytes signature) {
  if (!closed_) answered_ = auth_->provide_signature(signature);
}

void ClientConnection::provide_password(Bytes password) {
  if (!closed_) answered_ = auth_->provide_password(password);
}

void ClientConnection::provide_new_password(Bytes old_password, Bytes new_password) {
  if (!closed_) answered_ = auth_->provide_new_password(old_password, new_password);
}

void ClientConnection::provide_answers(std::span<const SecretBytes> answers) {
  if (!closed_) answered_ = auth_->provide_answers(answers);
}

void ClientConnection::decline() {
  if (!closed_) answered_ = auth_->decline();
}

void ClientConnection::disconnect(DisconnectReason reason, std::string_view description) {
  if (std::exchange(closed_, true)) return;
  transport_.disconnect(reason, description);
}

void ClientConnection::set_now(TimePoint now) {
  now_ = now;
  if (!closed_) transport_.set_now(now);
  if (probe_ != nullptr) probe_->set_now(now);
}

std::optional<TimePoint> ClientConnection::next_deadline() const {
  if (closed_) return std::nullopt;
  const std::optional<TimePoint> rekey = transport_.next_deadline();
  const std::optional<TimePoint> alive = liveness_.next_deadline();
  return rekey && alive ? std::min(*rekey, *alive) : rekey ? rekey : alive;
}

void ClientConnection::check_deadlines() {
  if (liveness_.due(now_)) channels_->send_global("keepalive@openssh.com", true);
}

}  // namespace glassh
