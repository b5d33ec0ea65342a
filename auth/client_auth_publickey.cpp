#include "auth/client_auth_publickey.h"

#include <algorithm>

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

namespace {

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

MethodStep ClientPublickey::begin() {
  if (!candidates_) return MethodStep::asks(IdentitiesWanted{});
  return try_next();
}

MethodStep ClientPublickey::provide_identities(std::vector<std::optional<Credential>> identities) {
  candidates_.emplace();
  for (std::optional<Credential>& credential : identities) candidates_->push_back({std::move(credential), false});
  return try_next();
}

MethodStep ClientPublickey::provide_public_half(PublicKey key) {
  (*candidates_)[identity_].credential = Credential(std::move(key));
  return query() ? MethodStep{} : try_next();
}

// Of any question of this method: without a list there are no keys, without a half or a signature there is the next.
MethodStep ClientPublickey::decline() {
  if (!candidates_) return provide_identities({});
  note("cannot be used");
  return try_next();
}

void ClientPublickey::on_failure(bool partial_success) {
  // RFC 4252 section 5.1 [4252-5.1-4]: it was right, and is not enough; the server may want another key as well.
  const bool accepted = partial_success && owed_ == Owed::answer_to_request;
  note(accepted ? "accepted, but the server wants more" : "refused by the server");
  if (accepted) (*candidates_)[identity_].used = true;
  owed_ = Owed::nothing;
}

void ClientPublickey::start_over() { next_ = 0; }

// RFC 4252 section 5.1 [4252-5.1-10]: called only when no request of ours is unanswered.
MethodStep ClientPublickey::try_next() {
  while (next_ < candidates_->size()) {
    identity_ = next_++;
    const Candidate& candidate = (*candidates_)[identity_];
    if (candidate.used) continue;
    if (!candidate.credential) return MethodStep::asks(PublicHalfWanted{identity_});
    if (query()) return {};
  }
  return MethodStep::exhausted();
}

// RFC 4252 section 5 [4252-5-15] and section 7 [4252-7-1] [4252-7-9]: a signature costs (a passphrase, a touch), so
// first it is asked whether it would do. False if no algorithm fits.
bool ClientPublickey::query() {
  const Credential& credential = *(*candidates_)[identity_].credential;
  algorithm_ = choose_algorithm(credential);
  if (algorithm_.empty()) {
    note("skipped: no signature algorithm that both sides accept");
    return false;
  }
  note(fmt::format("offered with {}", algorithm_));
  send_request(msg::PublicKeyRequest{false, algorithm_, credential.blob(), {}});
  owed_ = Owed::answer_to_query;
  return true;
}

// RFC 8308 section 3.1 [8308-3.1-2]: server-sig-algs names all that the server might accept. Without it nothing is
// known [8308-3.1-6], and the first algorithm of ours that fits the key is tried (RFC 8332 section 3.3 [8332-3.3-2]:
// for RSA one with SHA-2; SHA-1 we do not have).
std::string_view ClientPublickey::choose_algorithm(const Credential& credential) const {
  const std::vector<std::string>& theirs = *server_.sig_algs;
  for (const std::string& candidate : settings_.accepted_algorithms) {
    if (!credential.signs_with(candidate)) continue;
    if (theirs.empty() || std::find(theirs.begin(), theirs.end(), candidate) != theirs.end()) return candidate;
  }
  return "";
}

// RFC 4252 section 7 [4252-7-10] [4252-7-11]: the server would take a signature by the key that we asked about. By
// another one it gets none (past vulnerability 12).
MethodStep ClientPublickey::on_message(Bytes payload) {
  if (payload[0] != msg::UserauthPkOk::number || owed_ != Owed::answer_to_query) {
    throw ProtocolError(fmt::format("message {}: it answers nothing that we asked", payload[0]));
  }
  const auto message = decode<msg::UserauthPkOk>(payload);
  const Credential& credential = *(*candidates_)[identity_].credential;
  // Deviation: node's ssh2 answers a question about rsa-sha2-512 with the name of the key's type, ssh-rsa. What we sign
  // with stays what we asked about.
  const bool answers = message.algorithm == algorithm_ || message.algorithm == credential.type();
  if (!answers || !equal(message.public_key, credential.blob())) {
    throw ProtocolError(fmt::format("{}: algorithm {:?} and public_key are not the ones that we asked about",
                                    message.name, message.algorithm));
  }
  note("the server would take it");
  owed_ = Owed::nothing;
  msg::PublicKeySignedData data;
  data.session_identifier = server_.session_id;
  data.user_name = settings_.user;
  data.service_name = "ssh-connection";
  data.algorithm = algorithm_;
  data.public_key = credential.blob();
  if (host_bound()) {
    data.method_name = msg::PublicKeyHostboundRequest::name;
    data.server_host_key = server_.host_key;
  }
  signed_data_ = encode(data);
  return MethodStep::asks(UserSignatureWanted{identity_, algorithm_, signed_data_});
}

std::optional<MethodStep> ClientPublickey::provide_signature(Bytes signature) {
  // RFC 8332 section 3.2 [8332-3.2-1]: the signature names the request's algorithm. Old agents sign with another.
  if (algorithm_of_signature(signature) != algorithm_) {
    note(fmt::format("the signature made for it is {:?}", algorithm_of_signature(signature)));
    return std::nullopt;
  }
  const Bytes blob = (*candidates_)[identity_].credential->blob();
  // OpenSSH PROTOCOL section 3.1: preferred where the server announced it. The server's key is signed along with the
  // rest, so that an agent or a server can see that the signature was made for this server and no other.
  if (host_bound()) {
    send_request(msg::PublicKeyHostboundRequest{true, algorithm_, blob, server_.host_key, signature});
  } else {
    send_request(msg::PublicKeyRequest{true, algorithm_, blob, signature});
  }
  owed_ = Owed::answer_to_request;
  proved_something_ = true;
  return MethodStep{};
}

// About the identity being tried.
void ClientPublickey::note(std::string_view text) const {
  if (trace_ == nullptr) return;
  const std::optional<Credential>& offered = (*candidates_)[identity_].credential;
  const std::string who =
      offered ? fmt::format("{} {}", offered->type(), offered->fingerprint()) : "of an encrypted file";
  trace_->note("authentication", fmt::format("publickey {}: {}", who, text));
}

}  // namespace glassh
