// OpenSSH PROTOCOL section 2.5: which lines an announcement of host keys may change, and how the file looks after it.
// What OpenSSH's own ssh makes of the same files is compared in conformance/keys/update_host_keys_test.py.
#include "auth/known_hosts_update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/test_keys.h"

namespace glassh {
namespace {

using testing::HasSubstr;

struct KnownHostsUpdateTest : testing::Test {
  PublicKey a = test_key("ed25519").public_key();
  PublicKey b = test_key("ecdsa").public_key();
  PublicKey c = test_key("rsa2048").public_key();
  PublicKey old = test_key("rsa3072").public_key();
  std::vector<HostAndPort> names = {{"host", 22}};
  std::vector<PublicKey> announced = {a, b, c};

  HostKeyChanges changes(const std::string& text) const {
    const std::vector<KnownHostsFile> files = {{"kh", text}};
    return host_key_changes(files, names, announced);
  }
  std::string obstacle(const std::string& text) const { return changes(text).obstacle; }
  std::string updated(const std::string& text) const {
    return with_host_keys({"kh", text}, names, announced, nullptr).text;
  }
};

TEST_F(KnownHostsUpdateTest, WhatIsNewAndWhatIsObsoleteIsFound) {
  const HostKeyChanges found = changes("host " + a.line() + "\nhost " + old.line() + "\n");
  EXPECT_EQ(found.obstacle, "");
  EXPECT_EQ(found.unknown, (std::vector<PublicKey>{b, c}));
  EXPECT_EQ(found.obsolete, (std::vector<PublicKey>{old}));
}

TEST_F(KnownHostsUpdateTest, NothingNewIsNoChange) {
  EXPECT_EQ(obstacle("host " + a.line() + "\nhost " + b.line() + "\nhost " + c.line() + "\n"),
            "no new or deprecated keys from server");
}

TEST_F(KnownHostsUpdateTest, LinesOfTheUsersOwnMakingStopIt) {
  for (const std::string names_field :
       {"*", "h?st", "host,b,c", "@revoked host", "@cert-authority host", "host,!other"}) {
    EXPECT_THAT(obstacle("host " + a.line() + "\n" + names_field + " " + old.line() + "\n"),
                HasSubstr("a marker, a list of names or a pattern"))
        << names_field;
  }
  EXPECT_EQ(obstacle("host,alias " + a.line() + "\n"), "");
  EXPECT_EQ(obstacle("host " + a.line() + "\n@revoked other " + old.line() + "\n"), "");
}

TEST_F(KnownHostsUpdateTest, KeysThatAreKnownUnderOtherNamesStopIt) {
  EXPECT_THAT(obstacle("host " + a.line() + "\nother " + b.line() + "\n"), HasSubstr("another name or address"));
  EXPECT_THAT(obstacle("host " + a.line() + "\n@revoked other " + b.line() + "\n"), HasSubstr("another name"));
  EXPECT_THAT(obstacle("host " + a.line() + "\nhost " + old.line() + "\nother " + old.line() + "\n"),
              HasSubstr("has no more is known under other names"));
}

// CheckHostIP: the name with another address than now.
TEST_F(KnownHostsUpdateTest, AnotherAddressStopsIt) {
  names.push_back({"192.0.2.1", 22});
  EXPECT_THAT(obstacle("host,192.0.2.2 " + a.line() + "\n"), HasSubstr("another name or address"));
  EXPECT_THAT(obstacle("other,192.0.2.1 " + a.line() + "\n"), HasSubstr("another name or address"));
  EXPECT_EQ(obstacle("host,192.0.2.1 " + a.line() + "\n"), "");
  EXPECT_THAT(updated("host,192.0.2.1 " + a.line() + "\n"), HasSubstr("\nhost,192.0.2.1 " + b.line() + "\n"));
}

TEST_F(KnownHostsUpdateTest, OtherLinesStayByteForByte) {
  const std::string others = "# comment\r\n\n   other \t" + old.line() +
                             "   with a comment \t\nnonsense\n@revoked host " + old.line() +
                             "\nhost ssh-dss AAAAB3NzaC1kc3MAAAAA\n";
  EXPECT_EQ(updated(others + "host " + old.line() + " old\nhost " + a.line() + " mine\nno end"),
            others + "host " + a.line() + " mine\nno end\nhost " + b.line() + "\nhost " + c.line() + "\n");
}

TEST_F(KnownHostsUpdateTest, HashedNamesAreFoundAndWritten) {
  SeededRng rng{3};
  const std::string text =
      known_hosts_line("host", 22, a, &rng) + "\n" + known_hosts_line("host", 22, old, &rng) + "\n";
  EXPECT_EQ(changes(text).obsolete, (std::vector<PublicKey>{old}));
  const KnownHostsUpdate update = with_host_keys({"kh", text}, names, announced, &rng);
  EXPECT_EQ(update.removed.size(), 1u);
  EXPECT_EQ(update.added.size(), 2u);
  EXPECT_EQ(update.text.find("host "), std::string::npos);
  const std::vector<KnownHostsFile> files = {{"kh", update.text}};
  for (const PublicKey& key : announced) {
    EXPECT_EQ(look_up_host_key(files, "host", 22, key).status, KnownHostStatus::match);
  }
  EXPECT_EQ(look_up_host_key(files, "host", 22, old).status, KnownHostStatus::changed);
}

TEST_F(KnownHostsUpdateTest, AnotherPortIsAnotherHost) {
  names = {{"host", 2222}};
  const std::string bare = "host " + old.line() + "\n";
  EXPECT_EQ(updated(bare + "[host]:2222 " + a.line() + "\n"),
            bare + "[host]:2222 " + a.line() + "\n[host]:2222 " + b.line() + "\n[host]:2222 " + c.line() + "\n");
}

// CheckHostIP: what ssh 9.2 makes of such files.
TEST_F(KnownHostsUpdateTest, OnlyTheNameThatAKeyLacksIsAdded) {
  names = {{"host", 22}, {"192.0.2.2", 22}};
  const std::string text = "host,192.0.2.2 " + a.line() + "\nhost " + b.line() + "\n192.0.2.2 " + c.line() + "\n";
  const KnownHostsUpdate update = with_host_keys({"kh", text}, names, announced, nullptr);
  EXPECT_EQ(update.text, text + "192.0.2.2 " + b.line() + "\nhost " + c.line() + "\n");
  EXPECT_TRUE(update.added.empty());
  EXPECT_TRUE(update.completed);
  EXPECT_FALSE(with_host_keys({"kh", update.text}, names, announced, nullptr).completed);
}

TEST_F(KnownHostsUpdateTest, WithoutKeysTheHostIsForgotten) {
  announced.clear();
  EXPECT_EQ(updated("host " + a.line() + "\nother " + b.line() + "\n"), "other " + b.line() + "\n");
}

}  // namespace
}  // namespace glassh
