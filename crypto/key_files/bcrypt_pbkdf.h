// bcrypt_pbkdf: the key that a passphrase gives, slowly, for OpenSSH's private key files (OpenSSH PROTOCOL.key section
// 2). It is PBKDF2 (RFC 8018 section 5.2) with bcrypt in place of the HMAC, and with the output's bytes spread over its
// blocks, so that nobody can compute a part of the key for a part of the price.
//
// A round takes about 4 ms for each 32 bytes of output. The caller limits rounds that come from a file.
//
//   const SecretBytes key_and_iv = bcrypt_pbkdf(passphrase, salt, 24, 32 + 16);
#pragma once

#include <cstdint>

#include "proto/secret_bytes.h"

namespace glassh {

// Throws std::invalid_argument if passphrase or salt are empty, rounds is 0 or `size` is not 1 to 1024.
SecretBytes bcrypt_pbkdf(Bytes passphrase, Bytes salt, std::uint32_t rounds, std::size_t size);

}  // namespace glassh
