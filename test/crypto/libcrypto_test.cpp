#include "crypto/libcrypto.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glassh {
namespace {

std::string text_of_failure(int result) {
  try {
    check(result, "the step");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no failure";
}

TEST(Libcrypto, SaysWhatFailedAndWhy) {
  EXPECT_EQ(text_of_failure(1), "no failure");
  EXPECT_EQ(text_of_failure(0), "libcrypto: the step: no reason given");
  EXPECT_EQ(text_of_failure(-2), "libcrypto: the step: no reason given");
  ASSERT_EQ(EVP_CIPHER_fetch(nullptr, "ROT13", nullptr), nullptr);
  EXPECT_THAT(text_of_failure(0), testing::HasSubstr("unsupported"));
  EXPECT_EQ(ERR_peek_error(), 0U);  // the next failure must not be explained with this one's reason
  EXPECT_THROW(check_pointer(static_cast<EVP_MD*>(nullptr), "nothing"), std::runtime_error);
}

TEST(Libcrypto, FetchesEachAlgorithmOnce) {
  EXPECT_EQ(fetched_digest(HashName::sha256), fetched_digest(HashName::sha256));
  EXPECT_NE(fetched_digest(HashName::sha256), fetched_digest(HashName::sha512));
  EXPECT_EQ(fetched_cipher("ChaCha20"), fetched_cipher("ChaCha20"));
  EXPECT_NE(fetched_cipher("AES-128-CTR"), fetched_cipher("AES-256-CTR"));
  EXPECT_THROW(fetched_cipher("ROT13"), std::invalid_argument);
}

}  // namespace
}  // namespace glassh
