#include "server/host_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "test/server/log_lines.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using test::LogLines;
using testing::ElementsAre;
using testing::HasSubstr;

struct HostKeysTest : testing::Test {
  std::string key_file(const std::string& name, mode_t mode = 0600) {
    return lines.directory.write(name, test_key_text(name), mode);
  }
  std::vector<std::uint8_t> sign(const HostKeys& keys, Bytes host_key, const std::string& algorithm, Bytes hash) {
    boost::asio::io_context io;
    auto signature =
        boost::asio::co_spawn(io, keys.sign(copy_of(host_key), algorithm, copy_of(hash)), boost::asio::use_future);
    io.run();
    return signature.get();
  }

  LogLines lines;
  SystemRng rng;
  std::string state = lines.directory.path("state/glassh");
  std::string nowhere = lines.directory.path("nowhere");
};

TEST_F(HostKeysTest, LoadsAndOffersWhatIsConfigured) {
  const HostKeys keys = load_host_keys({key_file("ed25519"), key_file("rsa2048")}, lines.log);
  const auto offered = keys.offered();
  ASSERT_EQ(offered.size(), 2u);
  EXPECT_EQ(offered[0].type, "ssh-ed25519");
  EXPECT_EQ(offered[1].type, "ssh-rsa");
  EXPECT_EQ(offered[0].blob, copy_of(test_key("ed25519").public_key().blob()));
  EXPECT_THAT(keys.usable({"rsa-sha2-512", "ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-256"}),
              ElementsAre("rsa-sha2-512", "ssh-ed25519", "rsa-sha2-256"));
}

TEST_F(HostKeysTest, LeavesOutWhatOthersMayRead) {
  const HostKeys keys = load_host_keys({key_file("ed25519", 0640), key_file("ecdsa")}, lines.log);
  ASSERT_EQ(keys.offered().size(), 1u);
  EXPECT_EQ(keys.offered()[0].type, "ecdsa-sha2-nistp256");
  EXPECT_THAT(lines.text(), HasSubstr("error: Could not load host key: " + lines.directory.path("ed25519")));
}

TEST_F(HostKeysTest, SaysWhyAKeyCannotBeUsed) {
  lines.directory.write("nonsense", "this is no key\n");
  EXPECT_TRUE(load_host_keys({nowhere, lines.directory.path("nonsense")}, lines.log).empty());
  EXPECT_THAT(lines.text(), HasSubstr(nowhere + ": No such file"));
  EXPECT_THAT(lines.text(), HasSubstr("nonsense"));
}

// A second key of a type waits for its turn: it is announced, and signs when it is asked to.
TEST_F(HostKeysTest, OffersOneKeyPerTypeAndKeepsTheOthers) {
  const HostKeys keys = load_host_keys({key_file("rsa2048"), key_file("rsa3072")}, lines.log);
  ASSERT_EQ(keys.keys().size(), 2u);
  ASSERT_EQ(keys.offered().size(), 1u);
  EXPECT_EQ(keys.offered()[0].blob, copy_of(test_key("rsa2048").public_key().blob()));
  EXPECT_THAT(keys.usable({"rsa-sha2-512", "rsa-sha2-256"}), ElementsAre("rsa-sha2-512", "rsa-sha2-256"));
}

TEST_F(HostKeysTest, HasNoKeyTwice) {
  const std::string again = lines.directory.write("again", test_key_text("ed25519"), 0600);
  const HostKeys keys = load_host_keys({key_file("ed25519"), key_file("ecdsa"), again}, lines.log);
  EXPECT_EQ(keys.keys().size(), 2u);
  EXPECT_THAT(lines.text(), HasSubstr("again: the same key as an earlier one"));
}

TEST_F(HostKeysTest, LeavesOutRsaKeysThatAreShorterThanRequired) {
  const HostKeys keys =
      load_host_keys({key_file("rsa2048"), key_file("rsa3072"), key_file("ed25519")}, lines.log, 2049);
  ASSERT_EQ(keys.keys().size(), 2u);
  EXPECT_EQ(keys.keys()[0].public_key(), test_key("rsa3072").public_key());
  EXPECT_THAT(lines.text(), HasSubstr("rsa2048: Invalid key length"));
}

