// Past vulnerability 77 (CVE-2024-31497): nonces whose first bits were always zero gave P-521 keys away after 60
// signatures. Ours are libcrypto's; here the private key is used to look at them.
#include <algorithm>
#include <array>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/keys/key_type.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

struct Signature {
  static constexpr std::string_view name = "signature";
  std::string_view algorithm;
  Bytes content;
  static void fields(auto& self, auto& field) {
    field("algorithm", self.algorithm);
    field("signature", self.content);
  }
};
struct Content {
  static constexpr std::string_view name = "ecdsa_signature_blob";
  Mpint r;
  Mpint s;
  static void fields(auto& self, auto& field) {
    field("r", self.r);
    field("s", self.s);
  }
};

Bignum number(Bytes magnitude) {
  return Bignum(check_pointer(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr), "BN_bin2bn"));
}

struct Curve {
  std::string_view type;
  int group;
  HashName hash;
  std::size_t bits;
};

// SEC 1 section 4.1.3: s = (e + r d) / k, so k = (e + r d) / s, modulo the group's order.
class NonceReader {
 public:
  NonceReader(const PrivateKey& key, const Curve& curve) : curve_(curve), scratch_(BN_CTX_new()), order_(BN_new()) {
    const EcGroup group(check_pointer(EC_GROUP_new_by_curve_name(curve.group), "EC_GROUP_new_by_curve_name"));
    check(EC_GROUP_get_order(group.get(), order_.get(), nullptr), "EC_GROUP_get_order");
    d_ = number(key_number(key.pkey(), OSSL_PKEY_PARAM_PRIV_KEY).reveal());
  }

  std::vector<std::uint8_t> nonce_of(Bytes message, Bytes blob) {
    const auto content = decode<Content>(decode<Signature>(blob).content);
    const Bignum r = number(content.r.magnitude);
    const Bignum s = number(content.s.magnitude);
    const Bignum e = number(Hash(curve_.hash).raw(message).finish().bytes());
    const Bignum k(BN_new());
    check(BN_mod_mul(k.get(), r.get(), d_.get(), order_.get(), scratch_.get()), "BN_mod_mul");
    check(BN_mod_add(k.get(), k.get(), e.get(), order_.get(), scratch_.get()), "BN_mod_add");
    const Bignum inverse(
        check_pointer(BN_mod_inverse(nullptr, s.get(), order_.get(), scratch_.get()), "BN_mod_inverse"));
    check(BN_mod_mul(k.get(), k.get(), inverse.get(), order_.get(), scratch_.get()), "BN_mod_mul");
    std::vector<std::uint8_t> out((curve_.bits + 7) / 8);
    check(BN_bn2binpad(k.get(), out.data(), static_cast<int>(out.size())), "BN_bn2binpad");
    return out;
  }

 private:
  Curve curve_;
  BignumCtx scratch_;
  Bignum order_;
  Bignum d_;
};

// Bit 0 is the most significant that a nonce may have.
bool bit_of(Bytes nonce, std::size_t bit, std::size_t bits) {
  const std::size_t at = nonce.size() * 8 - bits + bit;
  return (nonce[at / 8] >> (7 - at % 8) & 1) != 0;
}

using Nonces = std::vector<std::vector<std::uint8_t>>;

// Each bit is a coin. With 400 throws a fair one is off by more than 6 standard deviations once in 500 million.
std::vector<std::size_t> unfair_bits(const Nonces& nonces, std::size_t bits) {
  const double mean = static_cast<double>(nonces.size()) / 2;
  const double most_off = 6 * std::sqrt(mean / 2);
  std::vector<std::size_t> unfair;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    const auto ones = std::count_if(nonces.begin(), nonces.end(),
                                    [bit, bits](const auto& nonce) { return bit_of(nonce, bit, bits); });
    if (std::abs(static_cast<double>(ones) - mean) > most_off) unfair.push_back(bit);
  }
  return unfair;
}

constexpr int throws = 400;

TEST(Nonces, PastVulnerability77EachBitIsAFairCoin) {
  const std::array curves = {Curve{"ecdsa-sha2-nistp256", NID_X9_62_prime256v1, HashName::sha256, 256},
                             Curve{"ecdsa-sha2-nistp384", NID_secp384r1, HashName::sha384, 384},
                             Curve{"ecdsa-sha2-nistp521", NID_secp521r1, HashName::sha512, 521}};
  SystemRng rng;
  for (const Curve& curve : curves) {
    SCOPED_TRACE(std::string(curve.type));
    const PrivateKey key = PrivateKey::generate(curve.type, rng);
    NonceReader reader(key, curve);
    Nonces nonces;
    for (int i = 0; i < throws; ++i) {
      const std::string message = "message " + std::to_string(i % 2);  // few messages: nonces must differ all the same
      nonces.push_back(reader.nonce_of(bytes_of(message), key.sign(curve.type, bytes_of(message))));
    }
    EXPECT_THAT(unfair_bits(nonces, curve.bits), testing::IsEmpty());
    std::sort(nonces.begin(), nonces.end());
    EXPECT_EQ(std::unique(nonces.begin(), nonces.end()), nonces.end()) << "a nonce was used twice";
  }
}

// PuTTY's: 512 bits of a hash where P-521 wants 521. The test above would see it.
TEST(Nonces, PastVulnerability77NonceBitsThatAreAlwaysZeroShow) {
  SystemRng rng;
  Nonces nonces;
  for (int i = 0; i < throws; ++i) {
    nonces.emplace_back(66);
    rng.fill(MutableBytes(nonces.back()).last(64));
  }
  EXPECT_THAT(unfair_bits(nonces, 521), testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
}

}  // namespace
}  // namespace glassh
