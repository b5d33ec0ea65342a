// RFC 4253 section 7.2: from K, H and the session identifier to the six keys of a connection.
//
//   derive_key(HashName::sha256, encode_shared_secret(method).reveal(), H, 'C', session_id, 32)
#pragma once

#include "crypto/hash.h"
#include "crypto/kex/kex_method.h"
#include "proto/secret_bytes.h"

namespace glassh {

// K as it goes into the exchange hash and the derivation: an mpint or a string, length included, as the method says.
SecretBytes encode_shared_secret(const KexMethod& method);

// `size` bytes for the purpose `letter`, 'A' to 'F'; `encoded_shared_secret` as above.
SecretBytes derive_key(HashName hash, Bytes encoded_shared_secret, Bytes exchange_hash, char letter, Bytes session_id,
                       std::size_t size);

}  // namespace glassh
