// Diffie-Hellman over integers modulo a prime: diffie-hellman-group14-sha256, -group16-sha512 and -group18-sha512 (RFC
// 8268, RFC 4253 section 8). diffie-hellman-group-exchange-sha256 (RFC 4419) uses it with a group that the server sent.
//
// Shares and K are integers: a share is the magnitude of the mpint e or f. The private exponent has 1024 bits in every
// group and is drawn anew for each exchange. libcrypto computes the powers in constant time. A share outside [2, p-2]
// is refused. Negotiating the group is transport/group_exchange.
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
  // `name` appears in error texts and must outlive this object. The caller has checked problem_with(group).
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
  std::vector<std::uint8_t> share_;  // as long as p, with zeros in front
  SecretBytes shared_secret_;        // as long as p, with zeros in front
};

}  // namespace glassh
