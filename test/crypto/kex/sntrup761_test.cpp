// sntrup761 against figures of its designers' libntruprime, and its parts by what they must be. The sessions of
// test/transcripts have real OpenSSH's keys and ciphertexts.
#include "crypto/kex/sntrup761.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "crypto/kex/sntrup761_encoding.h"
#include "crypto/kex/sntrup761_ring.h"
#include "test/support/vectors.h"

namespace glassh {
namespace {

using sntrup761::KeyPair;
using sntrup761::p;
using sntrup761::q;
using sntrup761::Rq;
using sntrup761::Small;
using sntrup761::w;

std::string sha256(Bytes bytes) { return hex(Hash(HashName::sha256).raw(bytes).finish().bytes()); }

// The random bytes that the figures were made with: see test/vectors/make_sntrup761.c.
class SplitMix64 final : public Rng {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  void fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) {
      if (left_ == 0) {
        z_ = state_ += 0x9e3779b97f4a7c15;
        z_ = (z_ ^ z_ >> 30) * 0xbf58476d1ce4e5b9;
        z_ = (z_ ^ z_ >> 27) * 0x94d049bb133111eb;
        z_ ^= z_ >> 31;
        left_ = 8;
      }
      byte = static_cast<std::uint8_t>(z_);
      z_ >>= 8;
      --left_;
    }
  }

 private:
  std::uint64_t state_, z_ = 0;
  int left_ = 0;
};

TEST(Sntrup761, ComputesTheAnswersOfAnotherImplementation) {
  for (const VectorCase& vector : load_vectors("sntrup761.vec")) {
    SCOPED_TRACE(vector.place);
    const bool full = vector.section == "full";
    const auto expect = [&](const std::string& name, Bytes value) {
      EXPECT_EQ(full ? hex(value) : sha256(value), hex(vector[name])) << name;
    };
    SplitMix64 rng(get_u64(vector["Seed"].data()));
    const KeyPair keys = sntrup761::key_gen(rng);
    expect("PublicKey", keys.public_key);
    expect("SecretKey", keys.secret_key.reveal());
    auto [ciphertext, secret] = sntrup761::encap(keys.public_key, rng);
    expect("Ciphertext", ciphertext);
    EXPECT_EQ(hex(secret.reveal()), hex(vector["Secret"]));
    EXPECT_EQ(hex(sntrup761::decap(keys.secret_key.reveal(), ciphertext).reveal()), hex(vector["Secret"]));

    const std::size_t bit = vector["Bit"][0] + vector["Bit"][1] * 256U;
    ciphertext.at(bit / 8) ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(hex(sntrup761::decap(keys.secret_key.reveal(), ciphertext).reveal()), hex(vector["Rejected"]));
  }
}

