#include "crypto/keys/key_fields.h"

#include <fmt/format.h>

#include "crypto/keys/key_type.h"
#include "proto/safe_text.h"

namespace glassh {

SecretBytes private_key_fields(const PrivateKey& key) {
  return find_key_type(key.public_key().type())->write_private(key.pkey());
}

PrivateKey read_private_key_fields(Decoder& fields) {
  std::string_view name;
  fields("key type", name);
  const KeyType* const type = find_key_type(name);
  if (type == nullptr) {
    throw ProtocolError(fmt::format("private key: type '{}' is not supported", made_safe(name, TextFor::name)));
  }
  EvpPkey key = type->read_private(fields);
  PublicKey public_key = PublicKey::decode(type->encode_public(key.get()));
  return PrivateKey(std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free), std::move(public_key));
}

}  // namespace glassh