TEST_F(HostKeysTest, SignsWithTheKeyThatWasAskedFor) {
  const HostKeys keys = load_host_keys({key_file("ed25519"), key_file("rsa2048")}, lines.log);
  const std::vector<std::uint8_t> hash(32, 7);
  for (const auto& [name, algorithm] : {std::pair{"ed25519", "ssh-ed25519"}, std::pair{"rsa2048", "rsa-sha2-256"}}) {
    const PublicKey key = test_key(name).public_key();
    EXPECT_TRUE(key.verify(algorithm, hash, sign(keys, key.blob(), algorithm, hash))) << name;
  }
  EXPECT_THROW(sign(keys, test_key("ecdsa").public_key().blob(), "ecdsa-sha2-nistp256", hash), std::runtime_error);
}

// [4251-4.1-1]
TEST_F(HostKeysTest, MakesAPrivateKeyWhereThereIsNone) {
  const HostKeys made = default_host_keys(nowhere, state, &rng, lines.log);
  ASSERT_EQ(made.keys().size(), 1u);
  EXPECT_EQ(lines.directory.mode("state"), 0700u);
  EXPECT_EQ(lines.directory.mode("state/glassh"), 0700u);
  EXPECT_EQ(lines.directory.mode("state/glassh/ssh_host_ed25519_key"), 0600u);
  EXPECT_EQ(lines.directory.mode("state/glassh/ssh_host_ed25519_key.pub"), 0644u);
  EXPECT_THAT(lines.text(), HasSubstr("Made a host key, as there was none: " + state + "/ssh_host_ed25519_key"));
  EXPECT_THAT(lines.text(), HasSubstr(made.keys()[0].public_key().fingerprint()));

  const HostKeys again = default_host_keys(nowhere, state, &rng, lines.log);
  ASSERT_EQ(again.keys().size(), 1u);
  EXPECT_EQ(again.keys()[0].public_key(), made.keys()[0].public_key()) << "the key stays";
}

TEST_F(HostKeysTest, MakesNothingWhenOnlyLooking) {
  EXPECT_TRUE(default_host_keys(nowhere, state, nullptr, lines.log).empty());
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(HostKeysTest, PrefersTheSystemsKeys) {
  lines.directory.write("ssh_host_ecdsa_key", test_key_text("ecdsa"));
  const HostKeys keys = default_host_keys(lines.directory.path(), state, &rng, lines.log);
  ASSERT_EQ(keys.keys().size(), 1u);
  EXPECT_EQ(keys.keys()[0].public_key(), test_key("ecdsa").public_key());
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(HostKeysTest, AKeyThatOthersMayReadIsNotReplaced) {
  default_host_keys(nowhere, state, &rng, lines.log);
  lines.directory.set_mode("state/glassh/ssh_host_ed25519_key", 0644);
  EXPECT_TRUE(default_host_keys(nowhere, state, &rng, lines.log).empty());
}

TEST_F(HostKeysTest, SaysThatTheDirectoryCannotBeMade) {
  lines.directory.write("file", "");
  EXPECT_THROW(default_host_keys(nowhere, lines.directory.path("file/glassh"), &rng, lines.log), std::runtime_error);
}

TEST(StateDirectory, FollowsTheXdgSpecification) {
  const Account account{"ann", 1000, 1000, "/home/ann", "/bin/sh"};
  EXPECT_EQ(state_directory(account, nullptr), "/home/ann/.local/state/glassh");
  EXPECT_EQ(state_directory(account, ""), "/home/ann/.local/state/glassh");
  EXPECT_EQ(state_directory(account, "relative"), "/home/ann/.local/state/glassh");
  EXPECT_EQ(state_directory(account, "/var/state"), "/var/state/glassh");
}

}  // namespace
}  // namespace glassh
