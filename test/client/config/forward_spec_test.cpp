#include "client/config/forward_spec.h"

#include <gtest/gtest.h>

#include "config/syntax.h"

namespace glassh {
namespace {

using Kind = Forward::Kind;

struct Case {
  Kind kind;
  std::string text;
  std::string line;  // what ssh -G makes of it; empty: malformed
};

TEST(ForwardSpec, EveryFormIsReadAsOpenSshReadsIt) {
  const Case cases[] = {
      {Kind::local, "8080:a:80", "localforward 8080 [a]:80"},
      {Kind::local, " 8080:a:80", "localforward 8080 [a]:80"},
      {Kind::local, "*:1:b:2", "localforward [*]:1 [b]:2"},
      {Kind::local, ":1:b:2", "localforward [*]:1 [b]:2"},
      {Kind::local, "[]:1:b:2", "localforward [*]:1 [b]:2"},
      {Kind::local, "1::80", "localforward 1 []:80"},
      {Kind::local, "[::1]:9:[fe80::1]:80", "localforward [::1]:9 [fe80::1]:80"},
      {Kind::local, "/tmp/x:/tmp/y", "localforward /tmp/x /tmp/y"},
      {Kind::local, "81:/tmp/y", "localforward 81 /tmp/y"},
      {Kind::local, "/tmp/x:host:80", "localforward /tmp/x [host]:80"},
      {Kind::local, "[/tmp/x]:host:80", "localforward /tmp/x [host]:80"},
      {Kind::local, "127.0.0.1:80:/a", "localforward [127.0.0.1]:80 /a"},
      {Kind::local, R"(/tmp/a\:b:c:1)", "localforward /tmp/a:b [c]:1"},
      {Kind::local, "1:a:http", "localforward 1 [a]:80"},
      {Kind::local, "/tmp/%h:a:5", "localforward /tmp/%h [a]:5"},
      {Kind::remote, "1:a:2", "remoteforward 1 [a]:2"},
      {Kind::remote, "0:a:2", "remoteforward 0 [a]:2"},
      {Kind::remote, "5", "remoteforward 5 [socks]:0"},
      {Kind::remote, "*:5", "remoteforward [*]:5 [socks]:0"},
      {Kind::remote, "localhost:0", "remoteforward [localhost]:0 [socks]:0"},
      {Kind::remote, "/tmp/r", "remoteforward /tmp/r [socks]:0"},
      {Kind::remote, "/tmp/r:/tmp/l", "remoteforward /tmp/r /tmp/l"},
      {Kind::remote, "/tmp/r:h:6", "remoteforward /tmp/r [h]:6"},
      {Kind::dynamic, "1080", "dynamicforward 1080"},
      {Kind::dynamic, "[::1]:1082", "dynamicforward [::1]:1082"},
      {Kind::dynamic, "localhost:socks", "dynamicforward [localhost]:1080"},
      {Kind::dynamic, "/tmp/x", "dynamicforward /tmp/x"},
  };
  for (const Case& each : cases) {
    const auto forward = parse_forward(each.kind, each.text);
    ASSERT_TRUE(forward) << each.text;
    EXPECT_EQ(config_line_of(*forward), each.line) << each.text;
  }
}

TEST(ForwardSpec, WhatOpenSshCallsBadIsBad) {
  const std::pair<Kind, std::string> cases[] = {
      {Kind::local, ""},          {Kind::local, "a"},
      {Kind::local, "1"},         {Kind::local, "1:2"},
      {Kind::local, "0:a:1"},     {Kind::local, "1:a:0"},
      {Kind::local, "70000:a:1"}, {Kind::local, "1:a:70000"},
      {Kind::local, "1/a/2"},     {Kind::local, "5:a"},
      {Kind::local, "x:5:a"},     {Kind::local, "1:2:3:4:5"},
      {Kind::local, "/tmp/a:5"},  {Kind::local, ":/tmp/x"},
      {Kind::local, "[::1:5"},    {Kind::local, "[::1]5:a:1"},
      {Kind::local, "-1:a:2"},    {Kind::local, "::1:5:a:1"},
      {Kind::remote, ""},         {Kind::remote, "70000"},
      {Kind::remote, "1:a:0"},    {Kind::dynamic, "0"},
      {Kind::dynamic, "a"},       {Kind::dynamic, "a:b:5"},
      {Kind::dynamic, "5 "},      {Kind::local, "1:" + std::string(1025, 'a') + ":2"},
  };
  for (const auto& [kind, text] : cases) EXPECT_FALSE(parse_forward(kind, text)) << text;
}

TEST(ForwardSpec, AnAddressThatIsNotWrittenDiffersFromAnEmptyOne) {
  EXPECT_EQ(parse_forward(Kind::local, "1:a:2")->listen.host, "");
  EXPECT_EQ(parse_forward(Kind::local, ":1:a:2")->listen.host, "*");
  EXPECT_EQ(parse_listen_endpoint("8080"), (ForwardEndpoint{"", 8080, ""}));
  EXPECT_EQ(parse_listen_endpoint(":8080"), (ForwardEndpoint{"*", 8080, ""}));
  EXPECT_EQ(parse_listen_endpoint("/tmp/x"), (ForwardEndpoint{"", 0, "/tmp/x"}));
  EXPECT_FALSE(parse_listen_endpoint("a:b:1"));
}

TEST(ForwardSpec, StandardStreamsGoToOnePlace) {
  EXPECT_EQ(parse_stdio_forward("a:80"), (ForwardEndpoint{"a", 80, ""}));
  EXPECT_EQ(parse_stdio_forward("[::1]:80"), (ForwardEndpoint{"::1", 80, ""}));
  EXPECT_EQ(parse_stdio_forward("/tmp/x"), (ForwardEndpoint{"", 0, "/tmp/x"}));
  for (const char* const text : {"", "a", "a:b:c", "a:0", "80"}) EXPECT_FALSE(parse_stdio_forward(text)) << text;
}

TEST(ForwardSpec, InAFileTheTwoEndsAreTwoWords) {
  EXPECT_EQ(config_line_of(parse_forward_words(Kind::local, {"1:2", "b:4"})), "localforward [1]:2 [b]:4");
  EXPECT_EQ(config_line_of(parse_forward_words(Kind::local, {"[::1]:5", "[::2]:6"})), "localforward [::1]:5 [::2]:6");
  EXPECT_EQ(config_line_of(parse_forward_words(Kind::remote, {"0"})), "remoteforward 0 [socks]:0");
  EXPECT_EQ(config_line_of(parse_forward_words(Kind::remote, {"/tmp/q", "/tmp/r"})), "remoteforward /tmp/q /tmp/r");
  EXPECT_EQ(config_line_of(parse_forward_words(Kind::dynamic, {"a:1"})), "dynamicforward [a]:1");
}

TEST(ForwardSpec, WhatIsWrongInAFileIsSaid) {
  const std::pair<std::pair<Kind, std::vector<std::string>>, std::string> cases[] = {
      {{Kind::local, {"1"}}, "a value is missing: where to connect to"},
      {{Kind::local, {"1", "localhost"}}, "bad destination 'localhost': expected host:port or the path of a socket"},
      {{Kind::remote, {"1:a:2"}}, "bad place to listen '1:a:2': expected [bind_address:]port or the path of a socket"},
      {{Kind::dynamic, {"0"}}, "bad place to listen '0': expected [bind_address:]port or the path of a socket"},
      {{Kind::dynamic, {"1", "a:2"}}, "'a:2' is too much: expected [bind_address:]port"},
  };
  for (const auto& [input, text] : cases) {
    try {
      parse_forward_words(input.first, input.second);
      ADD_FAILURE() << text;
    } catch (const ConfigError& error) {
      EXPECT_EQ(std::string(error.what()), text);
    }
  }
}

}  // namespace
}  // namespace glassh
