// A group of integers modulo a prime, in which Diffie-Hellman is done: its modulus p and generator g, the fixed ones of
// RFC 3526, and the checks on one that a peer sent (RFC 4419 section 3, RFC 8270).
//
//   const DhGroup& group = rfc3526_group(2048);  // group14
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "proto/bytes.h"

namespace glassh {

struct DhGroup {
  std::vector<std::uint8_t> p;  // most significant byte first, no zero in front
  std::vector<std::uint8_t> g;
  std::size_t bits = 0;  // of p
};

// RFC 8270 section 3 [8270-3-1] [8270-3-3] [8270-3-4], RFC 9142 section 3.2.1 [9142-3.2.1-1] [9142-3.2.1-2]: the sizes
// that are taken, in bits.
inline constexpr std::uint32_t smallest_group = 2048;
inline constexpr std::uint32_t largest_group = 8192;

// The MODP groups of RFC 3526 sections 3 to 7: 2048 (group14), 3072, 4096 (group16), 6144, 8192 (group18). Throws
// std::invalid_argument for another size.
const DhGroup& rfc3526_group(std::size_t bits);
const std::vector<std::size_t>& rfc3526_sizes();  // ascending

// Magnitudes, zeros in front allowed.
DhGroup make_group(Bytes p, Bytes g);

// Why this group cannot be used, as a sentence's end ("p is even"); empty if it can. Its size is the caller's to judge.
//
// That p is a safe prime is not checked: it would take seconds at 8192 bits. Nobody between the two sides can slip in
// another p, since the server signs it in the exchange hash; and a server that wants the session known to others can
// tell them without a bad p. (OpenSSH's client looks at the size alone, for the same reason.)
std::string problem_with(const DhGroup& group);

}  // namespace glassh
