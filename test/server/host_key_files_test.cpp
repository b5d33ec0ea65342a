#include "server/host_key_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/server/log_lines.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using test::LogLines;
using testing::ElementsAre;
using testing::HasSubstr;

struct HostKeyFilesTest : testing::Test {
  std::string key_file(const std::string& name, mode_t mode = 0600) {
    return lines.directory.write(name, test_key_text(name), mode);
  }

  LogLines lines;
  SystemRng rng;
  std::string state = lines.directory.path("state/glassh");
  std::string nowhere = lines.directory.path("nowhere");
};

TEST_F(HostKeyFilesTest, LoadsAndOffersWhatIsConfigured) {
  const HostKeySigner keys = load_host_keys({key_file("ed25519"), key_file("rsa2048")}, lines.log);
  const auto offered = keys.public_keys().offered();
  ASSERT_EQ(offered.size(), 2u);
  EXPECT_EQ(offered[0].type, "ssh-ed25519");
  EXPECT_EQ(offered[1].type, "ssh-rsa");
  EXPECT_EQ(offered[0].blob, copy_of(test_key("ed25519").public_key().blob()));
  EXPECT_THAT(keys.public_keys().usable({"rsa-sha2-512", "ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-256"}),
              ElementsAre("rsa-sha2-512", "ssh-ed25519", "rsa-sha2-256"));
}

TEST_F(HostKeyFilesTest, LeavesOutWhatOthersMayRead) {
  const HostKeySigner keys = load_host_keys({key_file("ed25519", 0640), key_file("ecdsa")}, lines.log);
  ASSERT_EQ(keys.public_keys().offered().size(), 1u);
  EXPECT_EQ(keys.public_keys().offered()[0].type, "ecdsa-sha2-nistp256");
  EXPECT_THAT(lines.text(), HasSubstr("error: Could not load host key: " + lines.directory.path("ed25519")));
}

TEST_F(HostKeyFilesTest, SaysWhyAKeyCannotBeUsed) {
  lines.directory.write("nonsense", "this is no key\n");
  EXPECT_TRUE(load_host_keys({nowhere, lines.directory.path("nonsense")}, lines.log).empty());
  EXPECT_THAT(lines.text(), HasSubstr(nowhere + ": No such file"));
  EXPECT_THAT(lines.text(), HasSubstr("nonsense"));
}

// A second key of a type waits for its turn: it is announced, and signs when it is asked to.
TEST_F(HostKeyFilesTest, OffersOneKeyPerTypeAndKeepsTheOthers) {
  const HostKeySigner keys = load_host_keys({key_file("rsa2048"), key_file("rsa3072")}, lines.log);
  ASSERT_EQ(keys.public_keys().all().size(), 2u);
  ASSERT_EQ(keys.public_keys().offered().size(), 1u);
  EXPECT_EQ(keys.public_keys().offered()[0].blob, copy_of(test_key("rsa2048").public_key().blob()));
  EXPECT_THAT(keys.public_keys().usable({"rsa-sha2-512", "rsa-sha2-256"}), ElementsAre("rsa-sha2-512", "rsa-sha2-256"));
}

TEST_F(HostKeyFilesTest, HasNoKeyTwice) {
  const std::string again = lines.directory.write("again", test_key_text("ed25519"), 0600);
  const HostKeySigner keys = load_host_keys({key_file("ed25519"), key_file("ecdsa"), again}, lines.log);
  EXPECT_EQ(keys.public_keys().all().size(), 2u);
  EXPECT_THAT(lines.text(), HasSubstr("again: the same key as an earlier one"));
}

TEST_F(HostKeyFilesTest, LeavesOutRsaKeysThatAreShorterThanRequired) {
  const HostKeySigner keys =
      load_host_keys({key_file("rsa2048"), key_file("rsa3072"), key_file("ed25519")}, lines.log, 2049);
  ASSERT_EQ(keys.public_keys().all().size(), 2u);
  EXPECT_EQ(keys.public_keys().all()[0], test_key("rsa3072").public_key());
  EXPECT_THAT(lines.text(), HasSubstr("rsa2048: Invalid key length"));
}

// [4251-4.1-1]
TEST_F(HostKeyFilesTest, MakesAPrivateKeyWhereThereIsNone) {
  const HostKeySigner made = default_host_keys(nowhere, state, &rng, lines.log);
  ASSERT_EQ(made.public_keys().all().size(), 1u);
  EXPECT_EQ(lines.directory.mode("state"), 0700u);
  EXPECT_EQ(lines.directory.mode("state/glassh"), 0700u);
  EXPECT_EQ(lines.directory.mode("state/glassh/ssh_host_ed25519_key"), 0600u);
  EXPECT_EQ(lines.directory.mode("state/glassh/ssh_host_ed25519_key.pub"), 0644u);
  EXPECT_THAT(lines.text(), HasSubstr("Made a host key, as there was none: " + state + "/ssh_host_ed25519_key"));
  EXPECT_THAT(lines.text(), HasSubstr(made.public_keys().all()[0].fingerprint()));

  const HostKeySigner again = default_host_keys(nowhere, state, &rng, lines.log);
  ASSERT_EQ(again.public_keys().all().size(), 1u);
  EXPECT_EQ(again.public_keys().all()[0], made.public_keys().all()[0]) << "the key stays";
}

TEST_F(HostKeyFilesTest, MakesNothingWhenOnlyLooking) {
  EXPECT_TRUE(default_host_keys(nowhere, state, nullptr, lines.log).empty());
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(HostKeyFilesTest, PrefersTheSystemsKeys) {
  lines.directory.write("ssh_host_ecdsa_key", test_key_text("ecdsa"));
  const HostKeySigner keys = default_host_keys(lines.directory.path(), state, &rng, lines.log);
  ASSERT_EQ(keys.public_keys().all().size(), 1u);
  EXPECT_EQ(keys.public_keys().all()[0], test_key("ecdsa").public_key());
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(HostKeyFilesTest, AKeyThatOthersMayReadIsNotReplaced) {
  default_host_keys(nowhere, state, &rng, lines.log);
  lines.directory.set_mode("state/glassh/ssh_host_ed25519_key", 0644);
  EXPECT_TRUE(default_host_keys(nowhere, state, &rng, lines.log).empty());
}

TEST_F(HostKeyFilesTest, SaysThatTheDirectoryCannotBeMade) {
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
