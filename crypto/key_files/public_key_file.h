// Public keys in the formats of other programs: RFC 4716's, which most other SSH implementations exchange, and the PEM
// forms of X.509 (SubjectPublicKeyInfo, "PKCS8" to ssh-keygen) and PKCS#1. OpenSSH's own one-line format is in key.h.
//
// Nothing in here is secret. A file that does not decode throws KeyFileError.
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
  pem,    // PKCS#1 for RSA, SubjectPublicKeyInfo for ECDSA, nothing for Ed25519
};

// The text of a file. Only RFC 4716's has a comment. Throws KeyFileError of kind `unsupported` where the format has no
// place for such a key, std::invalid_argument for a comment with control characters.
std::string write_public_key(const PublicKey& key, PublicKeyFormat format, std::string_view comment = "");

// Blanks and other text may stand before the key. `pkcs8` and `pem` read each other's, since the file says which it is.
PublicKeyLine parse_public_key(std::string_view text, PublicKeyFormat format);

}  // namespace glassh
