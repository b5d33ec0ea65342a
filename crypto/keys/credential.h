// What a user or a host offers to prove who it is: a key, with or without a certificate about that key (OpenSSH
// PROTOCOL.certkeys). Certificates are not supported yet, so each credential is a plain key.
//
// With a certificate, what one PublicKey is today becomes several things. So the callers say which one they mean:
// blob() and type() are what is offered and listed, key() is what verifies, and short_type(), fingerprint() and line()
// are what a person reads. Code that may meet no certificate (a private key's public half, a line of known_hosts) has a
// PublicKey.
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
