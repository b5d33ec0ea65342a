#include "client/agent/destination_rules.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace glassh {
namespace {

PrivateKey test_key(std::uint64_t seed) {
  SeededRng rng(seed);
  return PrivateKey::generate("ssh-ed25519", rng);
}

const PublicKey jump_key = test_key(1).public_key();
const PublicKey host_key = test_key(2).public_key();
const PublicKey other_key = test_key(3).public_key();

std::vector<KnownHostsFile> known_hosts() {
  SeededRng rng(9);
  std::string text = "jump " + jump_key.line() + "\n";
  text += known_hosts_line("host", 22, host_key, &rng) + "\n";  // hashed
  text += "@revoked host " + other_key.line() + "\n";
  text += "[host]:2222 " + other_key.line() + "\n";
  return {{"known_hosts", text}};
}

std::string error_of(std::string_view text) {
  try {
    parse_destination_rule(text, known_hosts());
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(DestinationRules, AHostIsItsKnownKeys) {
  const DestinationRule rule = parse_destination_rule("host", known_hosts());
  EXPECT_TRUE(rule.from.hostname.empty() && rule.from.keys.empty());
  EXPECT_EQ(rule.to.hostname, "host");
  EXPECT_EQ(rule.to.user, "");
  ASSERT_EQ(rule.to.keys.size(), 1u) << "a revoked key is none of them";
  EXPECT_TRUE(equal(rule.to.keys[0].blob, host_key.blob()));
  EXPECT_TRUE(equal(parse_destination_rule("[host]:2222", known_hosts()).to.keys[0].blob, other_key.blob()));
}

TEST(DestinationRules, AHopHasAHostOnEachSideAndAUserAtItsEnd) {
  const DestinationRule rule = parse_destination_rule("jump>me@corp@host", known_hosts());
  EXPECT_EQ(rule.from.hostname, "jump");
  EXPECT_TRUE(equal(rule.from.keys.at(0).blob, jump_key.blob()));
  EXPECT_EQ(rule.to.user, "me@corp");
  EXPECT_EQ(rule.to.hostname, "host");
}

TEST(DestinationRules, WhatIsWrongIsSaid) {
  EXPECT_EQ(error_of("nowhere"), "No host keys found for destination \"nowhere\"");
  EXPECT_EQ(error_of("nowhere>host"), "No host keys found for destination \"nowhere\"");
  const auto starts = [](std::string_view text, std::string_view start) { return error_of(text).starts_with(start); };
  EXPECT_TRUE(
      starts("jump>host>host", "Invalid key destination constraint \"jump>host>host\": it has more than one >"));
  EXPECT_TRUE(starts("me@jump>host", "Invalid key destination constraint \"me@jump>host\": the host before the >"));
  EXPECT_TRUE(starts("", "Invalid key destination constraint \"\": a host is missing"));
  EXPECT_TRUE(starts(">host", "Invalid key destination constraint \">host\": a host is missing"));
  EXPECT_TRUE(starts("jump>", "Invalid key destination constraint \"jump>\": a host is missing"));
  EXPECT_TRUE(starts("@host", "Invalid key destination constraint \"@host\": there is no user before the @"));
}

}  // namespace
}  // namespace glassh
