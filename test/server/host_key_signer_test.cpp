#include "server/host_key_signer.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "test/support/test_keys.h"

namespace glassh {
namespace {

TEST(HostKeySigner, SignsWithTheKeyThatWasAskedFor) {
  HostKeySigner signer;
  for (const char* name : {"ed25519", "rsa2048"}) EXPECT_TRUE(signer.add(test_key(name)));
  const std::vector<std::uint8_t> hash(32, 7);
  for (const auto& [name, algorithm] : {std::pair{"ed25519", "ssh-ed25519"}, std::pair{"rsa2048", "rsa-sha2-256"}}) {
    const PublicKey key = test_key(name).public_key();
    EXPECT_TRUE(key.verify(algorithm, hash, signer.sign(key.blob(), algorithm, hash))) << name;
  }
  EXPECT_THROW(signer.sign(test_key("ecdsa").public_key().blob(), "ecdsa-sha2-nistp256", hash), std::runtime_error);
}

TEST(HostKeySigner, HasNoKeyTwice) {
  HostKeySigner signer;
  EXPECT_TRUE(signer.empty());
  EXPECT_TRUE(signer.add(test_key("ed25519")));
  EXPECT_TRUE(signer.add(test_key("rsa2048")));
  EXPECT_FALSE(signer.add(test_key("ed25519")));
  ASSERT_EQ(signer.public_keys().all().size(), 2u);
  EXPECT_EQ(signer.public_keys().all()[0], test_key("ed25519").public_key());
}

}  // namespace
}  // namespace glassh
