// One publickey request as the server reads it: RFC 4252 section 7, RFC 8332 for RSA, and the host-bound form of
// OpenSSH PROTOCOL section 3.1.
//
// It says which credential is offered, and that the signature (if there is one) is right for this session and for the
// request. Whether it may log in is asked elsewhere. It keeps no state, so nothing of one request can leak into the
// next.
//
//   const auto offer = read_publickey_request(request, {session_id, host_key, algorithms}, why);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/keys/credential.h"
#include "proto/messages_auth.h"

namespace glassh {

struct PublicKeyContext {
  Bytes session_id;
  Bytes server_host_key;                                // of this connection's first key exchange
  const std::vector<std::string>& accepted_algorithms;  // PubkeyAcceptedAlgorithms
};
struct PublicKeyOffer {
  Credential credential;
  std::string algorithm;
  bool proved = false;  // signed, and the signature is right; false: a query without a signature
};

bool is_publickey_method(std::string_view method_name);  // either form

// Returns nullopt if the request fails; `why` tells the reason. Throws ProtocolError if the method's fields do not
// decode.
std::optional<PublicKeyOffer> read_publickey_request(const msg::UserauthRequest& request,
                                                     const PublicKeyContext& context, std::string& why);

}  // namespace glassh
