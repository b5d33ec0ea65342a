// ecdh-sha2-nistp256, -nistp384 and -nistp521: elliptic curve Diffie-Hellman over the NIST curves, RFC 5656 section 4.
//
// Shares are uncompressed points: 0x04, x, y. K is the x-coordinate of the shared point. RFC 5656 section 4 [5656-4-4]:
// an implementation may accept compressed points. We do not: no peer sends them.
//
//   KexEcdhNist client(nistp384), server(nistp384);
//   client.finish(server.respond(client.start(rng), rng));   // both shared_secret()s are now equal
#pragma once

#include <string_view>
#include <vector>

#include "crypto/kex/kex_method.h"

typedef struct ec_group_st EC_GROUP;

namespace glassh {

struct NistCurve {
  std::string_view kex_name;
  const char* libcrypto_name = nullptr;
  std::size_t field_size = 0;  // bytes of a coordinate, and of a scalar
  unsigned scalar_bits = 0;    // bits of the group's order
  HashName hash = HashName::sha256;
};
// RFC 5656 section 6.2.1 [5656-6.2.1-1]: SHA-256 up to 256 bits, SHA-384 up to 384, SHA-512 above.
inline constexpr NistCurve nistp256{"ecdh-sha2-nistp256", "P-256", 32, 256, HashName::sha256};
inline constexpr NistCurve nistp384{"ecdh-sha2-nistp384", "P-384", 48, 384, HashName::sha384};
inline constexpr NistCurve nistp521{"ecdh-sha2-nistp521", "P-521", 66, 521, HashName::sha512};

class KexEcdhNist final : public KexMethod {
 public:
  explicit KexEcdhNist(const NistCurve& curve);  // one of the three above

  HashName hash() const override { return curve_.hash; }
  bool shares_are_mpints() const override { return false; }
  bool shared_secret_is_mpint() const override { return true; }
  Bytes start(Rng& rng) override;
  Bytes respond(Bytes client_share, Rng& rng) override;
  void finish(Bytes server_share) override;
  const SecretBytes& shared_secret() const override { return shared_secret_; }
  Bytes ephemeral_private() const override { return private_key_.reveal(); }

 private:
  void compute_shared_secret(Bytes peer_share, const char* field);

  const NistCurve& curve_;
  const EC_GROUP* const group_;  // shared by all exchanges, until the process ends
  SecretBytes private_key_;      // the scalar, as long as a coordinate, big-endian, 1..n-1
  std::vector<std::uint8_t> share_;
  SecretBytes shared_secret_;
};

}  // namespace glassh
