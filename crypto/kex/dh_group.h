// DhGroup is a group of integers modulo a prime, in which Diffie-Hellman works: its modulus p and generator g. Here are
// also the fixed groups of RFC 3526, and the checks of a group that a peer sent (RFC 4419 section 3, RFC 8270).
//
// The exchange itself is in kex_dh.h; the groups that a server reads from a file are in moduli.h.
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

// The sizes that we accept, in bits. RFC 8270 section 3 [8270-3-3] [8270-3-4]: everything from 2048 to 8192 bits, 3072
// included. RFC 8270 section 3 [8270-3-1] and RFC 9142 section 3.2.1 [9142-3.2.1-1] [9142-3.2.1-2]: we accept no
// smaller group.
inline constexpr std::uint32_t smallest_group = 2048;
inline constexpr std::uint32_t largest_group = 8192;

// The MODP groups of RFC 3526 sections 3 to 7: 2048 (group14), 3072, 4096 (group16), 6144, 8192 (group18). Throws
// std::invalid_argument for another size.
const DhGroup& rfc3526_group(std::size_t bits);
const std::vector<std::size_t>& rfc3526_sizes();  // ascending

// Makes a group of two magnitudes. They may have zeros in front, which are dropped.
DhGroup make_group(Bytes p, Bytes g);

// Returns the reason why this group cannot be used, as the end of a sentence ("p is even"); empty if it can. The caller
// checks the size.
//
// This does not check that p is a safe prime: the check would take seconds at 8192 bits. An attacker between the two
// sides cannot replace p, because the server signs it in the exchange hash. A server that wants to betray the session
// can do so without a bad p. (OpenSSH's client checks only the size, for the same reason.)
std::string problem_with(const DhGroup& group);

}  // namespace glassh
