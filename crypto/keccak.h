// SHA-3's hashes and extendable outputs (FIPS 202), which ML-KEM is built on. libcrypto computes them.
//
// SSH's own hashes are in crypto/hash.h. An extendable output has its whole length at once: libcrypto cannot squeeze
// more before 3.3, so who needs more asks again for more from the beginning.
//
//   std::array<std::uint8_t, 64> key_and_randomness;
//   keccak(Keccak::sha3_512, {message, hash_of_key}, key_and_randomness);
#pragma once

#include <initializer_list>

#include "proto/bytes.h"

namespace glassh {

enum class Keccak { sha3_256, sha3_512, shake128, shake256 };

// Of the parts one after the other. `output` has the hash's size (32 or 64); of shake128 and shake256 it may have any
// but 0.
void keccak(Keccak function, std::initializer_list<Bytes> input, MutableBytes output);

}  // namespace glassh
