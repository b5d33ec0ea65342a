#include "auth/client_auth.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

namespace {

constexpr std::string_view connection_service = "ssh-connection";

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool list_contains(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// RFC 4253 section 6.6: a signature blob begins with its algorithm's name.
std::string_view algorithm_of_signature(Bytes blob) {
  std::string_view algorithm;
  try {
    Decoder("signature", blob)("algorithm", algorithm);
  } catch (const ProtocolError&) {
    return "";
  }
  return algorithm;
}

}  // namespace

struct ClientAuth::State {
  // What the server owes us: nothing, an answer to `none`, to a query, to a signed request; or we wait for the
  // application's signature.
  enum class Stage { idle, none_sent, query_sent, signature_wanted, request_sent, succeeded, failed };

  ClientAuthSettings settings;
  Bytes session_id;
  const std::vector<std::string>& server_sig_algs;
  PacketWriter& writer;
  TraceSink* trace;

  Stage stage = Stage::idle;
  std::size_t next_identity = 0;
  std::size_t identity = 0;  // the one being tried
  std::string algorithm;     // for it
  std::string methods;       // authentications_that_can_continue of the last FAILURE
  std::vector<std::uint8_t> signed_data;

  std::optional<ClientAuthEvent> on_failure(const msg::UserauthFailure& message);
  std::optional<ClientAuthEvent> on_success();
  std::optional<ClientAuthEvent> on_pk_ok(const msg::UserauthPkOk& message);
  std::optional<ClientAuthEvent> try_next();
  std::string_view choose_algorithm(const PublicKey& key) const;
  void send_query(const PublicKey& key);
  void send_request(std::string_view method, Bytes method_fields);
  void expect(bool allowed, std::string_view message) const;
  void note(std::string_view text) const;
};

ClientAuth::ClientAuth(ClientAuthSettings settings, Bytes session_id, const std::vector<std::string>& server_sig_algs,
                       PacketWriter& writer, TraceSink* trace)
    : state_(new State{
          std::move(settings), session_id, server_sig_algs, writer, trace, State::Stage::idle, 0, 0, {}, {}, {}}) {}

ClientAuth::~ClientAuth() = default;

bool ClientAuth::waiting() const { return state_->stage == State::Stage::signature_wanted; }
bool ClientAuth::done() const { return state_->stage == State::Stage::succeeded; }

// RFC 4252 section 4 [4252-4-2]: asked first, for it costs nothing and the answer tells what the server takes.
void ClientAuth::start() {
  if (state_->stage != State::Stage::idle) throw std::logic_error("ClientAuth: start() twice");
  state_->stage = State::Stage::none_sent;
  state_->send_request(msg::NoneRequest::name, {});
}

std::optional<ClientAuthEvent> ClientAuth::on_payload(Bytes payload) {
  State& s = *state_;
  switch (payload[0]) {
    case msg::UserauthBanner::number: {
      // RFC 4252 section 5.4 [4252-5.4-1]: at any time before success.
      const auto message = decode<msg::UserauthBanner>(payload);
      s.expect(s.stage != State::Stage::succeeded, message.name);
      return BannerArrived{message.message};
    }
    case msg::UserauthFailure::number:
      return s.on_failure(decode<msg::UserauthFailure>(payload));
    case msg::UserauthSuccess::number:
      decode<msg::UserauthSuccess>(payload);
      return s.on_success();
    case msg::UserauthPkOk::number:  // 60 belongs to the method of the last request, and means this only to a query
      s.expect(s.stage == State::Stage::query_sent, "message 60");
      return s.on_pk_ok(decode<msg::UserauthPkOk>(payload));
  }
  throw ProtocolError(fmt::format("message {}: a server does not send it during authentication", payload[0]));
}

std::optional<ClientAuthEvent> ClientAuth::State::on_success() {
  // RFC 4252 section 5.1 [4252-5.1-12]: once, and in answer to something that could succeed. Section 7 [4252-7-9]: a
  // query could not.
  expect(stage == Stage::none_sent || stage == Stage::request_sent, msg::UserauthSuccess::name);
  const bool by_key = std::exchange(stage, Stage::succeeded) == Stage::request_sent;
  if (!by_key) return AuthenticationSucceeded{msg::NoneRequest::name, std::nullopt};
  note("accepted");
  return AuthenticationSucceeded{msg::PublicKeyRequest::name, identity};
}

std::optional<ClientAuthEvent> ClientAuth::State::on_failure(const msg::UserauthFailure& message) {
  expect(stage == Stage::none_sent || stage == Stage::query_sent || stage == Stage::request_sent, message.name);
  methods = message.authentications_that_can_continue.text;
  if (stage != Stage::none_sent) {
    // RFC 4252 section 5.1 [4252-5.1-4]: it was right, and is not enough; the server may want another key as well.
    note(message.partial_success ? "accepted, but the server wants more" : "refused by the server");
  }
  return try_next();
}

// RFC 4252 section 7 [4252-7-10] [4252-7-11]: the server would take a signature by the key that we asked about.
std::optional<ClientAuthEvent> ClientAuth::State::on_pk_ok(const msg::UserauthPkOk& message) {
  const PublicKey& key = settings.identities[identity];
  if (message.algorithm != algorithm || !equal(message.public_key, key.blob())) {
    throw ProtocolError(fmt::format("{}: algorithm {:?} and public_key are not the ones that we asked about",
                                    message.name, message.algorithm));
  }
  note("the server would take it");
  msg::PublicKeySignedData data;
  data.session_identifier = session_id;
  data.user_name = settings.user;
  data.service_name = connection_service;
  data.algorithm = algorithm;
  data.public_key = key.blob();
  signed_data = encode(data);
  stage = Stage::signature_wanted;
  return UserSignatureWanted{identity, algorithm, signed_data};
}

bool ClientAuth::provide_signature(Bytes signature) {
  State& s = *state_;
  if (!waiting()) throw std::logic_error("ClientAuth: provide_signature() without UserSignatureWanted");
  // RFC 8332 section 3.2 [8332-3.2-1]: the signature names the request's algorithm. Old agents sign with another.
  if (algorithm_of_signature(signature) != s.algorithm) {
    s.note(fmt::format("the signature made for it is {:?}", algorithm_of_signature(signature)));
    return false;
  }
  const msg::PublicKeyRequest tail{true, s.algorithm, s.settings.identities[s.identity].blob(), signature};
  s.stage = State::Stage::request_sent;
  s.send_request(tail.name, encode(tail));
  return true;
}

std::optional<ClientAuthEvent> ClientAuth::cannot_sign() {
  if (!waiting()) throw std::logic_error("ClientAuth: cannot_sign() without UserSignatureWanted");
  state_->note("cannot sign");
  return state_->try_next();
}

// RFC 4252 section 5.1 [4252-5.1-10]: called only when no request of ours is unanswered.
std::optional<ClientAuthEvent> ClientAuth::State::try_next() {
  const bool publickey = list_contains(methods, msg::PublicKeyRequest::name);
  while (publickey && next_identity < settings.identities.size()) {
    identity = next_identity++;
    const PublicKey& key = settings.identities[identity];
    algorithm = choose_algorithm(key);
    if (algorithm.empty()) {
      note("skipped: no signature algorithm that both sides accept");
      continue;
    }
    send_query(key);
    return std::nullopt;
  }
  stage = Stage::failed;
  return AuthenticationFailed{methods};
}

// RFC 8308 section 3.1 [8308-3.1-2]: server-sig-algs names all that the server might accept. Without it nothing is
// known [8308-3.1-6], and the first algorithm of ours that fits the key is tried (RFC 8332 section 3.3 [8332-3.3-2]:
// for RSA one with SHA-2; SHA-1 we do not have).
std::string_view ClientAuth::State::choose_algorithm(const PublicKey& key) const {
  for (const std::string& candidate : settings.accepted_algorithms) {
    if (key_type_of_algorithm(candidate) != key.type()) continue;
    if (server_sig_algs.empty() || contains(server_sig_algs, candidate)) return candidate;
  }
  return "";
}

// RFC 4252 section 5 [4252-5-15] and section 7 [4252-7-1] [4252-7-9]: a signature costs (a passphrase, a touch), so
// first it is asked whether it would do.
void ClientAuth::State::send_query(const PublicKey& key) {
  note(fmt::format("offered with {}", algorithm));
  const msg::PublicKeyRequest tail{false, algorithm, key.blob(), {}};
  stage = Stage::query_sent;
  send_request(tail.name, encode(tail));
}

// RFC 4252 section 5 [4252-5-1].
void ClientAuth::State::send_request(std::string_view method, Bytes method_fields) {
  writer.send(msg::UserauthRequest{settings.user, connection_service, method, Rest{method_fields}});
}

void ClientAuth::State::expect(bool allowed, std::string_view message) const {
  if (allowed) return;
  throw ProtocolError(fmt::format("{}: it answers nothing that we asked", message));
}

// About the identity being tried.
void ClientAuth::State::note(std::string_view text) const {
  if (trace == nullptr) return;
  const PublicKey& key = settings.identities[identity];
  trace->note("authentication", fmt::format("publickey {} {}: {}", key.type(), key.fingerprint(), text));
}

}  // namespace glassh
