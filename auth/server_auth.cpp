#include "auth/server_auth.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

namespace {

constexpr std::string_view connection_service = "ssh-connection";

// RFC 4252 section 5.4 [4252-5.4-5]: lines of a banner end in CR LF; files end them in LF.
std::string with_network_line_ends(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' && (out.empty() || out.back() != '\r')) out.push_back('\r');
    out.push_back(c);
  }
  return out;
}

// A key that does not decode is one that cannot log in, not a broken message: its string was well-formed.
std::optional<PublicKey> decode_key(Bytes blob, std::string& why) {
  try {
    return PublicKey::decode(blob);
  } catch (const ProtocolError& error) {
    why = error.what();
    return std::nullopt;
  }
}

}  // namespace

struct ServerAuth::State {
  enum class Stage { idle, settings_wanted, query_judged, login_judged, done };

  Bytes session_id;
  PacketWriter& writer;
  TraceSink* trace;

  ServerAuthSettings settings;  // from the first request on
  SecretBytes first_request;    // a copy, since its settings may take their time; it may hold a password

  Stage stage = Stage::idle;
  std::optional<std::string> user;  // of the first request, and so of all
  unsigned requests = 0;
  unsigned failures = 0;
  // Of the request that is being judged.
  std::optional<PublicKey> key;
  std::string algorithm;

  std::optional<ServerAuthEvent> on_request(Bytes payload);
  std::optional<ServerAuthEvent> on_publickey(Bytes payload, const msg::UserauthRequest& request);
  void check_user_and_service(const msg::UserauthRequest& request);
  bool verify(Bytes payload, const msg::PublicKeyRequest& tail) const;
  void send_banner();
  void fail(std::string_view method, std::string_view why);
  void note(std::string_view method, std::string_view text) const;
};

ServerAuth::ServerAuth(Bytes session_id, PacketWriter& writer, TraceSink* trace)
    : state_(new State{session_id, writer, trace, {}, {}, {}, {}, 0, 0, {}, {}}) {}

ServerAuth::~ServerAuth() = default;

bool ServerAuth::waiting() const { return state_->stage != State::Stage::idle && state_->stage != State::Stage::done; }
bool ServerAuth::done() const { return state_->stage == State::Stage::done; }
unsigned ServerAuth::failures() const { return state_->failures; }

std::optional<ServerAuthEvent> ServerAuth::on_payload(Bytes payload) {
  // RFC 4252 section 5.1 [4252-5.1-13] and section 5.3 [4252-5.3-1]: what comes after success is ignored.
  if (done()) return std::nullopt;
  // RFC 4252 section 5.1 [4252-5.1-9]: one request is finished before the next is begun.
  if (waiting()) throw std::logic_error("ServerAuth: a payload while an attempt is being judged");
  // RFC 4252 section 6 [4252-6-4]: no method here has further messages of the client's, and the others are ours to
  // send.
  if (payload[0] != msg::UserauthRequest::number) {
    throw ProtocolError(fmt::format("message {}: during authentication a client sends only {}", payload[0],
                                    msg::UserauthRequest::name));
  }
  return state_->on_request(payload);
}

std::optional<ServerAuthEvent> ServerAuth::provide_settings(ServerAuthSettings settings) {
  State& s = *state_;
  if (s.stage != State::Stage::settings_wanted) {
    throw std::logic_error("ServerAuth: provide_settings() without AuthSettingsWanted");
  }
  s.stage = State::Stage::idle;
  s.settings = std::move(settings);
  return s.on_request(s.first_request.reveal());
}

