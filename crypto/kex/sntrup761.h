// sntrup761, the key encapsulation Streamlined NTRU Prime (NTRU Prime's round 3 specification). The code uses the
// specification's names.
//
// A ciphertext that was not made for the key gives another secret and no error. Time and memory accesses do not depend
// on a secret, and everything that depends on one is wiped. The polynomials are in crypto/kex/sntrup761_ring.h, their
// bytes in crypto/kex/sntrup761_encoding.h. crypto/kex/kex_hybrid.h says how SSH uses it.
//
//   const auto [public_key, secret_key] = sntrup761::key_gen(rng);
//   const auto [ciphertext, theirs] = sntrup761::encap(public_key, rng);
//   const SecretBytes ours = sntrup761::decap(secret_key, ciphertext);   // the same 32 bytes
#pragma once

#include <array>

#include "crypto/rng.h"
#include "proto/secret_bytes.h"

namespace glassh::sntrup761 {

constexpr std::size_t public_key_size = 1158;
constexpr std::size_t secret_key_size = 1763;
constexpr std::size_t ciphertext_size = 1039;
constexpr std::size_t shared_secret_size = 32;

struct KeyPair {
  std::array<std::uint8_t, public_key_size> public_key;
  SecretBytes secret_key;
};
struct Encapsulated {
  std::array<std::uint8_t, ciphertext_size> ciphertext;
  SecretBytes shared_secret;
};

KeyPair key_gen(Rng& rng);
// Both throw std::invalid_argument if a length is wrong. Every public key and ciphertext of the right length gives a
// secret.
Encapsulated encap(Bytes public_key, Rng& rng);
SecretBytes decap(Bytes secret_key, Bytes ciphertext);

}  // namespace glassh::sntrup761
