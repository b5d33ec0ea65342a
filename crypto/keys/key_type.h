// KeyType is the interface of one type of key: its blob, its private fields, signing and verifying. There is one
// KeyType object per type, in ed25519.cpp, ecdsa.cpp and rsa.cpp; all live until the process ends.
//
// Internal to crypto/: key.cpp and the key files' code look a type up by its name and call it. A blob or a signature's
// content that does not decode throws ProtocolError, whose text names the field. A well-formed signature that is wrong
// is `false`, not an exception.
//
//   const KeyType* type = find_key_type("ssh-rsa");  EvpPkey key = type->decode_public(blob);
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/hash.h"
#include "crypto/libcrypto.h"
#include "crypto/rng.h"
#include "proto/secret_bytes.h"
#include "proto/wire.h"

namespace glassh {

// The halves of a private key do not belong together.
class KeyMismatch : public ProtocolError {
 public:
  using ProtocolError::ProtocolError;
};

struct KeyType {
  virtual ~KeyType() = default;
  virtual std::string_view name() const = 0;        // "ssh-rsa": the first string of the blob
  virtual std::string_view short_name() const = 0;  // "RSA"
  virtual std::size_t bits(EVP_PKEY* key) const = 0;
  virtual bool is_type_of(EVP_PKEY* key) const = 0;  // for a key that libcrypto read from a PEM file

  // RFC 4253 section 6.6: the public key blob, with its type name.
  virtual EvpPkey decode_public(Bytes blob) const = 0;
  virtual std::vector<std::uint8_t> encode_public(EVP_PKEY* key) const = 0;

  // Reads the fields of a private key, in the form of key files and of the agent protocol, after the type name. Throws
  // KeyMismatch unless the halves belong together.
  virtual EvpPkey read_private(Decoder& fields) const = 0;
  // Returns the same fields, with the type name in front.
  virtual SecretBytes write_private(EVP_PKEY* key) const = 0;
  virtual EvpPkey generate(Rng& rng, std::size_t bits) const = 0;

  // Returns the content of a signature blob: the part behind the algorithm's name.
  virtual std::vector<std::uint8_t> sign(EVP_PKEY* key, std::string_view algorithm, Bytes message) const = 0;
  virtual bool verify(EVP_PKEY* key, std::string_view algorithm, Bytes message, Bytes signature) const = 0;
};

const KeyType& ed25519_type();
const KeyType& ecdsa_nistp256_type();
const KeyType& ecdsa_nistp384_type();
const KeyType& ecdsa_nistp521_type();
const KeyType& rsa_type();
const KeyType* find_key_type(std::string_view name);  // nullptr for a type that we do not have

// Hashes and signs (or verifies) the message in one step. `hash` is nullptr if the scheme has its own.
std::vector<std::uint8_t> digest_sign(EVP_PKEY* key, const EVP_MD* hash, Bytes message);
bool digest_verify(EVP_PKEY* key, const EVP_MD* hash, Bytes message, Bytes signature);
// SHA-256, SHA-384 and SHA-512 as EVP_DigestSignInit needs them, fetched once per process.
const EVP_MD* signature_hash(HashName name);

// Collects the parts of a key for EVP_PKEY_fromdata. Lives for the making of one key. The values are wiped when this
// object dies; OSSL_PARAM_BLD would not wipe them.
class KeyParts {
 public:
  void add_number(const char* name, Bytes magnitude);
  void add_octets(const char* name, Bytes octets);
  void add_text(const char* name, std::string_view text);
  // `selection` is EVP_PKEY_PUBLIC_KEY or EVP_PKEY_KEYPAIR. Throws ProtocolError if libcrypto refuses the parts.
  EvpPkey assemble(const char* libcrypto_type, int selection);

 private:
  void add(const char* name, unsigned data_type, SecretBytes value);
  std::vector<SecretBytes> values_;
  std::vector<OSSL_PARAM> params_;
};

// Returns the number `name` of a key as a magnitude: without zeros in front, or padded to exactly `size` bytes.
SecretBytes key_number(EVP_PKEY* key, const char* name);
SecretBytes key_number(EVP_PKEY* key, const char* name, std::size_t size);

}  // namespace glassh
