#include "server/host_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/test_keys.h"

namespace glassh {
namespace {

using testing::ElementsAre;

TEST(HostKeys, OffersTheFirstOfEachTypeAndKnowsThemAll) {
  std::vector<PublicKey> list;
  for (const char* name : {"rsa2048", "ed25519", "rsa3072"}) list.push_back(test_key(name).public_key());
  const HostKeys keys(list);
  const auto offered = keys.offered();
  ASSERT_EQ(offered.size(), 2u);
  EXPECT_EQ(offered[0].blob, copy_of(list[0].blob()));
  EXPECT_EQ(offered[1].type, "ssh-ed25519");
  for (const PublicKey& each : list) EXPECT_TRUE(keys.has(each.blob()));
  EXPECT_FALSE(keys.has(test_key("ecdsa").public_key().blob()));
  EXPECT_FALSE(keys.has({}));
}

TEST(HostKeys, AlgorithmsAreUsableIfOneOfTheKeysHasThem) {
  const HostKeys keys({test_key("rsa2048").public_key(), test_key("ed25519").public_key()});
  EXPECT_THAT(keys.usable({"rsa-sha2-512", "ecdsa-sha2-nistp256", "ssh-ed25519", "no-such"}),
              ElementsAre("rsa-sha2-512", "ssh-ed25519"));
  EXPECT_TRUE(HostKeys().usable({"ssh-ed25519"}).empty());
}

}  // namespace
}  // namespace glassh
