// Writes and reads a private key as a run of fields: the type's name, and then the fields of that type. Key files and
// the agent protocol have keys in this form (draft-miller-ssh-agent section 4.2, OpenSSH PROTOCOL.key section 3).
//
// The form has no length field: only the key's type determines where the key ends. The caller reads whatever follows it
// (a comment, constraints).
//
//   const SecretBytes fields = private_key_fields(key);  …  PrivateKey again = read_private_key_fields(decoder);
#pragma once

#include "crypto/keys/key.h"
#include "proto/secret_bytes.h"
#include "proto/wire.h"

namespace glassh {

// Returns the fields with the type's name in front. Throws std::runtime_error if libcrypto fails.
SecretBytes private_key_fields(const PrivateKey& key);

// Reads the type's name and the fields; `fields` then stands behind them. Throws ProtocolError for a type that we do
// not have, for fields that do not decode, and if the key's halves do not belong together.
PrivateKey read_private_key_fields(Decoder& fields);

}  // namespace glassh
