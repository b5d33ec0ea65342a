// A private key as a run of fields, the way key files and the agent protocol have it inside their messages: the type's
// name, and then what the type wants (draft-miller-ssh-agent section 4.2, OpenSSH PROTOCOL.key section 3).
//
// Such a key has no length of its own: only its type knows where it ends. What comes after it is the caller's to read.
//
//   const SecretBytes fields = private_key_fields(key);  …  PrivateKey again = read_private_key_fields(decoder);
#pragma once

#include "crypto/keys/key.h"
#include "proto/secret_bytes.h"
#include "proto/wire.h"

namespace glassh {

// The type's name included. Throws std::runtime_error if libcrypto fails.
SecretBytes private_key_fields(const PrivateKey& key);

// Reads the type's name and the fields, and leaves `fields` behind them. Throws ProtocolError for a type that we do not
// have, for fields that do not decode, and when the key's halves do not belong together.
PrivateKey read_private_key_fields(Decoder& fields);

}  // namespace glassh
