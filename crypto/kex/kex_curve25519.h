// curve25519-sha256 (RFC 8731; older name curve25519-sha256@libssh.org): X25519 (RFC 7748) with SHA-256.
//
// The shares are the 32 bytes of X25519's public keys. RFC 7748 reads the result's bytes as little-endian; SSH takes
// the same bytes, in the same order, as the magnitude of the mpint K. curve448 is not supported.
//
//   KexCurve25519 client, server;
//   client.finish(server.respond(client.start(rng), rng));   // both shared_secret()s are now equal
#pragma once

#include "crypto/kex/kex_method.h"
#include "crypto/kex/x25519.h"

namespace glassh {

class KexCurve25519 final : public KexMethod {
 public:
  // RFC 8731 section 3 [8731-3-6]: curve25519-sha256 hashes with SHA-256.
  HashName hash() const override { return HashName::sha256; }
  bool shares_are_mpints() const override { return false; }
  bool shared_secret_is_mpint() const override { return true; }
  Bytes start(Rng& rng) override { return key_.generate(rng); }
  Bytes respond(Bytes client_share, Rng& rng) override;
  void finish(Bytes server_share) override;
  const SecretBytes& shared_secret() const override { return shared_secret_; }
  Bytes ephemeral_private() const override { return key_.private_key(); }

 private:
  void compute_shared_secret(Bytes peer_share, const char* field);

  X25519 key_;
  SecretBytes shared_secret_;
};

}  // namespace glassh