std::optional<ServerAuthEvent> ServerAuth::State::on_request(Bytes payload) {
  const auto request = decode<msg::UserauthRequest>(payload);
  check_user_and_service(request);
  if (!user) {
    user = request.user_name;
    first_request = SecretBytes(payload);
    stage = Stage::settings_wanted;
    return AuthSettingsWanted{*user};
  }
  if (++requests > settings.max_requests) {
    throw ProtocolError(DisconnectReason::no_more_auth_methods_available,
                        fmt::format("too many authentication requests; {} is the limit", settings.max_requests));
  }
  if (requests == 1) send_banner();

  if (request.method_name == msg::PublicKeyRequest::name && settings.publickey) return on_publickey(payload, request);
  if (request.method_name == msg::NoneRequest::name) {
    decode<msg::NoneRequest>(request.method_fields.bytes);
    // RFC 4252 section 5.2 [4252-5.2-2] [4252-5.2-3] and section 4 [4252-4-3]: everybody here has to prove who they
    // are.
    fail(msg::NoneRequest::name, "never enough");
    return std::nullopt;
  }
  // RFC 4252 section 5 [4252-5-11]: a method that we do not know or do not allow is a failure like any other.
  fail(request.method_name, "not a method that we allow");
  return std::nullopt;
}

// RFC 4252 section 5 [4252-5-3]: looked at in every request.
void ServerAuth::State::check_user_and_service(const msg::UserauthRequest& request) {
  // RFC 4252 section 5 [4252-5-6] [4252-5-7] [4252-5-8]: there is one service to log in to.
  if (request.service_name != connection_service) {
    throw ProtocolError(DisconnectReason::service_not_available,
                        fmt::format("{}: service_name is {:?}; there is only \"{}\"", request.name,
                                    request.service_name, connection_service));
  }
  // RFC 4252 section 5 [4252-5-4] [4252-5-5]: state about another user must not survive; we end the connection.
  if (user && request.user_name != *user) {
    throw ProtocolError(fmt::format("{}: user_name changed from {:?} to {:?}", request.name, *user, request.user_name));
  }
}

// RFC 4252 section 7 [4252-5-15] [4252-7-1] [4252-7-12]: with a query before it or without.
std::optional<ServerAuthEvent> ServerAuth::State::on_publickey(Bytes payload, const msg::UserauthRequest& request) {
  const auto tail = decode<msg::PublicKeyRequest>(request.method_fields.bytes);

  // RFC 4252 section 7 [4252-7-7]: an algorithm that we do not have fails this request and nothing else. [4252-7-8]:
  // the list is one of its own; what the key exchange negotiated does not matter.
  const auto& accepted = settings.accepted_algorithms;
  if (std::find(accepted.begin(), accepted.end(), tail.algorithm) == accepted.end()) {
    fail(request.method_name, fmt::format("algorithm {:?} is not accepted here", tail.algorithm));
    return std::nullopt;
  }
  std::string why;
  key = decode_key(tail.public_key, why);
  if (!key) {
    fail(request.method_name, why);
    return std::nullopt;
  }
  // RFC 8332 section 3 [8332-3-3]: rsa-sha2-256 and rsa-sha2-512 sign with keys of type ssh-rsa; the others with their
  // own.
  if (key_type_of_algorithm(tail.algorithm) != key->type()) {
    fail(request.method_name, fmt::format("algorithm {} does not fit a key of type {}", tail.algorithm, key->type()));
    return std::nullopt;
  }
  // RFC 4252 section 7 [4252-7-3] [4252-7-5] [4252-7-15]. That the key may log in [4252-7-14] is asked next, of the
  // application; whichever of the two fails, the client gets the same answer.
  if (tail.has_signature && !verify(payload, tail)) {
    fail(request.method_name, fmt::format("{} {}: the signature is wrong", key->type(), key->fingerprint()));
    return std::nullopt;
  }
  algorithm = tail.algorithm;
  stage = tail.has_signature ? Stage::login_judged : Stage::query_judged;
  return LoginAttempt{*user, msg::PublicKeyRequest::name, &*key, algorithm, tail.has_signature};
}

