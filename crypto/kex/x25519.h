// X25519 (RFC 7748): a fresh private key and the public one, then the secret that the peer's public key makes of it.
//
// Two key exchange methods stand on it: curve25519-sha256 (crypto/kex/kex_curve25519.h), and the post-quantum hybrids
// (crypto/kex/kex_hybrid.h), whose second half it is. What a bad share is called is theirs to say.
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

  // The public key: a view into this object.
  Bytes generate(Rng& rng);
  // Empty before generate(); for --keylog.
  Bytes private_key() const { return private_key_.reveal(); }
  // After generate(). `peer` has 32 bytes. Nothing if it is a point of small order.
  std::optional<SecretBytes> agree(Bytes peer) const;

 private:
  SecretBytes private_key_;        // 32 random bytes; X25519 itself clears and sets the bits that it must
  std::shared_ptr<EVP_PKEY> key_;  // the same for libcrypto, which works out the public key as it makes one
  std::array<std::uint8_t, key_size> public_key_{};
};

}  // namespace glassh
