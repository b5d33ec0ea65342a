// Draws a picture of a key's hash, which people recognize faster than digits: Perrig and Song, "Hash Visualization"
// (1999), in the form that OpenSSH draws. A bishop starts in the middle of the board and moves one square diagonally
// for each two bits. A square's character says how often the bishop was there.
//
// The picture helps people to notice a change. It is not a proof: compare fingerprints for that.
//
//   fmt::print("{}\n", randomart(key, HashName::sha256));
#pragma once

#include <string>

#include "crypto/keys/key.h"

namespace glassh {

// Returns eleven lines, without a final newline.
std::string randomart(const PublicKey& key, HashName hash);

}  // namespace glassh
