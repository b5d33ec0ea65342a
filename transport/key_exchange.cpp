#include "transport/key_exchange.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "crypto/kex/kex_method.h"
#include "crypto/keys/credential.h"
#include "transport/group_exchange.h"
#include "transport/kex_messages.h"
#include "transport/key_derivation.h"

namespace glassh {

// What one exchange needs and nothing after it: wiped and freed at the second NEWKEYS.
struct KeyExchange::Exchange {
  std::vector<std::uint8_t> our_kexinit;   // I_C or I_S
  std::vector<std::uint8_t> peer_kexinit;  // the other one
  std::array<std::uint8_t, 16> client_cookie{}, server_cookie{};
  Algorithms algorithms;
  KexFamily family = KexFamily::unknown;   // of algorithms.kex
  GroupSizes group_sizes;                  // group exchange: what the client asked for
  DhGroup group;                           // and what the server answered
  std::unique_ptr<KexMethod> method;       // in group exchange, once there is a group
  std::vector<std::uint8_t> hashed_group;  // both as they go into H
  std::vector<std::uint8_t> our_share, peer_share;
  std::vector<std::uint8_t> host_key;  // K_S
  SecretBytes shared_secret;           // K as it is hashed
  Digest hash;                         // H
  bool ignore_next = false;            // RFC 4253 section 7: the peer's wrong guess is on its way
};

// The keys of both directions as they were derived.
struct KeyExchange::KeptKeys {
  struct Direction {
    CipherNames names;
    CipherKeys keys;
  };
  Direction reading, writing;
};

KeyExchange::KeyExchange(const KexSettings& settings, Rng& rng, PacketReader& reader, PacketWriter& writer,
                         TraceSink* trace)
    : settings_(settings), rng_(rng), reader_(reader), writer_(writer), trace_(trace) {
  if (settings_.keeps_keys) kept_keys_ = std::make_unique<KeptKeys>();
}

KeyExchange::KeyExchange(const KexSettings& settings, Rng& rng, PacketReader& reader, PacketWriter& writer,
                         TraceSink* trace, const TransportState& state)
    : settings_(settings),
      rng_(rng),
      reader_(reader),
      writer_(writer),
      trace_(trace),
      client_version_(state.client_version),
      server_version_(state.server_version),
      strict_(state.strict),
      changed_once_(true),
      session_id_(state.session_id),
      host_key_(state.host_key) {
  algorithms_.host_key = state.host_key_algorithm;
}

KeyExchange::~KeyExchange() = default;

void KeyExchange::hand_over(TransportState& state) {
  if (kept_keys_ == nullptr || exchange_ != nullptr || !changed_once_) {
    throw std::logic_error("KeyExchange: handed over during an exchange, before the first one, or without its keys");
  }
  state.client_version = client_version_;
  state.server_version = server_version_;
  state.host_key_algorithm = algorithms_.host_key;
  state.session_id = session_id_;
  state.host_key = host_key_;
  state.strict = strict_;
  state.reading.names = std::move(kept_keys_->reading.names);
  state.reading.keys = std::move(kept_keys_->reading.keys);
  state.writing.names = std::move(kept_keys_->writing.names);
  state.writing.keys = std::move(kept_keys_->writing.keys);
  forget_keys();
}

void KeyExchange::forget_keys() { kept_keys_.reset(); }

void KeyExchange::set_versions(std::string_view client, std::string_view server) {
  client_version_ = client;
  server_version_ = server;
}

// RFC 4253 section 9 [4253-9-2]: either side, at any time; a second KEXINIT during an exchange is forbidden
// [4253-7.1-32].
void KeyExchange::start() {
  if (exchange_ != nullptr) return;
  exchange_ = std::make_unique<Exchange>();
  send_kexinit();
  stage_ = Stage::sent_kexinit;
}

std::optional<KexEvent> KeyExchange::on_payload(Bytes payload) {
  if (awaits_wrong_guess() && payload[0] >= message_number::kexdh_init) {
    // RFC 4253 sections 7 and 7.1 [4253-7-4] [4253-7.1-26]: one packet is ignored, whatever it is.
    exchange_->ignore_next = false;
    note("key exchange", "this packet followed a wrong guess and is ignored");
    return std::nullopt;
  }
  switch (payload[0]) {
    case message_number::kexinit:
      return on_kexinit(payload);
    case message_number::newkeys:
      return on_newkeys(payload);
  }
  return on_method_message(payload);
}

// RFC 4253 section 7.1 [4253-7.1-27]: what 30 to 49 mean is the negotiated method's.
std::optional<KexEvent> KeyExchange::on_method_message(Bytes payload) {
  switch (kex_step(family(), payload[0])) {
    case KexStep::init:
      return on_init(payload);
    case KexStep::reply:
      return on_reply(payload);
    case KexStep::group_request:
      on_group_request(payload);
      return std::nullopt;
    case KexStep::group:
      on_group(payload);
      return std::nullopt;
    case KexStep::group_request_old:
      // RFC 4419 section 5 [4419-5-1] has it for software older than the RFC; it can ask for a group of any size.
      throw ProtocolError(DisconnectReason::key_exchange_failed,
                          fmt::format("{}: not supported; expected {} with min, n and max",
                                      msg::KexDhGexRequestOld::name, msg::KexDhGexRequest::name));
    case KexStep::none:
      break;
  }
  throw ProtocolError(
      fmt::format("{} belongs to no key exchange method that was negotiated", message_name(payload[0], family())));
}

void KeyExchange::send_kexinit() {
  Exchange& exchange = *exchange_;
  const Proposal& proposal = settings_.proposal;
  std::vector<std::string> kex = proposal.kex;
  if (!first_done()) {
    // RFC 8308 sections 2.1 and 2.2 [8308-2.1-1] [8308-2.2-3] and OpenSSH PROTOCOL section 1.9
    // [openssh-strict-kex-1.9-1]: in the first KEXINIT only, each role its own marker.
    const bool client = settings_.role == Role::client;
    kex.emplace_back(client ? "ext-info-c" : "ext-info-s");
    kex.emplace_back(client ? "kex-strict-c-v00@openssh.com" : "kex-strict-s-v00@openssh.com");
  }
  const std::string kex_list = join_names(kex);
  const std::string host_key_list = join_names(proposal.host_key);
  const std::string cipher_c2s = join_names(proposal.cipher_client_to_server);
  const std::string cipher_s2c = join_names(proposal.cipher_server_to_client);
  const std::string mac_c2s = join_names(proposal.mac_client_to_server);
  const std::string mac_s2c = join_names(proposal.mac_server_to_client);
  const std::string compression_c2s = join_names(proposal.compression_client_to_server);
  const std::string compression_s2c = join_names(proposal.compression_server_to_client);

  msg::KexInit kexinit;
  rng_.fill(kexinit.cookie);  // RFC 4253 section 7.1 [4253-7.1-5]: fresh and random each time
  kexinit.kex_algorithms = {kex_list};
  kexinit.server_host_key_algorithms = {host_key_list};
  kexinit.encryption_algorithms_client_to_server = {cipher_c2s};
  kexinit.encryption_algorithms_server_to_client = {cipher_s2c};
  kexinit.mac_algorithms_client_to_server = {mac_c2s};
  kexinit.mac_algorithms_server_to_client = {mac_s2c};
  kexinit.compression_algorithms_client_to_server = {compression_c2s};
  kexinit.compression_algorithms_server_to_client = {compression_s2c};
  kexinit.first_kex_packet_follows = false;  // [4253-7.1-24] [4253-7.1-25]: we never guess

  exchange.our_kexinit = encode(kexinit);
  writer_.send_payload(exchange.our_kexinit);
  writer_.hold();  // RFC 4253 section 7.1 [4253-7.1-30]: until our NEWKEYS only messages 1 to 49 may leave
}

std::optional<KexEvent> KeyExchange::on_kexinit(Bytes payload) {
  start();  // RFC 4253 section 9 [4253-9-1]: answer with our own, unless ours is out already
  expect(Stage::sent_kexinit, "SSH_MSG_KEXINIT");
  Exchange& exchange = *exchange_;
  exchange.peer_kexinit = copy_of(payload);

  const msg::KexInit ours = decode<msg::KexInit>(exchange.our_kexinit);
  const msg::KexInit theirs = decode<msg::KexInit>(exchange.peer_kexinit);
  if (theirs.reserved != 0) {  // RFC 4253 section 7.1 [4253-7.1-29]: the last four bytes are zero
    throw ProtocolError(fmt::format("SSH_MSG_KEXINIT: reserved is {}, not 0", theirs.reserved));
  }
  const bool we_are_client = settings_.role == Role::client;
  const msg::KexInit& client = we_are_client ? ours : theirs;
  const msg::KexInit& server = we_are_client ? theirs : ours;
  exchange.client_cookie = client.cookie;
  exchange.server_cookie = server.cookie;
  if (!first_done()) read_markers(theirs);  // OpenSSH PROTOCOL section 1.9 [openssh-strict-kex-1.9-2]: in no later one

  exchange.algorithms = negotiate(client, server);
  // RFC 4253 section 7 [4253-7-3] and section 7.1 [4253-7.1-26] [4253-7.1-28]: a right guess is the first packet of the
  // exchange, a wrong one is dropped.
  exchange.ignore_next = theirs.first_kex_packet_follows && !guess_is_right(client, server);
  exchange.family = kex_family(exchange.algorithms.kex);
  note_negotiation(client, server);

  if (exchange.family == KexFamily::group_exchange) {
    if (we_are_client) {
      request_group();
    } else {
      stage_ = Stage::expecting_group_request;
    }
    return std::nullopt;
  }
  exchange.method = make_kex_method(exchange.algorithms.kex);  // [4253-7.1-27]: whatever was guessed
  // RFC 4253 section 9 [4253-9-3]: the client begins, whoever wanted new keys.
  if (we_are_client) {
    send_share();  // RFC 4253 section 7 [4253-7-5]: the right first packet, even if the server guessed another
  } else {
    stage_ = Stage::expecting_init;
  }
  return std::nullopt;
}

// The names in the peer's first KEXINIT that are no methods.
void KeyExchange::read_markers(const msg::KexInit& theirs) {
  const bool we_are_client = settings_.role == Role::client;
  const std::string_view names = theirs.kex_algorithms.text;
  peer_wants_ext_info_ = contains_name(names, we_are_client ? "ext-info-s" : "ext-info-c");
  // OpenSSH PROTOCOL section 1.9 [openssh-strict-kex-1.9-3]: in force when both offered it, and we always do.
  strict_ = contains_name(names, we_are_client ? "kex-strict-s-v00@openssh.com" : "kex-strict-c-v00@openssh.com");
  // [openssh-strict-kex-1.9-6]: then its KEXINIT was the peer's very first packet.
  if (strict_ && reader_.sequence_number() != 1) {
    throw ProtocolError(fmt::format("SSH_MSG_KEXINIT: came as packet {}, but strict key exchange wants it first",
                                    reader_.sequence_number() - 1));
  }
}

// RFC 4419 section 3, step 1: the client says between which sizes a group may be.
void KeyExchange::request_group() {
  Exchange& exchange = *exchange_;
  exchange.group_sizes = sizes_to_request(exchange.algorithms);
  const auto& [min, n, max] = exchange.group_sizes;
  writer_.send(msg::KexDhGexRequest{min, n, max});
  stage_ = Stage::expecting_group;
}

// Step 2: the server answers with one that fits. From here on it is an exchange like the others.
void KeyExchange::on_group_request(Bytes payload) {
  expect(Stage::expecting_group_request, msg::KexDhGexRequest::name);
  Exchange& exchange = *exchange_;
  const auto message = decode<msg::KexDhGexRequest>(payload);
  exchange.group_sizes = {message.min, message.n, message.max};
  exchange.group = group_for(exchange.group_sizes, settings_.groups.get(), rng_);
  exchange.hashed_group = hashed_group(exchange.group_sizes, exchange.group);
  exchange.method = make_group_exchange_method(exchange.group);
  writer_.send(msg::KexDhGexGroup{Mpint{exchange.group.p}, Mpint{exchange.group.g}});
  stage_ = Stage::expecting_init;
}

// Step 3: the client sends its share in that group.
void KeyExchange::on_group(Bytes payload) {
  expect(Stage::expecting_group, msg::KexDhGexGroup::name);
  Exchange& exchange = *exchange_;
  exchange.group = checked_group(decode<msg::KexDhGexGroup>(payload), exchange.group_sizes);
  exchange.hashed_group = hashed_group(exchange.group_sizes, exchange.group);
  exchange.method = make_group_exchange_method(exchange.group);
  send_share();
}

void KeyExchange::send_share() {
  Exchange& exchange = *exchange_;
  exchange.our_share = copy_of(exchange.method->start(rng_));
  send_init(writer_, exchange.family, exchange.our_share);
  stage_ = Stage::expecting_reply;
}

// RFC 4253 section 8, step 2, RFC 5656 section 4: the server has the client's share, makes its own, K and H, and wants
// H signed.
std::optional<KexEvent> KeyExchange::on_init(Bytes payload) {
  expect(Stage::expecting_init, step_name(family(), KexStep::init));
  Exchange& exchange = *exchange_;
  exchange.peer_share = copy_of(decode_init(exchange.family, payload));
  exchange.our_share = copy_of(exchange.method->respond(exchange.peer_share, rng_));
  exchange.host_key = copy_of(host_key_for(exchange.algorithms.host_key));
  compute_exchange_hash();
  stage_ = Stage::awaiting_signature;
  // RFC 4253 section 8 [4253-8-7]: H is what is signed; the signature algorithm may hash it once more.
  return SignatureWanted{hash_parts(), exchange.algorithms.host_key, exchange.hash.bytes()};
}

void KeyExchange::provide_signature(Bytes signature) {
  expect(Stage::awaiting_signature, "a signature");
  const Exchange& exchange = *exchange_;
  host_key_ = exchange.host_key;
  send_reply(writer_, exchange.family, {exchange.host_key, exchange.our_share, signature});
  send_newkeys();
}

// RFC 4253 section 8, step 3, RFC 5656 section 4: the client has K_S, the server's share and the signature; H and the
// signature must be right before anything else.
std::optional<KexEvent> KeyExchange::on_reply(Bytes payload) {
  expect(Stage::expecting_reply, step_name(family(), KexStep::reply));
  Exchange& exchange = *exchange_;
  const KexReply reply = decode_reply(exchange.family, payload);
  exchange.peer_share = copy_of(reply.share);
  exchange.method->finish(exchange.peer_share);
  exchange.host_key = copy_of(reply.K_S);
  compute_exchange_hash();
  verify_signature(reply.signature);
  if (session_proof_.signature.empty()) {
    session_proof_ = {exchange.host_key, copy_of(exchange.hash.bytes()), copy_of(reply.signature)};
  }
  if (equal(host_key_, exchange.host_key)) {  // a later exchange with the key that was accepted
    send_newkeys();
    return std::nullopt;
  }
  // RFC 4253 section 9 [4253-9-6]: the first exchange, or one with another key than before.
  // RFC 4251 section 4.1: the application judges.
  stage_ = Stage::awaiting_host_key;
  return HostKeyOffered{exchange.host_key, exchange.algorithms.host_key};
}

void KeyExchange::accept_host_key() {
  expect(Stage::awaiting_host_key, "a decision on the host key");
  host_key_ = exchange_->host_key;
  send_newkeys();
}

// RFC 4253 section 8 [4253-8-8]: the server proves with it that it owns K_S and computed the same H.
void KeyExchange::verify_signature(Bytes signature) const {
  const Exchange& exchange = *exchange_;
  const std::string& algorithm = exchange.algorithms.host_key;
  const std::string_view message = step_name(exchange.family, KexStep::reply);
  const Credential credential = Credential::decode(exchange.host_key);
  if (!credential.signs_with(algorithm)) {
    throw ProtocolError(
        DisconnectReason::key_exchange_failed,
        fmt::format("{}: K_S is of type {}, but {} was negotiated", message, credential.type(), algorithm));
  }
  if (!credential.key().verify(algorithm, exchange.hash.bytes(), signature)) {
    throw ProtocolError(DisconnectReason::key_exchange_failed,
                        fmt::format("{}: the signature over the exchange hash is wrong", message));
  }
  note("host key",
       fmt::format("{} {}: its {} signature over H is right", credential.type(), credential.fingerprint(), algorithm));
}

ExchangeParts KeyExchange::hash_parts() const {
  const Exchange& exchange = *exchange_;
  const bool we_are_client = settings_.role == Role::client;
  return {.kex = exchange.algorithms.kex,
          .client_version = client_version_,
          .server_version = server_version_,
          .client_kexinit = we_are_client ? exchange.our_kexinit : exchange.peer_kexinit,
          .server_kexinit = we_are_client ? exchange.peer_kexinit : exchange.our_kexinit,
          .host_key = exchange.host_key,
          .group = exchange.hashed_group,
          .client_share = we_are_client ? exchange.our_share : exchange.peer_share,
          .server_share = we_are_client ? exchange.peer_share : exchange.our_share,
          .shared_secret = exchange.shared_secret.reveal()};
}

void KeyExchange::compute_exchange_hash() {
  Exchange& exchange = *exchange_;
  const KexMethod& method = *exchange.method;
  exchange.shared_secret = encode_shared_secret(method);
  exchange.hash = exchange_hash(hash_parts(), method.hash(), method.shares_are_mpints());

  // RFC 4253 sections 7.2 and 9 [4253-7.2-1] [4253-9-5]: the first H names the session, for good.
  if (!first_done()) session_id_ = copy_of(exchange.hash.bytes());
  if (settings_.key_log) {
    settings_.key_log(exchange.client_cookie, exchange.server_cookie, exchange.shared_secret.reveal(),
                      method.ephemeral_private());
  }
  if (trace_ != nullptr) note_exchange_hash();
}

void KeyExchange::note_exchange_hash() const {
  const Exchange& exchange = *exchange_;
  const ExchangeParts parts = hash_parts();
  const auto& [min, n, max] = exchange.group_sizes;
  const bool group_exchange = exchange.family == KexFamily::group_exchange;
  const std::string group = !group_exchange ? ""
                                            : fmt::format("min = {}, n = {}, max = {}\np   = {}\ng   = {}\n", min, n,
                                                          max, hex(exchange.group.p), hex(exchange.group.g));
  const bool integers = exchange.method->shares_are_mpints();
  note("exchange hash",
       fmt::format("{} over, in this order ({}):\n"
                   "V_C = \"{}\"\nV_S = \"{}\"\n"
                   "I_C = the client's SSH_MSG_KEXINIT, {} bytes\n"
                   "I_S = the server's SSH_MSG_KEXINIT, {} bytes\n"
                   "K_S = the host key, {} bytes: {}\n{}"
                   "{} = {}\n{} = {}\n"
                   "K   = the shared secret, {} bytes, known to both ends only (hidden)\n"
                   "H   = {}{}",
                   hash_text(exchange.method->hash()),
                   group_exchange ? "RFC 4419 section 3"
                   : integers     ? "RFC 4253 section 8"
                                  : "RFC 4253 section 8, RFC 5656 section 4",
                   parts.client_version, parts.server_version, parts.client_kexinit.size(), parts.server_kexinit.size(),
                   parts.host_key.size(), Credential::decode(parts.host_key).fingerprint(), group,
                   integers ? "e  " : "Q_C", hex(parts.client_share), integers ? "f  " : "Q_S", hex(parts.server_share),
                   parts.shared_secret.size(), hex(exchange.hash.bytes()),
                   equal(session_id_, exchange.hash.bytes()) ? " (this is also the session identifier)" : ""));
}

// RFC 4253 section 7.3 [4253-7.3-1] [4253-7.3-2]: NEWKEYS under the old keys, everything after it under the new ones.
// Until here nothing changes, in a later exchange either [4253-9-4]; then all is new [4253-9-7].
void KeyExchange::send_newkeys() {
  const Exchange& exchange = *exchange_;
  writer_.send(msg::NewKeys{});
  const bool we_are_client = settings_.role == Role::client;
  const CipherNames names = names_for(we_are_client);
  CipherKeys keys = keys_for(names, we_are_client);
  if (kept_keys_ != nullptr) kept_keys_->writing = {names, keys.clone()};
  // OpenSSH PROTOCOL section 1.9 [openssh-strict-kex-1.9-7] [openssh-strict-kex-1.9-9]: at every NEWKEYS of the
  // connection.
  writer_.use(make_sealer(names, std::move(keys)), names.cipher, strict_,
              we_are_client ? exchange.algorithms.compression_client_to_server
                            : exchange.algorithms.compression_server_to_client);
  stage_ = Stage::expecting_newkeys;
}

// RFC 4253 section 7.3 [4253-7.3-3]: everything that comes after it is read with the new keys.
std::optional<KexEvent> KeyExchange::on_newkeys(Bytes payload) {
  expect(Stage::expecting_newkeys, "SSH_MSG_NEWKEYS");
  decode<msg::NewKeys>(payload);
  const Exchange& exchange = *exchange_;
  const bool from_client = settings_.role == Role::server;
  const CipherNames names = names_for(from_client);
  CipherKeys keys = keys_for(names, from_client);
  if (kept_keys_ != nullptr) kept_keys_->reading = {names, keys.clone()};
  // OpenSSH PROTOCOL section 1.9 [openssh-strict-kex-1.9-8] [openssh-strict-kex-1.9-9]: the number of received packets
  // restarts at 0, every time.
  reader_.use(make_opener(names, std::move(keys)), names.cipher, strict_,
              from_client ? exchange.algorithms.compression_client_to_server
                          : exchange.algorithms.compression_server_to_client);
  algorithms_ = exchange.algorithms;
  exchange_.reset();
  stage_ = Stage::idle;
  return KeysChanged{std::exchange(changed_once_, true) == false};
}

CipherNames KeyExchange::names_for(bool sent_by_client) const {
  const Algorithms& chosen = exchange_->algorithms;
  return sent_by_client ? CipherNames{chosen.cipher_client_to_server, chosen.mac_client_to_server}
                        : CipherNames{chosen.cipher_server_to_client, chosen.mac_server_to_client};
}

// RFC 4253 section 7.2 [4253-7.2-3]: A, C, E for what the client sends, B, D, F for what the server sends; by the hash
// of the method [4253-7.2-2].
CipherKeys KeyExchange::keys_for(const CipherNames& names, bool sent_by_client) const {
  const Exchange& exchange = *exchange_;
  const CipherKeySizes sizes = cipher_key_sizes(names);
  const auto derive = [&](char client_letter, std::size_t size) {
    const char letter = static_cast<char>(client_letter + (sent_by_client ? 0 : 1));
    return derive_key(exchange.method->hash(), exchange.shared_secret.reveal(), exchange.hash.bytes(), letter,
                      session_id_, size);
  };
  return {derive('A', sizes.iv), derive('C', sizes.key), derive('E', sizes.mac_key)};
}

bool KeyExchange::waiting() const { return stage_ == Stage::awaiting_signature || stage_ == Stage::awaiting_host_key; }

bool KeyExchange::peer_started() const { return exchange_ != nullptr && !exchange_->peer_kexinit.empty(); }

bool KeyExchange::awaits_wrong_guess() const { return exchange_ != nullptr && exchange_->ignore_next; }

KexFamily KeyExchange::family() const { return exchange_ == nullptr ? KexFamily::unknown : exchange_->family; }

// A key exchange message out of order: RFC 4253 section 7.1 [4253-7.1-32] forbids a second KEXINIT, and nothing allows
// the rest.
void KeyExchange::expect(Stage stage, std::string_view message) const {
  if (stage_ == stage) return;
  constexpr std::string_view texts[] = {"while no key exchange runs",
                                        "while SSH_MSG_KEXINIT is expected",
                                        "while the client's request for a group is expected",
                                        "while the server's group is expected",
                                        "while the client's share is expected",
                                        "while the host key signs",
                                        "while the server's share is expected",
                                        "while the host key is judged",
                                        "while SSH_MSG_NEWKEYS is expected"};
  throw ProtocolError(fmt::format("{}: not expected {}", message, texts[static_cast<std::size_t>(stage_)]));
}

// RFC 8332 section 3.1 [8332-3.1-1]: for rsa-sha2-256 and rsa-sha2-512 that is a key of type ssh-rsa; the application
// signs by the algorithm's own name.
Bytes KeyExchange::host_key_for(std::string_view algorithm) const {
  const auto type = key_type_of_algorithm(algorithm);
  const auto found = std::find_if(settings_.host_keys.begin(), settings_.host_keys.end(),
                                  [&](const HostKey& key) { return key.type == type; });
  if (found == settings_.host_keys.end()) {
    throw std::logic_error(fmt::format("{} was offered without a host key for it", algorithm));
  }
  return found->blob;
}

void KeyExchange::note(std::string_view topic, std::string_view text) const {
  if (trace_ != nullptr) trace_->note(topic, text);
}

// What was chosen, and what lost: the names that the client preferred and the server does not have.
void KeyExchange::note_negotiation(const msg::KexInit& client, const msg::KexInit& server) const {
  if (trace_ == nullptr) return;
  const Algorithms& chosen = exchange_->algorithms;
  const auto line = [](std::string_view what, const std::string& winner, NameList ours, NameList theirs) {
    if (winner.empty()) return fmt::format("{}: none, for the cipher brings its own\n", what);
    std::string missing;
    std::string later;
    bool won = false;
    for (const std::string_view name : split_names(ours.text)) {
      if (is_marker(name)) continue;
      if (name == winner) {
        won = true;
        continue;
      }
      std::string& list = won ? later : missing;
      list += fmt::format("{}{}{}", list.empty() ? "" : ", ", name,
                          won || contains_name(theirs.text, name) ? "" : " (the server has it not)");
    }
    return fmt::format("{}: {}{}{}{}{}\n", what, winner,
                       missing.empty() ? "" : "\n    preferred by the client, but lost: ", missing,
                       later.empty() ? "" : "\n    lower on the client's list: ", later);
  };
  note("negotiation",
       line("key exchange", chosen.kex, client.kex_algorithms, server.kex_algorithms) +
           line("host key", chosen.host_key, client.server_host_key_algorithms, server.server_host_key_algorithms) +
           line("cipher, client to server", chosen.cipher_client_to_server,
                client.encryption_algorithms_client_to_server, server.encryption_algorithms_client_to_server) +
           line("cipher, server to client", chosen.cipher_server_to_client,
                client.encryption_algorithms_server_to_client, server.encryption_algorithms_server_to_client) +
           line("MAC, client to server", chosen.mac_client_to_server, client.mac_algorithms_client_to_server,
                server.mac_algorithms_client_to_server) +
           line("MAC, server to client", chosen.mac_server_to_client, client.mac_algorithms_server_to_client,
                server.mac_algorithms_server_to_client) +
           line("compression, client to server", chosen.compression_client_to_server,
                client.compression_algorithms_client_to_server, server.compression_algorithms_client_to_server) +
           line("compression, server to client", chosen.compression_server_to_client,
                client.compression_algorithms_server_to_client, server.compression_algorithms_server_to_client) +
           fmt::format("strict key exchange: {}",
                       strict_ ? "yes, both sides offer it" : "no, the peer does not offer it"));
}

}  // namespace glassh
