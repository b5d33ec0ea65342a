// Reads and writes public keys in the formats of other programs: RFC 4716's, which most other SSH implementations
// exchange, and the PEM forms of X.509 (SubjectPublicKeyInfo; ssh-keygen calls it "PKCS8") and PKCS#1.
//
// OpenSSH's own one-line format is in crypto/keys/key.h. All data here is public. A file that does not decode throws
// KeyFileError.
//
//   fmt::print("{}", write_public_key(key, PublicKeyFormat::rfc4716, "2048-bit RSA, converted by …"));
#pragma once

#include <string>
#include <string_view>

#include "crypto/key_files/key_file.h"

namespace glassh {

enum class PublicKeyFormat {
  rfc4716,
  pkcs8,  // SubjectPublicKeyInfo: RFC 5280, RFC 5480 for ECDSA, RFC 8410 for Ed25519
  pem,    // PKCS#1 for RSA, SubjectPublicKeyInfo for ECDSA, not available for Ed25519
};

// Returns the text of a file. Only RFC 4716's format has a comment. Throws KeyFileError of kind `unsupported` if the
// format cannot hold such a key, and std::invalid_argument for a comment with control characters.
std::string write_public_key(const PublicKey& key, PublicKeyFormat format, std::string_view comment = "");

// Blanks and other text may stand before the key. `pkcs8` and `pem` read each other's files, since a PEM file says
// which of the two it is. Throws KeyFileError.
PublicKeyLine parse_public_key(std::string_view text, PublicKeyFormat format);

}  // namespace glassh
