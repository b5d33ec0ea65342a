// A Credential is offered by a user or a host to prove an identity: a key, with or without a certificate about that key
// (OpenSSH PROTOCOL.certkeys). Certificates are not supported yet, so each credential is a plain key.
//
// A certificate has another blob and another type than the key in it. So the callers say which of them they mean:
// blob() and type() are offered and listed, key() verifies signatures, and short_type(), fingerprint() and line() are
// for people and logs. Code that never meets a certificate (for a private key's public half, or a line of known_hosts)
// uses PublicKey.
//
//   const auto offered = Credential::decode(blob);
//   if (offered.signs_with(algorithm) && offered.key().verify(algorithm, message, signature)) …
#pragma once

#include <string>
#include <string_view>

#include "crypto/hash.h"
#include "crypto/keys/key.h"

namespace glassh {

class Credential {
 public:
  explicit Credential(PublicKey key);  // without a certificate
  // RFC 4253 section 6.6. Throws ProtocolError naming the field, as PublicKey::decode().
  static Credential decode(Bytes blob);

  // The wire form, which the peer is sent and which an agent or a file lists. A view, valid while this lives.
  Bytes blob() const { return key_.blob(); }
  // The type that the blob begins with: "ssh-ed25519".
  std::string_view type() const { return key_.type(); }
  // Whether it can be offered with this algorithm: "rsa-sha2-512" for the type "ssh-rsa". False for an algorithm that
  // we do not have.
  bool signs_with(std::string_view algorithm) const { return key_type_of_algorithm(algorithm) == type(); }

  // The key whose private half signs.
  const PublicKey& key() const { return key_; }

  std::string short_type() const { return key_.short_type(); }  // "ED25519"
  // "SHA256:…", of the key.
  std::string fingerprint(HashName hash = HashName::sha256) const { return key_.fingerprint(hash); }
  // "ssh-ed25519 AAAA…": type() and blob(), without a comment.
  std::string line() const { return key_.line(); }

  // The same blob. Whether two credentials have the same key is a question to key().
  bool operator==(const Credential& other) const { return equal(blob(), other.blob()); }

 private:
  PublicKey key_;
};

}  // namespace glassh
