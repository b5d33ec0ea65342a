#include "crypto/key_files/eksblowfish.h"

#include <vector>

#include <gtest/gtest.h>

namespace glassh {
namespace {

// Numbers with 1042 words behind the point, and some more where truncated divisions may go wrong.
constexpr std::size_t words = 18 + 4 * 256;
constexpr std::size_t guard_words = 2;
using FixedPoint = std::vector<std::uint32_t>;  // [0] stands before the point

bool divide(FixedPoint& number, std::uint32_t divisor) {
  std::uint64_t remainder = 0;
  bool zero = true;
  for (std::uint32_t& word : number) {
    const std::uint64_t part = remainder << 32 | word;
    word = static_cast<std::uint32_t>(part / divisor);
    remainder = part % divisor;
    zero = zero && word == 0;
  }
  return !zero;
}

// total += or -= number
void accumulate(FixedPoint& total, const FixedPoint& number, bool subtract) {
  std::int64_t carry = 0;
  for (std::size_t i = total.size(); i-- > 0;) {
    const std::int64_t sum = std::int64_t{total[i]} + (subtract ? -std::int64_t{number[i]} : number[i]) + carry;
    total[i] = static_cast<std::uint32_t>(sum);
    carry = sum >> 32;
  }
}

// total += factor * arctan(1/x)
void add_arctan(FixedPoint& total, std::uint32_t factor, std::uint32_t x) {
  FixedPoint power(total.size());
  power[0] = factor;
  divide(power, x);
  bool subtract = false;
  for (std::uint32_t odd = 1;; odd += 2) {
    FixedPoint term = power;
    divide(term, odd);
    accumulate(total, term, subtract);
    subtract = !subtract;
    if (!divide(power, x * x)) return;
  }
}

// The words were made by Machin's formula; this is Stormer's: pi = 24 arctan(1/8) + 8 arctan(1/57) + 4 arctan(1/239).
TEST(Eksblowfish, BeginsWithTheDigitsOfPi) {
  FixedPoint pi(1 + words + guard_words);
  add_arctan(pi, 24, 8);
  add_arctan(pi, 8, 57);
  add_arctan(pi, 4, 239);
  ASSERT_EQ(pi[0], 3u);
  for (std::size_t i = 0; i < words; ++i) ASSERT_EQ(digits_of_pi[i], pi[1 + i]) << "word " << i;
}

struct KnownAnswer {
  std::vector<std::uint8_t> key;
  std::uint32_t left, right;
  std::uint32_t encrypted_left, encrypted_right;
};

// Without a salt the schedule is Blowfish's own: vectors that accompany Schneier's paper.
TEST(Eksblowfish, WithoutASaltIsBlowfish) {
  const std::vector<KnownAnswer> answers = {
      {{0, 0, 0, 0, 0, 0, 0, 0}, 0, 0, 0x4ef99745, 0x6198dd78},
      {{255, 255, 255, 255, 255, 255, 255, 255}, 0xffffffff, 0xffffffff, 0x51866fd5, 0xb85ecb8a},
      {{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}, 0x11111111, 0x11111111, 0x61f9c380, 0x2281b096},
      {{0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10}, 0x01234567, 0x89abcdef, 0x0aceab0f, 0xc6a0a28d},
      // Keys whose words wrap around in another place.
      {{0xf0}, 0xfedcba98, 0x76543210, 0xf9ad597c, 0x49db005e},
      {{0xf0, 0xe1, 0xd2}, 0xfedcba98, 0x76543210, 0xe9c2b70a, 0x1bc65cf3},
  };
  for (const KnownAnswer& answer : answers) {
    SCOPED_TRACE(hex(answer.key));
    Eksblowfish state;
    state.expand(answer.key);
    std::uint32_t left = answer.left;
    std::uint32_t right = answer.right;
    state.encrypt(left, right);
    EXPECT_EQ(left, answer.encrypted_left);
    EXPECT_EQ(right, answer.encrypted_right);
  }
}

TEST(Eksblowfish, SaltAndEachTurnMakeAnotherCipher) {
  const std::vector<std::uint8_t> key = {1, 2, 3, 4};
  const std::vector<std::uint8_t> salt = {5, 6, 7, 8, 9};
  const auto encrypted = [&key](Bytes salt_bytes, int turns) {
    Eksblowfish state;
    for (int i = 0; i < turns; ++i) state.expand(salt_bytes, key);
    std::uint32_t left = 0;
    std::uint32_t right = 0;
    state.encrypt(left, right);
    return std::uint64_t{left} << 32 | right;
  };
  EXPECT_NE(encrypted(salt, 1), encrypted(Bytes(salt).first(4), 1));
  EXPECT_NE(encrypted(salt, 1), encrypted(salt, 2));
  EXPECT_EQ(encrypted(salt, 2), encrypted(salt, 2));
}

}  // namespace
}  // namespace glassh
