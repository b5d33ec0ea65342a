// The picture of a key's hash, which people recognize sooner than its digits: Perrig and Song, "Hash Visualization"
// (1999), in the form that OpenSSH draws. A bishop starts in the middle and goes one square diagonally for each two
// bits; a square's character says how often he was there.
//
// It helps people to notice a change. It proves nothing: compare fingerprints for that.
//
//   fmt::print("{}\n", randomart(key, HashName::sha256));
#pragma once

#include <string>

#include "crypto/keys/key.h"

namespace glassh {

// Eleven lines, without a final newline.
std::string randomart(const PublicKey& key, HashName hash);

}  // namespace glassh
