// Diffie-Hellman over integers modulo a prime: diffie-hellman-group14-sha256, -group16-sha512 and -group18-sha512 (RFC
// 8268, RFC 4253 section 8), and, with a group that came by message, diffie-hellman-group-exchange-sha256 (RFC 4419).
//
// Shares and K are integers: a share is the magnitude of the mpint e or f. The private exponent has 1024 bits in every
// group, drawn anew for each exchange. Exponentiation is libcrypto's, in constant time. Shares outside [2, p-2] are
// refused.
//
//   KexDh client(HashName::sha512, rfc3526_group(4096), "…"), server(…);
//   client.finish(server.respond(client.start(rng), rng));   // both shared_secret()s are now equal
#pragma once

#include <string_view>
#include <vector>

#include "crypto/kex/dh_group.h"
#include "crypto/kex/kex_method.h"

namespace glassh {

class KexDh final : public KexMethod {
 public:
  // `name`, for error texts, must outlive it. The group's problem_with() has been looked at.
  KexDh(HashName hash, DhGroup group, std::string_view name);

  HashName hash() const override { return hash_; }
  bool shares_are_mpints() const override { return true; }
  bool shared_secret_is_mpint() const override { return true; }
  Bytes start(Rng& rng) override;
  Bytes respond(Bytes client_share, Rng& rng) override;
  void finish(Bytes server_share) override;
  const SecretBytes& shared_secret() const override { return shared_secret_; }
  Bytes ephemeral_private() const override { return private_key_.reveal(); }

 private:
  SecretBytes power(Bytes base) const;
  bool in_open_range(Bytes number) const;
  void compute_shared_secret(Bytes peer_share, const char* field);
  [[noreturn]] void refuse(std::string_view what) const;

  const HashName hash_;
  const DhGroup group_;
  const std::string_view name_;
  SecretBytes private_key_;          // x or y, big-endian
  std::vector<std::uint8_t> share_;  // as long as p, zeros in front
  SecretBytes shared_secret_;        // the same
};

}  // namespace glassh
