#include "config/algorithm_lists.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;

const AlgorithmSet ciphers = test::few_algorithms().ciphers;

std::string joined(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ",")); }

std::string chosen(std::string_view list, std::size_t expected_notes = 0) {
  std::vector<ConfigNote> notes;
  const auto names = choose_algorithms(list, "Ciphers", ciphers, notes);
  EXPECT_EQ(notes.size(), expected_notes) << list;
  return joined(names);
}

TEST(ConfigAlgorithms, AListReplacesOrChangesTheDefault) {
  EXPECT_EQ(chosen("aes128-ctr,aes256-ctr"), "aes128-ctr,aes256-ctr");
  EXPECT_EQ(chosen("aes128-ctr,aes128-ctr"), "aes128-ctr");
  EXPECT_EQ(chosen("+aes128-ctr"), "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr,aes128-ctr");
  EXPECT_EQ(chosen("^aes128-ctr"), "aes128-ctr,chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr");
  EXPECT_EQ(chosen("-aes*"), "chacha20-poly1305@openssh.com");
  EXPECT_EQ(chosen("-chacha20-*,*-gcm@openssh.com,unheard-of"), "aes256-ctr,aes128-ctr");
  EXPECT_EQ(chosen("*-ctr"), "aes256-ctr,aes128-ctr");
}

// Compared with what ssh -G 9.2 makes of them.
TEST(ConfigAlgorithms, OddListsMeanWhatTheyMeanToOpenSsh) {
  const std::string all = "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr,aes128-ctr";
  EXPECT_EQ(chosen("aes128-ctr,,aes256-ctr"), "aes128-ctr,aes256-ctr");
  EXPECT_EQ(chosen(",aes128-ctr,"), "aes128-ctr");
  EXPECT_EQ(chosen("aes256-ctr,aes128-ctr,aes256-ctr"), "aes256-ctr,aes128-ctr");
  EXPECT_EQ(chosen("^aes128-ctr,aes128-ctr"),
            "aes128-ctr,chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr");
  EXPECT_EQ(chosen("-"), all);
  EXPECT_EQ(chosen("-unheard-of"), all);
  EXPECT_EQ(chosen("-AES128-CTR"), all);
  EXPECT_EQ(chosen("-!aes128-ctr"), all);
  EXPECT_EQ(chosen("-*,!aes128-ctr"), "aes128-ctr");
}

// RFC 4253 section 7.1 [4253-7.1-17] keeps: an AEAD cipher needs no MAC.
TEST(ConfigAlgorithms, OnlyMacsMayBeNone) {
  std::vector<ConfigNote> notes;
  EXPECT_TRUE(choose_algorithms("-*", "MACs", test::few_algorithms().macs, notes).empty());
  EXPECT_THROW(choose_algorithms("-*", "KexAlgorithms", test::few_algorithms().kex, notes), ConfigError);
  EXPECT_THROW(choose_algorithms("none", "MACs", test::few_algorithms().macs, notes), ConfigError);
}

TEST(ConfigAlgorithms, WhatOnlyOpenSshHasIsLeftOutWithANote) {
  EXPECT_EQ(chosen("3des-cbc,aes128-ctr,aes192-ctr", 2), "aes128-ctr");
  std::vector<ConfigNote> notes;
  choose_algorithms("umac-64-etm@openssh.com,hmac-sha1-etm@openssh.com,hmac-sha1,hmac-sha2-512", "MACs",
                    test::few_algorithms().macs, notes);
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_EQ(notes[0].text, "'umac-64-etm@openssh.com' is not supported here and is left out");
  notes.clear();
  choose_algorithms("mlkem768x25519-sha256,diffie-hellman-group14-sha256,curve25519-sha256", "KexAlgorithms",
                    test::few_algorithms().kex, notes);
  EXPECT_EQ(notes.size(), 2U);
  notes.clear();
  choose_algorithms(
      "ssh-ed25519-cert-v01@openssh.com,sk-ssh-ed25519@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com,"
      "webauthn-sk-ecdsa-sha2-nistp256@openssh.com,ssh-rsa,ssh-ed25519",
      "HostKeyAlgorithms", test::few_algorithms().signatures, notes);
  EXPECT_EQ(notes.size(), 5U);
}

TEST(ConfigAlgorithms, BadListsSayWhatIsWrong) {
  const std::string supported =
      "; supported: chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr,aes128-ctr";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"nope", "unknown algorithm 'nope'" + supported},
      {"+hmac-sha1", "unknown algorithm 'hmac-sha1'" + supported},
      {"3des-cbc", "'3des-cbc' leaves nothing" + supported},
      {"none-*", "'none-*' leaves nothing" + supported},
      {"-*", "'-*' leaves nothing" + supported},
      {"AES128-CTR", "unknown algorithm 'AES128-CTR'" + supported},
      {"!aes128-ctr", "unknown algorithm '!aes128-ctr'" + supported},
      {"+-aes128-ctr", "unknown algorithm '-aes128-ctr'" + supported},
      {",", "no name in ','"},
      {"+", "no name in ''"},
      {"^,", "no name in ','"},
      {"", "no name in ''"}};
  for (const auto& [list, error] : cases) {
    EXPECT_EQ(config_error_of([list = list] { chosen(list); }), error);
  }
}

TEST(ConfigAlgorithms, WhatIsSupportedButNoDefaultIsChosenByName) {
  AlgorithmSet names{"a", "b", "old-1", "old-2"};
  names.defaults = {"a", "b"};
  const auto chosen_of = [&](std::string_view list) {
    std::vector<ConfigNote> notes;
    return joined(choose_algorithms(list, "KexAlgorithms", names, notes));
  };
  EXPECT_EQ(chosen_of("old-1"), "old-1");
  EXPECT_EQ(chosen_of("+old-1"), "a,b,old-1");
  EXPECT_EQ(chosen_of("+old-*"), "a,b,old-1,old-2");
  EXPECT_EQ(chosen_of("^old-2,b"), "old-2,b,a");
  EXPECT_EQ(chosen_of("-b"), "a");
  EXPECT_EQ(chosen_of("*"), "a,b,old-1,old-2");
}

}  // namespace
}  // namespace glassh
