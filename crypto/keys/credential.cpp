#include "crypto/keys/credential.h"

#include <utility>

namespace glassh {

Credential::Credential(PublicKey key) : key_(std::move(key)) {}

Credential Credential::decode(Bytes blob) { return Credential(PublicKey::decode(blob)); }

}  // namespace glassh
