// bcrypt_pbkdf derives a key from a passphrase, slowly, for OpenSSH's private key files (OpenSSH PROTOCOL.key section
// 2). It is PBKDF2 (RFC 8018 section 5.2) with bcrypt in place of the HMAC. It spreads the bytes of each block over the
// whole output, so an attacker cannot compute a part of the key for a part of the cost.
//
// A round takes about 4 ms for each 32 bytes of output. The caller limits a number of rounds that comes from a file.
//
//   const SecretBytes key_and_iv = bcrypt_pbkdf(passphrase, salt, 24, 32 + 16);
#pragma once

#include <cstdint>

#include "proto/secret_bytes.h"

namespace glassh {

// Returns `size` bytes. Throws std::invalid_argument if `passphrase` or `salt` is empty, if `rounds` is 0, or if `size`
// is not 1 to 1024.
SecretBytes bcrypt_pbkdf(Bytes passphrase, Bytes salt, std::uint32_t rounds, std::size_t size);

}  // namespace glassh
