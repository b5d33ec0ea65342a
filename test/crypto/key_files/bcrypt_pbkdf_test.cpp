#include "crypto/key_files/bcrypt_pbkdf.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace glassh {
namespace {

std::string derived(std::string_view passphrase, std::string_view salt, std::uint32_t rounds, std::size_t size) {
  return hex(bcrypt_pbkdf(bytes_of(passphrase), bytes_of(salt), rounds, size).reveal());
}

std::string counting(int first, int last) {
  std::string out;
  for (int i = first; i <= last; ++i) out += static_cast<char>(i);
  return out;
}

// Computed by the Python package bcrypt.
TEST(BcryptPbkdf, KnownAnswers) {
  using namespace std::string_view_literals;
  EXPECT_EQ(derived("password", "salt", 4, 32), "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9");
  EXPECT_EQ(derived("password", "\0"sv, 4, 16), "c12b566235eee04c212598970a579a67");
  EXPECT_EQ(derived("\0"sv, "salt", 4, 16), "6051be18c2f4f82cbf0efee5471b4bb9");
  EXPECT_EQ(derived("x", "y", 1, 1), "8f");
}

// More than a block, and a length that the blocks do not fill evenly.
TEST(BcryptPbkdf, SpreadsItsBlocksOverTheOutput) {
  EXPECT_EQ(derived("password", "salt", 8, 48),
            "e1367ec5151a33faac4cc1c144cd23fa15d5548493ecc99b9b5d9c0d3b27bec76227ea66088b849b20ab7aa478010246");
  EXPECT_EQ(
      derived(counting(1, 79), counting(200, 255), 3, 90),
      "71b724b5f719cbd9987cc83207520ee20925026ac508e1c6e2f6c4aa5ab96aee9c8bef2fa97a4f1a083d633c9e5c13da181980d4d8bb95"
      "655921aaf41e5b076f4f65a60dd504a74a35038d941b9f2a0f98ab6925f2b2526b1715");
}

TEST(BcryptPbkdf, RefusesWhatItCannotDo) {
  EXPECT_THROW(derived("", "salt", 1, 32), std::invalid_argument);
  EXPECT_THROW(derived("password", "", 1, 32), std::invalid_argument);
  EXPECT_THROW(derived("password", "salt", 0, 32), std::invalid_argument);
  EXPECT_THROW(derived("password", "salt", 1, 0), std::invalid_argument);
  EXPECT_THROW(derived("password", "salt", 1, 1025), std::invalid_argument);
  EXPECT_EQ(derived("password", "salt", 1, 1024).size(), 2048u);
}

}  // namespace
}  // namespace glassh
