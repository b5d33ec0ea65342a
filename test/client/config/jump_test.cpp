#include "client/config/jump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/config/client_config.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;
using testing::ElementsAre;
using testing::IsEmpty;

ClientConfig read(std::string_view text, const std::string& host = "foo", const ClientOptions& options = {}) {
  const EnvironmentLookup environment = [](std::string_view) { return std::optional<std::string>(); };
  ClientConfigReader reader({host, "alice", "/home/alice", 1000, "desk", environment}, few_algorithms());
  reader.text(text, "config");
  return reader.finish(options);
}

// The texts are those of ssh -G of OpenSSH 9.2.
TEST(Jump, HostsAreShownAsSshShowsThem) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a", "a"},
      {"u@a", "u@a"},
      {"a:3", "a:3"},
      {"u@a:3", "u@a:3"},
      {"[::1]:4", "[::1]:4"},
      {"[a]:3", "a:3"},
      {"127.0.0.1", "[127.0.0.1]"},
      {"a,b", "a,b"},
      {"a,u@b:4,c", "a,u@b:4,c"},
      {"ssh://x@h:5", "x@h:5"},
      {"ssh://a:1,ssh://b", "ssh://a:1,b"},
      {"a@b@c", "a@b@c"},
      {"none,a", "none,a"},
  };
  for (const auto& [list, text] : cases) EXPECT_EQ(jump_text(parse_jump_hosts(list)), text) << list;
  EXPECT_THAT(parse_jump_hosts("none"), IsEmpty());
  EXPECT_THAT(parse_jump_hosts("NONE"), IsEmpty());
}

TEST(Jump, WhatIsNoHostIsRefused) {
  for (const std::string list :
       {"", ",a", "a,", "a,,b", "::1", "a:0", "a:99999", "a:", "@a", "ssh://a/x", "[a", "[::1]4"}) {
    EXPECT_NE(config_error_of([&] { parse_jump_hosts(list); }), "") << list;
  }
  EXPECT_EQ(config_error_of([] { parse_jump_hosts("a,b:x"); }),
            "bad jump host 'b:x': expected [user@]host[:port] or ssh://[user@]host[:port]");
}

// Past vulnerability 73: -J, a URI in it, and ProxyJump from a file or through a token.
TEST(Jump, NamesThatMeanSomethingToAShellOrAFlagAreRefused) {
  for (const std::string name :
       {"-oProxyCommand=x", "a;b", "$(x)", "`x`", "a|b", "a&b", "a>b", "'a", "\"a", "a b", "a\nb", "a\x01", "{a}"}) {
    EXPECT_NE(config_error_of([&] { parse_jump_hosts(name); }), "") << name;
    EXPECT_NE(config_error_of([&] { parse_jump_hosts("first," + name); }), "") << name;
    EXPECT_NE(config_error_of([&] { parse_jump_hosts(name + ",last"); }), "") << name;
  }
  for (const std::string name : {"-x", "a;b", "$(x)", "`x`", "a|b", "'a", "a\nb", "a\x7f"}) {
    EXPECT_NE(config_error_of([&] { parse_jump_hosts(name + "@a"); }), "") << name;
  }
  EXPECT_EQ(config_error_of([] { parse_jump_hosts("ssh://a%3bb"); }), "invalid hostname \"a;b\"");
  EXPECT_EQ(config_error_of([] { parse_jump_hosts("ssh://u%3b@a"); }), "invalid username \"u;\"");
  EXPECT_NE(config_error_of([] { parse_jump_hosts("ssh://a%00b"); }), "");
  EXPECT_EQ(config_error_of([] { read("Host foo\nProxyJump a;b"); }), "config:2: ProxyJump: invalid hostname \"a;b\"");
  // The user's own file may have such a user; a jump host must not.
  EXPECT_EQ(config_error_of([] { read("User a;b\nProxyJump %r@x"); }), "config:2: ProxyJump: invalid username \"a;b\"");
}

TEST(Jump, TheLastHostIsGoneToThroughTheOthers) {
  ClientOptions options;
  options.config_file = "/my file";
  options.verbose = 2;
  EXPECT_THAT(jump_arguments(parse_jump_hosts("a,u@b:4,ssh://v@c:5"), options, "::1", 22),
              ElementsAre("-l", "v", "-p", "5", "-J", "a,u@b:4", "-F", "/my file", "-vv", "-W", "[::1]:22", "--", "c"));
  EXPECT_THAT(jump_arguments(parse_jump_hosts("a"), {}, "foo", 2222), ElementsAre("-W", "[foo]:2222", "--", "a"));
}

TEST(Jump, TheTargetIsWhatTheConfigurationMakesOfIt) {
  const auto config = read("HostName inner.example\nPort 2222\nProxyJump gate-%n:77");
  EXPECT_EQ(config.proxy_jump, "gate-foo:77");
  EXPECT_THAT(config.jump_arguments, ElementsAre("-p", "77", "-W", "[inner.example]:2222", "--", "gate-foo"));
}

TEST(Jump, OfProxyCommandAndProxyJumpTheFirstCounts) {
  const auto way = [](const std::string& text) {
    const auto config = read(text);
    return config.proxy_command.value_or("-") + " " + config.proxy_jump.value_or("-");
  };
  EXPECT_EQ(way("ProxyJump a\nProxyCommand nc x"), "- a");
  EXPECT_EQ(way("ProxyCommand nc x\nProxyJump a"), "nc x -");
  EXPECT_EQ(way("ProxyCommand none\nProxyJump a"), "- -");
  EXPECT_EQ(way("ProxyJump none\nProxyCommand nc"), "nc -");
  EXPECT_EQ(way("ProxyJump none\nProxyJump a"), "- -");
}

TEST(Jump, AHostIsNotItsOwnJumpHost) {
  EXPECT_EQ(config_error_of([] { read("ProxyJump FOO"); }), "config:1: ProxyJump: jumphost loop via FOO");
  EXPECT_EQ(config_error_of([] { read("ProxyJump alice@foo:22"); }), "config:1: ProxyJump: jumphost loop via foo");
  EXPECT_EQ(read("ProxyJump foo:23").proxy_jump, "foo:23");
  EXPECT_EQ(read("ProxyJump bob@foo").proxy_jump, "bob@foo");
}

}  // namespace
}  // namespace glassh
