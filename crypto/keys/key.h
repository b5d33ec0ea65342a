// Public and private keys: ssh-ed25519 (RFC 8709), ecdsa-sha2-nistp* (RFC 5656), ssh-rsa (RFC 4253 section 6.6) with
// the signature algorithms rsa-sha2-256 and rsa-sha2-512 (RFC 8332). SHA-1 signatures and DSA do not exist here.
//
// A key *type* names the blob ("ssh-rsa"); a signature *algorithm* names how it signs ("rsa-sha2-512"). For the other
// types the two are the same word. Private keys stay inside EVP_PKEY. Blobs from the peer that do not decode throw
// ProtocolError. A key is offered to a peer, and listed by an agent, as a Credential (crypto/keys/credential.h).
//
//   auto key = PublicKey::decode(blob);  key.verify("rsa-sha2-256", message, signature)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "crypto/rng.h"
#include "proto/secret_bytes.h"

typedef struct evp_pkey_st EVP_PKEY;

namespace glassh {

// The signature algorithms we have, in order of preference. For host keys and for users' keys alike.
const std::vector<std::string_view>& signature_algorithm_names();
// The key types we have: "ssh-ed25519", "ecdsa-sha2-nistp256", …384 and …521, "ssh-rsa".
const std::vector<std::string_view>& key_type_names();
// "rsa-sha2-512" → "ssh-rsa"; "ssh-ed25519" → "ssh-ed25519"; nothing for an algorithm that we do not have.
std::optional<std::string_view> key_type_of_algorithm(std::string_view algorithm);

class PublicKey {
 public:
  // RFC 4253 section 6.6. Throws ProtocolError naming the field. RSA outside 1024..16384 bits is refused.
  static PublicKey decode(Bytes blob);
  PublicKey(std::shared_ptr<EVP_PKEY> pkey, std::string type, std::vector<std::uint8_t> blob);

  Bytes blob() const { return blob_; }
  std::string_view type() const { return type_; }
  std::size_t bits() const;  // 256, that of the curve, or that of the RSA modulus
  // `signature` is the blob of RFC 4253 section 6.6: string algorithm, string signature. True only when the blob names
  // exactly `algorithm`, the algorithm fits this key, and libcrypto says the signature is right. Any error is false.
  bool verify(std::string_view algorithm, Bytes message, Bytes signature) const;
  // "SHA256:" and unpadded base64, as OpenSSH prints; md5 prints "MD5:" and colon-separated hex.
  std::string fingerprint(HashName hash = HashName::sha256) const;
  // "ssh-ed25519 AAAA…", without a comment.
  std::string line() const;
  std::string short_type() const;  // "ED25519", "ECDSA", "RSA": how programs speak of it to people

  bool operator==(const PublicKey& other) const { return equal(blob_, other.blob_); }

 private:
  std::shared_ptr<EVP_PKEY> pkey_;
  std::string type_;
  std::vector<std::uint8_t> blob_;
};

class PrivateKey {
 public:
  // `type` is a key type; bits only for ssh-rsa (2048..16384). Randomness is libcrypto's, but ed25519's, which is
  // rng's.
  static PrivateKey generate(std::string_view type, Rng& rng, std::size_t bits = 3072);
  PrivateKey(std::shared_ptr<EVP_PKEY> pkey, PublicKey public_key);

  const PublicKey& public_key() const { return public_key_; }
  // The signature blob of RFC 4253 section 6.6, checked against the public key before it is returned (past RSA faults
  // leaked keys). Throws std::runtime_error if libcrypto fails, std::invalid_argument if the algorithm does not fit the
  // key.
  std::vector<std::uint8_t> sign(std::string_view algorithm, Bytes message) const;
  EVP_PKEY* pkey() const { return pkey_.get(); }  // for key_file; owned by this

 private:
  std::shared_ptr<EVP_PKEY> pkey_;
  PublicKey public_key_;
};

// "ssh-ed25519 AAAA… comment" → key and comment. Throws std::runtime_error saying what is wrong (bad base64, type and
// blob disagree, unknown type). Leading white space is allowed; options in front are not (authorized_keys handles
// those).
struct PublicKeyLine {
  PublicKey key;
  std::string comment;
};
PublicKeyLine parse_public_key_line(std::string_view line);

}  // namespace glassh
