#include "crypto/rng.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace glassh {
namespace {

std::vector<std::uint8_t> drawn(Rng& rng, std::size_t size) {
  std::vector<std::uint8_t> bytes(size, 0xee);
  rng.fill(bytes);
  return bytes;
}

// [4251-9.1-1] keeps: what can be seen of it from outside.
TEST(SystemRng, FillsAllBytesAndNeverTheSame) {
  SystemRng rng;
  EXPECT_NE(drawn(rng, 32), drawn(rng, 32));
  EXPECT_NO_THROW(drawn(rng, 0));
  // More than libcrypto gives at once. Each byte value comes about 11700 times.
  const std::vector<std::uint8_t> many = drawn(rng, 3000000);
  for (const int value : {0, 0xee, 0xff}) {
    const auto count = std::count(many.begin(), many.end(), static_cast<std::uint8_t>(value));
    EXPECT_GT(count, 10000);
    EXPECT_LT(count, 13500);
  }
}

TEST(SeededRng, IsTheChaCha20KeyStreamOfTheSeed) {
  SeededRng zero(0);  // ChaCha20 with a zero key and a zero nonce, RFC 8439 section A.1, test vector 1
  EXPECT_EQ(hex(drawn(zero, 32)), "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7");
}

TEST(SeededRng, GivesTheSameBytesInWhateverPieces) {
  SeededRng whole(42);
  const std::vector<std::uint8_t> expected = drawn(whole, 300);
  SeededRng pieces(42);
  std::vector<std::uint8_t> joined;
  for (const std::size_t size : {1, 0, 63, 64, 65, 107}) {
    const std::vector<std::uint8_t> piece = drawn(pieces, size);
    joined.insert(joined.end(), piece.begin(), piece.end());
  }
  EXPECT_EQ(joined, expected);
}

TEST(SeededRng, DiffersBetweenSeeds) {
  SeededRng one(1);
  SeededRng two(2);
  SeededRng high(1ULL << 63);
  const std::vector<std::uint8_t> from_one = drawn(one, 16);
  EXPECT_NE(from_one, drawn(two, 16));
  EXPECT_NE(from_one, drawn(high, 16));
}

}  // namespace
}  // namespace glassh