// Each one is rejected without a word: a secret that is neither the right one nor one of the others. The last 32 bytes
// are the confirmation.
TEST(Sntrup761, GivesAnotherSecretForEachChangedCiphertext) {
  SeededRng rng(72);
  const KeyPair keys = sntrup761::key_gen(rng);
  const Bytes sk = keys.secret_key.reveal();
  auto [ciphertext, secret] = sntrup761::encap(keys.public_key, rng);
  std::set<std::string> seen = {hex(secret.reveal())};
  std::size_t count = 1;
  for (std::size_t bit = 0; bit < 8 * ciphertext.size(); bit += 101, ++count) {
    ciphertext[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    seen.insert(hex(sntrup761::decap(sk, ciphertext).reveal()));
    ciphertext[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
  EXPECT_EQ(seen.size(), count);
  EXPECT_EQ(hex(sntrup761::decap(sk, ciphertext).reveal()), hex(secret.reveal()));
}

TEST(Sntrup761, RefusesEveryOtherLengthAndNothingElse) {
  SeededRng rng(73);
  const KeyPair keys = sntrup761::key_gen(rng);
  const std::vector<std::uint8_t> bytes(2000, 0xff);
  for (const std::size_t size : {0, 1, 1038, 1040, 1157, 1159, 1762, 1764, 2000}) {
    const Bytes some = Bytes(bytes).first(size);
    EXPECT_THROW(sntrup761::encap(some, rng), std::invalid_argument) << size;
    EXPECT_THROW(sntrup761::decap(some, Bytes(bytes).first(1039)), std::invalid_argument) << size;
    EXPECT_THROW(sntrup761::decap(keys.secret_key.reveal(), some), std::invalid_argument) << size;
  }
  for (const int byte : {0x00, 0xff}) {
    const std::vector<std::uint8_t> same(1158, static_cast<std::uint8_t>(byte));
    EXPECT_EQ(sntrup761::encap(same, rng).shared_secret.size(), 32U);
    EXPECT_EQ(sntrup761::decap(keys.secret_key.reveal(), Bytes(same).first(1039)).size(), 32U);
  }
}

// ---- numbers

TEST(Sntrup761Ring, ReducesToTheNearestRepresentative) {
  for (std::int32_t x = -(1 << 13); x <= 1 << 13; ++x) {
    ASSERT_LE(std::abs(sntrup761::modulo_3(x)), 1) << x;
    ASSERT_EQ((x - sntrup761::modulo_3(x)) % 3, 0) << x;
  }
  for (std::int32_t x = -(1 << 26); x <= 1 << 26; x += x % 7 == 0 ? 1 : 97) {
    ASSERT_LE(std::abs(sntrup761::modulo_q(x)), q / 2) << x;
    ASSERT_EQ((x - sntrup761::modulo_q(x)) % q, 0) << x;
  }
  for (std::int32_t multiple = -8000; multiple <= 8000; ++multiple) {  // on both sides of where it rounds
    EXPECT_EQ(sntrup761::modulo_q(multiple * q + q / 2), q / 2);
    EXPECT_EQ(sntrup761::modulo_q(multiple * q + q / 2 + 1), -q / 2);
  }
}

// ---- polynomials

template <class Polynomial>
bool is_one(const Polynomial& a) {
  return a.at[0] == 1 && std::all_of(a.at.begin() + 1, a.at.end(), [](int number) { return number == 0; });
}

template <class Polynomial>
Polynomial power_of_x(std::size_t exponent) {
  Polynomial a;
  a.at[exponent] = 1;
  return a;
}

TEST(Sntrup761Ring, MultipliesModuloItsPolynomial) {
  // x^p is x + 1.
  const Rq product = sntrup761::multiply(power_of_x<Rq>(760), power_of_x<Small>(2));
  for (std::size_t i = 0; i < p; ++i) EXPECT_EQ(product.at[i], i == 1 || i == 2 ? 1 : 0) << i;
  const Small product3 = sntrup761::multiply3(power_of_x<Small>(500), power_of_x<Small>(261));
  for (std::size_t i = 0; i < p; ++i) EXPECT_EQ(product3.at[i], i == 0 || i == 1 ? 1 : 0) << i;
  // The largest sums that there can be, against plain arithmetic.
  Rq large;
  Small ones;
  large.at.fill(q / 2);
  ones.at.fill(1);
  std::vector<std::int64_t> sums(2 * p, 0);
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j < p; ++j) sums[i + j] += q / 2;
  }
  for (std::size_t i = 2 * p - 2; i >= p; --i) {
    sums[i - p] += sums[i];
    sums[i - p + 1] += sums[i];
  }
  const Rq result = sntrup761::multiply(large, ones);
  for (std::size_t i = 0; i < p; ++i) EXPECT_EQ((sums[i] - result.at[i]) % q, 0) << i;
}

TEST(Sntrup761Ring, FindsReciprocals) {
  SeededRng rng(74);
  for (int i = 0; i < 3; ++i) {
    const Small g = sntrup761::random_small(rng);
    const std::optional<Small> reciprocal = sntrup761::reciprocal3(g);
    ASSERT_TRUE(reciprocal);
    EXPECT_TRUE(is_one(sntrup761::multiply3(g, *reciprocal)));
    const Small f = sntrup761::random_short(rng);
    EXPECT_TRUE(is_one(sntrup761::three_times(sntrup761::multiply(sntrup761::reciprocal_of_3f(f), f))));
  }
  EXPECT_TRUE(is_one(*sntrup761::reciprocal3(power_of_x<Small>(0))));
  EXPECT_TRUE(is_one(sntrup761::multiply3(*sntrup761::reciprocal3(power_of_x<Small>(760)), power_of_x<Small>(760))));
}

TEST(Sntrup761Ring, KnowsWhatHasNoReciprocal) {
  EXPECT_FALSE(sntrup761::reciprocal3(Small()));
  // Of degree 19, the smallest of the factors of x^761 - x - 1 modulo 3; and that times x + 1.
  constexpr std::array<std::int8_t, 20> factor = {1, 1, 0, 1, 1, 1, -1, 1, -1, 1, 0, 1, -1, -1, -1, -1, 1, 0, -1, -1};
  Small g;
  std::copy(factor.begin(), factor.end(), g.at.begin());
  EXPECT_FALSE(sntrup761::reciprocal3(g));
  Small x_plus_1 = power_of_x<Small>(0);
  x_plus_1.at[1] = 1;
  EXPECT_FALSE(sntrup761::reciprocal3(sntrup761::multiply3(g, x_plus_1)));
  g.at[0] = 0;
  EXPECT_TRUE(sntrup761::reciprocal3(g));
}

TEST(Sntrup761Ring, RoundsToMultiplesOf3) {
  Rq a;
  for (std::size_t i = 0; i < p; ++i) a.at[i] = static_cast<std::int16_t>(static_cast<int>(i) * 6 - 2295);
  a.at[0] = 2294;
  a.at[1] = 2295;
  a.at[2] = -2294;
  a.at[3] = 1;
  a.at[4] = -1;
  const Rq rounded = sntrup761::round(a);
  EXPECT_THAT(std::vector<int>(rounded.at.begin(), rounded.at.begin() + 6),
              testing::ElementsAre(2295, 2295, -2295, 0, 0, 30 - 2295));
}

// ---- random polynomials

std::array<std::size_t, 3> counts(const Small& a) {
  std::array<std::size_t, 3> count{};
  for (const std::int8_t number : a.at) ++count.at(static_cast<std::size_t>(number + 1));
  return count;
}

// The bounds are more than six standard deviations away.
TEST(Sntrup761Ring, DrawsEachSmallNumberEquallyOften) {
  SeededRng rng(75);
  std::array<std::size_t, 3> all{};
  constexpr std::size_t draws = 60;
  for (std::size_t i = 0; i < draws; ++i) {
    const auto count = counts(sntrup761::random_small(rng));
    for (std::size_t k = 0; k < 3; ++k) all[k] += count[k];
  }
  for (const std::size_t count : all) EXPECT_NEAR(static_cast<double>(count), draws * p / 3.0, 620);
}

TEST(Sntrup761Ring, DrawsShortOnesOfWeight286AnywhereWithEitherSign) {
  SeededRng rng(76);
  constexpr std::size_t draws = 200;
  std::array<std::size_t, p> used{};
  std::size_t positive = 0;
  for (std::size_t i = 0; i < draws; ++i) {
    const Small f = sntrup761::random_short(rng);
    EXPECT_EQ(sntrup761::weight_is_not_w(f), 0);
    const auto count = counts(f);
    EXPECT_EQ(count[0] + count[2], w);
    positive += count[2];
    for (std::size_t at = 0; at < p; ++at) used[at] += f.at[at] != 0 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(positive), draws * w / 2.0, 720);
  for (const std::size_t times : used) EXPECT_NEAR(static_cast<double>(times), draws * w / double{p}, 42);
  Small f = sntrup761::random_short(rng);
  *std::find(f.at.begin(), f.at.end(), 0) = 1;
  EXPECT_EQ(sntrup761::weight_is_not_w(f), -1);
  EXPECT_EQ(sntrup761::weight_is_not_w(Small()), -1);
}

TEST(Sntrup761Ring, SortsAnyLength) {
  SeededRng rng(77);
  for (const std::size_t size : {0, 1, 2, 3, 7, 8, 9, 100, 761}) {
    std::vector<std::uint32_t> numbers(size);
    for (std::uint32_t& number : numbers) {
      std::array<std::uint8_t, 4> bytes;
      rng.fill(bytes);
      number = get_u32(bytes.data()) >> (bytes[0] % 3 * 15);  // some are the same, some small, some beyond 2^31
    }
    std::vector<std::uint32_t> sorted = numbers;
    std::sort(sorted.begin(), sorted.end());
    sntrup761::sort_in_constant_time(numbers);
    EXPECT_EQ(numbers, sorted) << size;
  }
  // Zeros and ones in every order sort: so does everything (the 0-1 principle).
  for (std::uint32_t order = 0; order < 1 << 11; ++order) {
    std::vector<std::uint32_t> numbers;
    for (int bit = 0; bit < 11; ++bit) numbers.push_back(order >> bit & 1);
    sntrup761::sort_in_constant_time(numbers);
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end())) << order;
  }
}

