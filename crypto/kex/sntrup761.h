// sntrup761, the key encapsulation Streamlined NTRU Prime (NTRU Prime's round 3 specification), with its names.
//
// A ciphertext that was not made for the key gives another secret, and no error. What depends on a secret takes the
// same time and touches the same memory whatever the secret is, and is wiped. How SSH uses it is in
// crypto/kex/kex_hybrid.h; the polynomials are in crypto/kex/sntrup761_ring.h, their bytes in
// crypto/kex/sntrup761_encoding.h.
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
// Throw std::invalid_argument if a length is wrong; otherwise every public key and every ciphertext gives a secret.
Encapsulated encap(Bytes public_key, Rng& rng);
SecretBytes decap(Bytes secret_key, Bytes ciphertext);

}  // namespace glassh::sntrup761
