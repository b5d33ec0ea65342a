#include "auth/publickey_request.h"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/keys/key_type.h"
#include "proto/error.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

// Both forms in the shape of the longer one; server_host_key is empty in the plain form.
msg::PublicKeyHostboundRequest decode_tail(const msg::UserauthRequest& request) {
  const Bytes fields = request.method_fields.bytes;
  if (request.method_name == msg::PublicKeyHostboundRequest::name)
    return decode<msg::PublicKeyHostboundRequest>(fields);
  const auto plain = decode<msg::PublicKeyRequest>(fields);
  return {plain.has_signature, plain.algorithm, plain.public_key, {}, plain.signature};
}

// A key that does not decode is one that cannot log in, not a broken message: its string was well-formed.
std::optional<Credential> decode_credential(Bytes blob, std::string& why) {
  try {
    return Credential::decode(blob);
  } catch (const ProtocolError& error) {
    why = error.what();
    return std::nullopt;
  }
}

// RFC 4252 section 7 [4252-7-13]: the session identifier, then the request up to its signature. RFC 4251 section 5
// [4251-5-1] [4251-5-2]: whatever octet the client has for TRUE, it is 1 in what is signed. The signature names the
// same algorithm as the request (RFC 8332 section 3.2 [8332-3.2-1]); PublicKey::verify sees to it, and to the length
// and the shape of the signature [8332-3-4].
bool verify(const msg::UserauthRequest& request, const PublicKey& key, const msg::PublicKeyHostboundRequest& tail,
            Bytes session_id) {
  msg::PublicKeySignedData data;
  data.session_identifier = session_id;
  data.user_name = request.user_name;
  data.service_name = request.service_name;
  data.method_name = request.method_name;
  data.algorithm = tail.algorithm;
  data.public_key = tail.public_key;
  data.server_host_key = tail.server_host_key;
  return key.verify(tail.algorithm, encode(data), tail.signature);
}

}  // namespace

bool is_publickey_method(std::string_view method_name) {
  return method_name == msg::PublicKeyRequest::name || method_name == msg::PublicKeyHostboundRequest::name;
}

std::optional<PublicKeyOffer> read_publickey_request(const msg::UserauthRequest& request,
                                                     const PublicKeyContext& context, std::string& why) {
  const msg::PublicKeyHostboundRequest tail = decode_tail(request);
  // RFC 4252 section 7 [4252-7-7]: an algorithm that we do not have fails this request and nothing else. [4252-7-8]:
  // the list is one of its own; what the key exchange negotiated does not matter.
  const auto& accepted = context.accepted_algorithms;
  if (std::find(accepted.begin(), accepted.end(), tail.algorithm) == accepted.end()) {
    why =
        fmt::format("signature algorithm {} not in PubkeyAcceptedAlgorithms", made_safe(tail.algorithm, TextFor::name));
    return std::nullopt;
  }
  std::optional<Credential> credential = decode_credential(tail.public_key, why);
  if (!credential) return std::nullopt;
  const std::string shown = fmt::format("{} {}", credential->type(), credential->fingerprint());
  // RFC 8332 section 3 [8332-3-3]: rsa-sha2-256 and rsa-sha2-512 sign with keys of type ssh-rsa; the others with their
  // own.
  if (!credential->signs_with(tail.algorithm)) {
    why = fmt::format("algorithm {} does not fit {}", tail.algorithm, shown);
    return std::nullopt;
  }
  // OpenSSH PROTOCOL section 3.1: the signature is for this server; one that was lured out of the user for another
  // server's key is worth nothing here.
  const bool hostbound = request.method_name == msg::PublicKeyHostboundRequest::name;
  if (hostbound && !equal(tail.server_host_key, context.server_host_key)) {
    why = fmt::format("{}: the server_host_key in the request is not this connection's", shown);
    return std::nullopt;
  }
  // RFC 4252 section 7 [4252-7-3] [4252-7-15]: the signature is verified. The application is asked next whether the key
  // may log in [4252-7-14]; whichever of the two fails, the client gets the same answer [4252-7-5].
  if (tail.has_signature && !verify(request, credential->key(), tail, context.session_id)) {
    why = fmt::format("{}: the signature is wrong", shown);
    return std::nullopt;
  }
  return PublicKeyOffer{std::move(*credential), std::string(tail.algorithm), tail.has_signature};
}

}  // namespace glassh