// ---- encodings

TEST(Sntrup761Encoding, DecodesWhatItEncoded) {
  SeededRng rng(78);
  std::vector<std::uint8_t> bytes(2 * p);
  for (int i = 0; i < 12; ++i) {
    rng.fill(bytes);
    Rq r;
    for (std::size_t at = 0; at < p; ++at) {
      const int number = (bytes[2 * at] * 256 + bytes[2 * at + 1]) % q - q / 2;
      r.at[at] = static_cast<std::int16_t>(i == 0 ? q / 2 : i == 1 ? -q / 2 : number);
    }
    std::array<std::uint8_t, sntrup761::rq_size> rq;
    sntrup761::encode_rq(r, rq);
    EXPECT_EQ(sntrup761::decode_rq(rq).at, r.at);
    const Rq rounded_r = sntrup761::round(r);
    std::array<std::uint8_t, sntrup761::rounded_size> rounded;
    sntrup761::encode_rounded(rounded_r, rounded);
    EXPECT_EQ(sntrup761::decode_rounded(rounded).at, rounded_r.at);
    const Small s = sntrup761::random_small(rng);
    std::array<std::uint8_t, sntrup761::small_size> small;
    sntrup761::encode_small(s, small);
    EXPECT_EQ(sntrup761::decode_small(small).at, s.at);
  }
}

// Not every string is what an encoder writes, but each one is numbers in range: bytes from a peer do no harm.
TEST(Sntrup761Encoding, DecodesAnyBytesToNumbersInRange) {
  SeededRng rng(79);
  std::vector<std::uint8_t> bytes(sntrup761::rq_size);
  for (int i = 0; i < 50; ++i) {
    rng.fill(bytes);
    if (i < 2) std::fill(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(i * 255));
    for (const std::int16_t number : sntrup761::decode_rq(bytes).at) ASSERT_LE(std::abs(number), q / 2);
    for (const std::int16_t number : sntrup761::decode_rounded(Bytes(bytes).first(sntrup761::rounded_size)).at) {
      ASSERT_LE(std::abs(number), q / 2);
      ASSERT_EQ(number % 3, 0);
    }
  }
}

}  // namespace
}  // namespace glassh
