// ecdh-sha2-nistp256: elliptic curve Diffie-Hellman over NIST P-256 with SHA-256, RFC 5656 section 4.
//
// Shares are uncompressed points, 65 bytes: 0x04, x, y. Compressed points are not accepted (RFC 5656 section 4
// [5656-4-4] leaves them to us; no peer sends them). K is the x-coordinate of the shared point. P-384 and P-521 are not
// here.
//
//   KexEcdhNist client, server;
//   client.finish(server.respond(client.start(rng), rng));   // both shared_secret()s are now equal
#pragma once

#include <array>

#include "crypto/kex_method.h"

namespace glassh {

class KexEcdhNist final : public KexMethod {
 public:
  // RFC 5656 section 6.2.1 [5656-6.2.1-1]: SHA-256 up to 256 bits.
  HashName hash() const override { return HashName::sha256; }
  bool shares_are_mpints() const override { return false; }
  bool shared_secret_is_mpint() const override { return true; }
  Bytes start(Rng& rng) override;
  Bytes respond(Bytes client_share, Rng& rng) override;
  void finish(Bytes server_share) override;
  const SecretBytes& shared_secret() const override { return shared_secret_; }
  Bytes ephemeral_private() const override { return private_key_.reveal(); }

 private:
  void compute_shared_secret(Bytes peer_share, const char* field);

  SecretBytes private_key_;  // the scalar, 32 bytes, big-endian, 1..n-1
  std::array<std::uint8_t, 65> share_{};
  SecretBytes shared_secret_;
};

}  // namespace glassh
