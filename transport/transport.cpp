#include "transport/transport.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "proto/message_name.h"
#include "proto/messages_auth.h"
#include "transport/version_exchange.h"

namespace glassh {

namespace {

// RFC 4251 section 9.3.5, RFC 4253 section 11.1: texts are for people; no need to carry a whole name-list war to the
// peer.
constexpr std::size_t longest_description = 4096;

// A PONG repeats a PING of any length.
static_assert(PacketWriter::longest_answer >= PacketReader::max_packet_length);

// A peer in no hurry to answer our KEXINIT may still be sending what was on its way; this is more than any path holds.
constexpr std::uint64_t most_bytes_without_kexinit = std::uint64_t{4} << 30;

bool reached(const PacketShape& shape, std::uint64_t packets, std::uint64_t bytes, std::uint64_t limit_bytes) {
  // RFC 4253 section 9 [4253-9-8]: after so many bytes.
  if (limit_bytes > 0 && bytes >= limit_bytes) return true;
  // RFC 4344 section 3.1 [4344-3.1-1] [4344-3.1-3]: after so many packets of a cipher. RFC 4251 section 9.3.3
  // [4251-9.3.3-1]: so the sequence number never comes round under one key.
  if (shape.packet_limit > 0 && packets >= shape.packet_limit) return true;
  // RFC 4344 section 3.2 [4344-3.2-1] [4344-3.2-2]: after so many blocks of a cipher.
  return shape.block_limit > 0 && bytes / shape.block >= shape.block_limit;
}

}  // namespace

Disconnected disconnected_by(const ProtocolError& error, Role we_are) {
  const auto* const unmatched = dynamic_cast<const NoCommonAlgorithm*>(&error);
  return {error.reason(), error.what(), false, unmatched == nullptr ? "" : unmatched->openssh_words(we_are)};
}

Transport::Transport(const TransportSettings& settings, Rng& rng, TraceSink* trace)
    : settings_(settings),
      trace_(trace),
      reader_(trace),
      writer_(rng, trace),
      kex_(settings_.kex, rng, reader_, writer_, trace) {
  // RFC 4253 section 4.2 [4253-4.2-1] [4253-4.2-2] [4253-4.2-21]: our line, and key exchange right behind it. As a
  // server too we say nothing before it [4253-4.2-13] [4253-5.1-6].
  reader_.limit_packet_length(PacketReader::max_packet_length_before_login);
  our_version_ = identification(settings.software_version, settings.version_comment);
  writer_.send_raw(bytes_of(our_version_ + "\r\n"));
  if (trace_ != nullptr) trace_->note("identification", fmt::format("we are \"{}\"", our_version_));
  kex_.start();
}

Transport::Transport(const TransportSettings& settings, Rng& rng, TraceSink* trace, TransportState state)
    : settings_(settings),
      trace_(trace),
      reader_(trace, std::move(state.reading)),
      writer_(rng, trace, std::move(state.writing)),
      kex_(settings_.kex, rng, reader_, writer_, trace, state),
      phase_(Phase::authentication),
      our_version_(std::move(state.server_version)),
      peer_version_(std::move(state.client_version)),
      peer_answers_ping_(state.peer_answers_ping),
      peer_takes_host_bound_keys_(state.peer_takes_host_bound_keys),
      shortest_turn_(state.shortest_turn),
      keys_since_(state.keys_since) {
  reader_.limit_packet_length(PacketReader::max_packet_length_before_login);
}

TransportState Transport::hand_over() {
  if (role() != Role::server || phase_ != Phase::authentication || closed_) {
    throw std::logic_error("Transport: only a server is handed over, and only at the end of a login");
  }
  TransportState state;
  kex_.hand_over(state);
  reader_.hand_over(state.reading);
  writer_.hand_over(state.writing);
  state.peer_answers_ping = peer_answers_ping_;
  state.peer_takes_host_bound_keys = peer_takes_host_bound_keys_;
  state.shortest_turn = shortest_turn_;
  state.keys_since = keys_since_;
  closed_ = true;
  return state;
}

std::optional<TransportEvent> Transport::next_event() {
  paused_ = false;
  if (closed_) return std::nullopt;
  if (peer_version_.empty() && !exchange_versions()) return std::nullopt;
  while (!kex_.waiting()) {  // RFC 4253 section 4.2 [4253-4.2-20]: from here on all is packets
    rekey_if_due();
    if (paused_ = turn_is_over(); paused_) break;
    const std::uint32_t sequence_number = reader_.sequence_number();
    const std::optional<Bytes> payload = reader_.next_payload();
    if (!payload) break;
    if (turn_) turn_->payload_bytes -= std::min(turn_->payload_bytes, payload->size());
    if (auto event = on_payload(*payload, sequence_number)) return event;
  }
  return std::nullopt;
}

bool Transport::turn_is_over() const {
  return turn_ && (turn_->payload_bytes == 0 || writer_.backlog() > turn_->backlog);
}

// RFC 4253 section 4.2. True once the peer's line is here.
bool Transport::exchange_versions() {
  const bool we_are_client = role() == Role::client;
  while (true) {
    // [4253-4.2-11] [4253-4.2-15]: only a server may say something else first.
    const auto line = reader_.next_line(we_are_client ? longest_line_before : longest_identification);
    if (!line) return false;
    if (we_are_client && !is_identification(*line)) {
      if (++lines_before_version_ > most_lines_before) {
        throw ProtocolError(fmt::format("identification: more than {} lines before it", most_lines_before));
      }
      continue;  // RFC 4253 section 4.2 [4253-4.2-16]: such a line may be ignored
    }
    peer_version_ = check_identification(*line);
    break;
  }
  if (trace_ != nullptr) trace_->note("identification", fmt::format("the peer is \"{}\"", peer_version_));
  kex_.set_versions(we_are_client ? our_version_ : peer_version_, we_are_client ? peer_version_ : our_version_);
  return true;
}

std::optional<TransportEvent> Transport::on_payload(Bytes payload, std::uint32_t sequence_number) {
  const std::uint8_t number = payload[0];
  if (phase_ != Phase::connection) login_budget_.count(payload);
  const bool behind_first_newkeys = std::exchange(behind_first_newkeys_, false);
  if (std::exchange(success_must_follow_, false)) expect_success(number);
  const Arrival arrival{role(),
                        phase_,
                        kex_.strict(),
                        kex_.peer_started(),
                        kex_.awaits_wrong_guess(),
                        kex_.family() == KexFamily::group_exchange,
                        behind_first_newkeys,
                        answer_awaited_};
  switch (judge(arrival, number)) {
    case Verdict::allowed:
      break;
    case Verdict::refused:
      throw ProtocolError(fmt::format("{} may not come during {}{}", message_name(number, kex_.family()),
                                      phase_text(phase_), kex_.peer_started() ? ", between KEXINIT and NEWKEYS" : ""));
    case Verdict::unimplemented:
      // RFC 4253 section 11.4 [4253-11.4-1] [4253-11.4-3]: the answer names the packet by its sequence number.
      // [4253-11.4-2]: otherwise it is ignored.
      writer_.send(msg::Unimplemented{sequence_number});
      return std::nullopt;
  }
  if (kex_.running() && !kex_.peer_started() && kex_.first_done() && number != message_number::kexinit) {
    // RFC 4253 section 7.1 [4253-7.1-34]: what was on its way is still welcome, but not for ever.
    bytes_without_kexinit_ += payload.size();
    if (bytes_without_kexinit_ > most_bytes_without_kexinit) {
      throw ProtocolError(fmt::format("{} bytes came and no answer to our SSH_MSG_KEXINIT", bytes_without_kexinit_));
    }
  }
  if (number >= message_number::kexinit && number < message_number::userauth_request) {
    if (auto event = kex_.on_payload(payload)) return on_kex_event(*event);
    return std::nullopt;
  }
  if (number >= message_number::userauth_request && number < message_number::ping) {
    const bool in_login = phase_ == Phase::authentication && number != message_number::userauth_banner;
    if (in_login) measure_shortest_turn();
    return PayloadArrived{payload, sequence_number};
  }
  return on_transport_message(payload);
}

std::optional<TransportEvent> Transport::on_transport_message(Bytes payload) {
  switch (payload[0]) {
    case message_number::disconnect: {
      // RFC 4253 section 11.1 [4253-11.1-1] [4253-11.1-4]: it is heeded, and nothing that follows it is read.
      const auto message = decode<msg::Disconnect>(payload);
      closed_ = true;
      return Disconnected{static_cast<DisconnectReason>(message.reason_code), std::string(message.description), true};
    }
    case message_number::ignore:  // RFC 4253 section 11.2 [4253-11.2-1]: decoded, and then ignored
      decode<msg::Ignore>(payload);
      return std::nullopt;
    case message_number::unimplemented:
      decode<msg::Unimplemented>(payload);
      return std::nullopt;
    case message_number::debug: {  // RFC 4253 section 11.3 [4253-11.3-1]: passed on, for the log
      const auto message = decode<msg::Debug>(payload);
      return DebugArrived{message.message, message.always_display};
    }
    case message_number::service_request:
      return on_service_request(payload);
    case message_number::service_accept:
      return on_service_accept(payload);
    case message_number::ext_info:
      on_ext_info(payload);
      return std::nullopt;
    case message_number::ping:
      on_ping(payload);
      return std::nullopt;
    case message_number::pong:
      return PongArrived{decode<msg::Pong>(payload).data};
  }
  throw ProtocolError(fmt::format("{} has no meaning here", message_name(payload[0])));
}

std::optional<TransportEvent> Transport::on_kex_event(KexEvent event) {
  if (auto* wanted = std::get_if<SignatureWanted>(&event)) return *wanted;
  if (auto* offered = std::get_if<HostKeyOffered>(&event)) return *offered;
  const auto changed = std::get<KeysChanged>(event);
  if (changed.first) phase_ = Phase::service;
  behind_first_newkeys_ = changed.first;
  keys_since_ = now_;
  bytes_without_kexinit_ = 0;
  if (trace_ != nullptr) trace_->note("keys", "both directions now use the keys of this exchange");
  return changed;
}

void Transport::provide_signature(Bytes signature) {
  const bool first = phase_ == Phase::first_key_exchange;
  kex_.provide_signature(signature);
  // RFC 8308 section 2.4 [8308-2.4-2]: right behind our first NEWKEYS, if the client can read it [8308-2.2-2].
  if (first && kex_.peer_wants_ext_info()) send_ext_info();
}

// RFC 8308 section 3.1 [8308-3.1-2] [8308-3.1-5]: a server names all signature algorithms that it takes. OpenSSH
// PROTOCOL section 1.8 [openssh-ping-1.8-3]: it answers PING. OpenSSH PROTOCOL section 3.1: it takes public keys bound
// to the host. RFC 8308 section 4.2.1 [8308-4.2.1-1]: names of extensions are registered or private ones.
void Transport::send_ext_info() {
  const std::string algorithms = join_names(settings_.server_sig_algs);
  msg::ExtInfo message;
  message.extensions.push_back({"server-sig-algs", bytes_of(algorithms)});
  message.extensions.push_back({"publickey-hostbound@openssh.com", bytes_of("0")});
  message.extensions.push_back({"ping@openssh.com", bytes_of("0")});
  writer_.send(message);
}

void Transport::on_ext_info(Bytes payload) {
  // RFC 8308 section 2.4 [8308-2.4-3]: the gate has let it through, so in this phase it is a server's second.
  success_must_follow_ = phase_ == Phase::authentication;
  const auto message = decode<msg::ExtInfo>(payload);  // [8308-2.5-6] [8308-2.5-7]: values of any bytes, as long as fit
  // RFC 8308 section 2.4 [8308-2.4-5]: a second one replaces the first. [8308-2.4-4]: none is waited for; without one
  // these stay as they are.
  peer_sig_algs_.clear();
  peer_answers_ping_ = peer_takes_host_bound_keys_ = false;
  for (const msg::Extension& extension : message.extensions) {  // RFC 8308 section 2.5 [8308-2.5-3]: in any order
    if (extension.extension_name == "server-sig-algs" && role() == Role::client) {
      for (const std::string_view name : split_names(text_of(extension.extension_value)))
        peer_sig_algs_.emplace_back(name);
    } else if (extension.extension_name == "ping@openssh.com") {
      peer_answers_ping_ = equal(extension.extension_value, bytes_of("0"));
    } else if (extension.extension_name == "publickey-hostbound@openssh.com") {
      peer_takes_host_bound_keys_ = equal(extension.extension_value, bytes_of("0"));
    }
    // RFC 8308 section 2.5 [8308-2.5-1] [8308-2.5-5]: what we do not know is no matter of ours.
  }
}

// RFC 8308 section 2.4 [8308-2.4-2]: a server's second place for it is immediately before USERAUTH_SUCCESS. A server
// that ends the connection instead may do so.
void Transport::expect_success(std::uint8_t number) const {
  if (number == message_number::userauth_success || number == message_number::disconnect) return;
  throw ProtocolError(fmt::format("SSH_MSG_EXT_INFO during authentication: {} follows it, not {}",
                                  message_name(number, kex_.family()), msg::UserauthSuccess::name));
}

void Transport::request_service(std::string_view name) {
  service_requested_ = true;
  turn_since_ = now_;
  writer_.send(msg::ServiceRequest{name});
}

// RFC 4253 section 10 [4253-10-1] [4253-10-2]: a request for any service but the login ends the connection.
// [4253-10-3] [4253-10-4]: the answer repeats the name of the service.
std::optional<TransportEvent> Transport::on_service_request(Bytes payload) {
  const auto message = decode<msg::ServiceRequest>(payload);
  if (message.service_name != "ssh-userauth") {
    throw ProtocolError(
        DisconnectReason::service_not_available,
        fmt::format("{}: service_name is {:?}; there is only \"ssh-userauth\"", message.name, message.service_name));
  }
  writer_.send(msg::ServiceAccept{message.service_name});
  // Some clients (paramiko) ask again before each attempt. That begins nothing anew: what was tried stays counted.
  if (phase_ == Phase::authentication) return std::nullopt;
  phase_ = Phase::authentication;
  turn_since_ = now_;
  return ServiceRequested{};
}

std::optional<TransportEvent> Transport::on_service_accept(Bytes payload) {
  const auto message = decode<msg::ServiceAccept>(payload);
  if (!service_requested_ || message.service_name != "ssh-userauth") {
    throw ProtocolError(
        fmt::format("{}: service_name is {:?}, which was not asked for", message.name, message.service_name));
  }
  phase_ = Phase::authentication;
  measure_shortest_turn();
  return ServiceAccepted{};
}

// RFC 4252 section 5: question and answer take turns, from the service request on. A banner is neither. A client that
// does not wait for its turn shows a round trip of nothing, which is no worse than none.
void Transport::measure_shortest_turn() {
  if (turn_since_ && (!shortest_turn_ || now_ - *turn_since_ < *shortest_turn_)) shortest_turn_ = now_ - *turn_since_;
  turn_since_ = now_;
}

// OpenSSH PROTOCOL section 1.8 [openssh-ping-1.8-1]: the same data back. Not before the login, where it would be free
// work for anybody; the writer holds the answer while a key exchange runs [openssh-ping-1.8-2].
void Transport::on_ping(Bytes payload) {
  const auto message = decode<msg::Ping>(payload);
  if (phase_ == Phase::connection) writer_.send(msg::Pong{message.data});
}

void Transport::send_ping(Bytes data) { writer_.send(msg::Ping{data}); }

void Transport::send_debug(std::string_view text) { writer_.send(msg::Debug{false, text, ""}); }

void Transport::enter(Phase phase) {
  phase_ = phase;
  if (phase != Phase::connection) return;
  writer_.limit_bytes_under_key(rekey_limit().bytes);
  reader_.limit_packet_length(PacketReader::max_packet_length);
  kex_.forget_keys();
  // draft-miller-secsh-compression-delayed-00 section 3: the client compresses what it sends after SUCCESS has come.
  // During a key exchange that is after its NEWKEYS: SUCCESS stands behind ours.
  if (role() == Role::client) writer_.start_delayed_compression();
  reader_.start_delayed_compression(role() == Role::server && kex_.running()
                                        ? PacketReader::CompressedFrom::next_keys
                                        : PacketReader::CompressedFrom::next_packet);
}

// RFC 4253 section 11.1 [4253-11.1-2] [4253-11.1-3]: nothing is sent or read after it.
void Transport::disconnect(DisconnectReason reason, std::string_view description) {
  if (closed_) return;
  closed_ = true;
  writer_.abandon();
  writer_.drop_held();
  writer_.send(msg::Disconnect{static_cast<std::uint32_t>(reason), description.substr(0, longest_description), ""});
}

void Transport::set_now(TimePoint now) {
  if (keys_since_ == TimePoint{}) keys_since_ = now;
  now_ = now;
  if (!closed_) rekey_if_due();
}

void Transport::set_rekey_limit(const RekeyLimit& limit) {
  rekey_limit_ = limit;
  if (phase_ == Phase::connection) writer_.limit_bytes_under_key(limit.bytes);
}

// RFC 8308 section 3.2.1 [8308-3.2.1-3]: not before the login.
bool Transport::may_rekey() const { return phase_ == Phase::connection && !kex_.running(); }

std::optional<TimePoint> Transport::next_deadline() const {
  if (closed_ || !may_rekey() || rekey_limit().time.count() == 0) return std::nullopt;
  return keys_since_ + rekey_limit().time;
}

void Transport::rekey_if_due() {
  if (!may_rekey()) return;
  const RekeyLimit& limit = rekey_limit();
  const bool aged = limit.time.count() > 0 && now_ - keys_since_ >= limit.time;
  const bool used = writer_.wants_new_keys() ||
                    reached(writer_.shape(), writer_.packets_under_key(), writer_.bytes_under_key(), limit.bytes) ||
                    reached(reader_.shape(), reader_.packets_under_key(), reader_.bytes_under_key(), limit.bytes);
  if (aged || used) kex_.start();
}

}  // namespace glassh
