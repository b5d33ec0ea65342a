// ML-KEM-768, the module-lattice key encapsulation of FIPS 203, whose names and algorithm numbers the code follows.
//
// The holder of an encapsulation key makes a shared secret, and a ciphertext that gives this secret to the owner of the
// decapsulation key. Any other ciphertext gives another secret and no error ("implicit rejection"). Time and memory
// accesses do not depend on a secret, and everything that depends on one is wiped.
//
// ML-KEM-512 and -1024 are not supported. The checks of a decapsulation key from outside (section 7.3) are not here
// either: ours never leaves the process. crypto/kex/kex_hybrid.h says how SSH uses ML-KEM.
//
//   const auto [ek, dk] = mlkem768::key_gen(rng);
//   const auto [ciphertext, theirs] = mlkem768::encaps(ek, rng);       // if is_encapsulation_key(ek)
//   const SecretBytes ours = mlkem768::decaps(dk, ciphertext);         // the same 32 bytes
#pragma once

#include <array>

#include "crypto/rng.h"
#include "proto/secret_bytes.h"

namespace glassh::mlkem768 {

// FIPS 203 section 8, table 3.
constexpr std::size_t encapsulation_key_size = 1184;
constexpr std::size_t decapsulation_key_size = 2400;
constexpr std::size_t ciphertext_size = 1088;
constexpr std::size_t shared_secret_size = 32;
constexpr std::size_t seed_size = 32;

using EncapsulationKey = std::array<std::uint8_t, encapsulation_key_size>;
using Ciphertext = std::array<std::uint8_t, ciphertext_size>;

struct KeyPair {
  EncapsulationKey encapsulation_key;
  SecretBytes decapsulation_key;
};
struct Encapsulated {
  Ciphertext ciphertext;
  SecretBytes shared_secret;
};

KeyPair key_gen(Rng& rng);  // algorithm 19
// Section 7.2: checks a key that came from the peer: its length, and that each number in it is below 3329.
bool is_encapsulation_key(Bytes bytes);
// Algorithm 20. `encapsulation_key` has passed is_encapsulation_key().
Encapsulated encaps(Bytes encapsulation_key, Rng& rng);
// Algorithm 21. Throws std::invalid_argument if a length is wrong. Every ciphertext of the right length gives a secret.
SecretBytes decaps(Bytes decapsulation_key, Bytes ciphertext);

// Algorithms 16 and 17: the same with given random seeds of 32 bytes each. For tests with known answers.
KeyPair key_gen_internal(Bytes d, Bytes z);
Encapsulated encaps_internal(Bytes encapsulation_key, Bytes m);

}  // namespace glassh::mlkem768
