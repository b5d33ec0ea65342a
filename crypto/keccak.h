// SHA-3's hashes and extendable outputs (FIPS 202), which ML-KEM uses. libcrypto computes them.
//
// SSH's own hashes are in crypto/hash.h. A call returns an extendable output in its whole length: libcrypto before 3.3
// cannot continue one, so a caller that needs more bytes asks again for a longer output from the beginning.
//
//   std::array<std::uint8_t, 64> key_and_randomness;
//   keccak(Keccak::sha3_512, {message, hash_of_key}, key_and_randomness);
#pragma once

#include <initializer_list>

#include "proto/bytes.h"

namespace glassh {

enum class Keccak { sha3_256, sha3_512, shake128, shake256 };

// Hashes the parts of `input`, one after the other, into `output`. `output` has the hash's size (32 or 64). For
// shake128 and shake256 it may have any size except 0. Throws std::runtime_error if libcrypto fails.
void keccak(Keccak function, std::initializer_list<Bytes> input, MutableBytes output);

}  // namespace glassh
