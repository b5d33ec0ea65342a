// X25519 (RFC 7748): makes a fresh private key with its public key, then the shared secret from the peer's public key.
//
// Two kinds of key exchange methods use it: curve25519-sha256 (crypto/kex/kex_curve25519.h), and the post-quantum
// hybrids (crypto/kex/kex_hybrid.h) as their second half. They, not this class, word the error for a bad share.
//
//   X25519 ours;  send(ours.generate(rng));  if (std::optional<SecretBytes> secret = ours.agree(theirs)) …
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "crypto/rng.h"
#include "proto/secret_bytes.h"

typedef struct evp_pkey_st EVP_PKEY;

namespace glassh {

class X25519 {
 public:
  static constexpr std::size_t key_size = 32;

  // Makes a fresh key pair. Returns the public key, a view into this object.
  Bytes generate(Rng& rng);
  // Empty before generate(); for --keylog.
  Bytes private_key() const { return private_key_.reveal(); }
  // To be called after generate(). `peer` must have 32 bytes. Returns nullopt if it is a point of small order.
  std::optional<SecretBytes> agree(Bytes peer) const;

 private:
  SecretBytes private_key_;        // 32 random bytes; X25519 itself clears and sets the bits that RFC 7748 fixes
  std::shared_ptr<EVP_PKEY> key_;  // the same key as libcrypto's object, which also computes the public key
  std::array<std::uint8_t, key_size> public_key_{};
};

}  // namespace glassh