// RFC 4252 section 7 [4252-7-13]: the session identifier, then the request as it came, up to its signature. The
// signature names the same algorithm as the request (RFC 8332 section 3.2 [8332-3.2-1]); PublicKey::verify sees to it.
bool ServerAuth::State::verify(Bytes payload, const msg::PublicKeyRequest& tail) const {
  const std::size_t signature_field = 4 + tail.signature.size();
  const Bytes signed_part = payload.first(payload.size() - signature_field);
  std::vector<std::uint8_t> message(4 + session_id.size() + signed_part.size());
  Encoder field(message.data());
  field("session_identifier", session_id);
  field("request", Rest{signed_part});
  return key->verify(tail.algorithm, message, tail.signature);
}

std::optional<ServerAuthEvent> ServerAuth::decide(LoginDecision decision) {
  State& s = *state_;
  if (s.stage != State::Stage::query_judged && s.stage != State::Stage::login_judged) {
    throw std::logic_error("ServerAuth: decide() without a LoginAttempt");
  }
  const bool query = std::exchange(s.stage, State::Stage::idle) == State::Stage::query_judged;
  const std::string key_text = fmt::format("{} {}", s.key->type(), s.key->fingerprint());
  if (decision == LoginDecision::refuse) {
    // RFC 4252 section 7 [4252-7-2] [4252-7-5] [4252-7-9].
    s.fail(msg::PublicKeyRequest::name, fmt::format("{} may not log in as {:?}", key_text, *s.user));
    return std::nullopt;
  }
  if (query) {
    // RFC 4252 section 7 [4252-7-9] [4252-7-10]: the answer repeats the question. Nothing else is remembered of it: the
    // key that logs in is the one that signs.
    s.note(msg::PublicKeyRequest::name, fmt::format("{} would do", key_text));
    s.writer.send(msg::UserauthPkOk{s.algorithm, s.key->blob()});
    return std::nullopt;
  }
  // RFC 4252 section 5.1 [4252-5.1-6] [4252-5.1-12] and section 7 [4252-7-4] [4252-7-16].
  s.stage = State::Stage::done;
  s.note(msg::PublicKeyRequest::name, fmt::format("{} logs in as {:?}", key_text, *s.user));
  s.writer.send(msg::UserauthSuccess{});
  return LoggedIn{*s.user, msg::PublicKeyRequest::name, &*s.key};
}

// RFC 4252 section 5.4 [4252-5.4-1].
void ServerAuth::State::send_banner() {
  if (settings.banner.empty()) return;
  const std::string text = with_network_line_ends(settings.banner);
  writer.send(msg::UserauthBanner{text, ""});
}

void ServerAuth::State::fail(std::string_view method, std::string_view why) {
  note(method, fmt::format("refused: {}", why));
  // A client asks `none` first, to learn what there is; that alone is no guess at anything.
  const bool free_of_charge = requests == 1 && method == msg::NoneRequest::name;
  if (!free_of_charge) ++failures;
  // RFC 4252 section 4 [4252-4-8] [4252-4-10]. The limit [4252-4-9] is MaxAuthTries, and as low as OpenSSH's.
  if (failures >= settings.max_tries) {
    throw ProtocolError(DisconnectReason::no_more_auth_methods_available, "too many authentication failures");
  }
  // RFC 4252 section 5.1 [4252-5.1-1] [4252-5.1-2] [4252-5.1-5]: what could help; and no part of it was a success.
  // Section 4 [4252-4-1] and section 5.2 [4252-5.2-4]: `none` is never in the list. Section 4 [4252-4-5]: requests come
  // in any order. One method is enough here, so there is never a partial success to report [4252-5.1-4] [4252-5.1-7].
  writer.send(msg::UserauthFailure{NameList{settings.publickey ? msg::PublicKeyRequest::name : ""}, false});
}

void ServerAuth::State::note(std::string_view method, std::string_view text) const {
  if (trace != nullptr) trace->note("authentication", fmt::format("{:?}: {}", method, text));
}

}  // namespace glassh
