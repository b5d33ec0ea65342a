#include "auth/key_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

KeyOptions options_of(std::string_view text) {
  auto parsed = parse_key_options(text);
  EXPECT_EQ(parsed.reason, "") << text;
  return parsed.options.value_or(KeyOptions{});
}
std::string reason_of(std::string_view text) {
  const auto parsed = parse_key_options(text);
  EXPECT_EQ(parsed.options.has_value(), parsed.reason.empty()) << text;
  return parsed.reason;
}

// Which of pty, port, agent, x11 and rc are left.
std::string left_by(const KeyOptions& options) {
  std::string left;
  if (options.pty) left += "pty ";
  if (options.port_forwarding) left += "port ";
  if (options.agent_forwarding) left += "agent ";
  if (options.x11_forwarding) left += "x11 ";
  if (options.user_rc) left += "rc ";
  return left;
}

// Past vulnerability 84: `restrict` covers every kind of forwarding.
TEST(KeyOptions, FlagsTakeAwayAndGiveBackInOrder) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "pty port agent x11 rc "},
      {"restrict", ""},
      {"RESTRICT", ""},
      {"restrict,pty", "pty "},
      {"pty,restrict", ""},
      {"restrict,agent-forwarding,X11-forwarding", "agent x11 "},
      {"restrict,port-forwarding,user-rc,no-port-forwarding", "rc "},
      {"no-pty", "port agent x11 rc "},
      {"no-agent-forwarding,no-X11-forwarding,no-port-forwarding,no-user-rc", "pty "},
      {"no-touch-required,verify-required,touch-required", "pty port agent x11 rc "},
      {",,pty,,no-pty,", "port agent x11 rc "},
  };
  for (const auto& [text, left] : cases) EXPECT_EQ(left_by(options_of(text)), left) << text;
}

TEST(KeyOptions, ValuesStandInQuotes) {
  EXPECT_EQ(options_of(R"(command="say \"a, b\" \\ c")").command, R"(say "a, b" \\ c)");
  EXPECT_EQ(options_of("command=\"\"").command, "");
  EXPECT_EQ(options_of("pty").command, std::nullopt);
  EXPECT_THAT(options_of(R"(environment="A=1",environment="B_2==x,",environment="A=3",environment="C=")").environment,
              ElementsAre(KeyVariable{"A", "1"}, KeyVariable{"B_2", "=x,"}, KeyVariable{"C", ""}));
  EXPECT_THAT(options_of(R"(from="a,b",restrict)").from, ElementsAre("a,b"));
  const KeyOptions forwarding =
      options_of(R"(permitopen="a:1",permitopen="[::1]:*",permitlisten="80",permitlisten="b:65535")");
  ASSERT_EQ(forwarding.permit_open.size(), 1U);
  EXPECT_THAT(forwarding.permit_open[0],
              ElementsAre(PermittedEndpoint{"a", 1}, PermittedEndpoint{"::1", std::nullopt}));
  ASSERT_EQ(forwarding.permit_listen.size(), 1U);
  EXPECT_THAT(forwarding.permit_listen[0], ElementsAre(PermittedEndpoint{"*", 80}, PermittedEndpoint{"b", 65535}));
}

// Past vulnerabilities 15 (empty and unknown options) and 85 (ranges of ports).
TEST(KeyOptions, WhatIsNotUnderstoodSpoilsThemAll) {
  const std::pair<std::string, std::string> cases[] = {
      {"bogus", "unknown option bogus"},
      {"bogus=\"x\"", "unknown option bogus="},
      {"no-restrict", "unknown option no-restrict"},
      {"no-no-pty", "unknown option no-no-pty"},
      {"pty=\"yes\"", "unknown option pty="},
      {"restrict pty", "unknown option restrict pty"},
      {"pty\"\"", "after pty a comma is missing"},
      {"\"pty\"", "a comma is missing"},
      {"=\"x\"", "unknown option ="},
      {"command", "unknown option command"},
      {"command=date", "command= must be followed by a value in double quotes"},
      {"command=\"date", "the quotes of command= are never closed"},
      {"command=\"date\\\"", "the quotes of command= are never closed"},
      {"command=\"a\"b", "after command a comma is missing"},
      {"command=\"a\",command=\"a\"", "command= stands there twice"},
      {std::string("command=\"a\0b\"", 13), "command= contains a NUL byte"},
      {"environment=\"\"", "expected NAME=value"},
      {"environment=\"A\"", "expected NAME=value"},
      {"environment=\"=1\"", "expected NAME=value"},
      {"environment=\"A B=1\"", "expected NAME=value"},
      {"environment=\"A\xc3\xa4=1\"", "expected NAME=value"},
      {std::string("environment=\"A=1\0\"", 18), "expected NAME=value"},
      {"from=\"\"", "an item is empty"},
      {"from=\"a,\"", "an item is empty"},
      {"from=\"10.0.0.1/8\"", "a network whose mask does not fit"},
      {"from=\"10.0.0.1 10.0.0.2\"", "expected commas between the items and no blanks"},
      {"from=\"*, !10.0.0.1\"", "expected commas between the items and no blanks"},
      {"from=\"a\",from=\"a\"", "from= stands there twice"},
      {"expiry-time=\"\"", "expected YYYYMMDD[HHMM[SS]]"},
      {"expiry-time=\"2030\"", "expected YYYYMMDD"},
      {"expiry-time=\"20300101x\"", "expected YYYYMMDD"},
      {"expiry-time=\"20300101ZZ\"", "expected YYYYMMDD"},
      {"expiry-time=\"20301301\"", "expected YYYYMMDD"},
      {"expiry-time=\"20300231\"", "expected YYYYMMDD"},
      {"expiry-time=\"203001012460\"", "expected YYYYMMDD"},
      {"expiry-time=\"00000000\"", "expected YYYYMMDD"},
      {"expiry-time=\"19690101Z\"", "expected YYYYMMDD"},
      {"permitopen=\"\"", "expected host:port"},
      {"permitopen=\"a\"", "expected host:port"},
      {"permitopen=\"80\"", "expected host:port"},
      {"permitopen=\":80\"", "expected host:port"},
      {"permitopen=\"::1:80\"", "expected host:port"},
      {"permitopen=\"[::1]\"", "expected host:port"},
      {"permitopen=\"a:0\"", "the port must be 1 to 65535 or *"},
      {"permitopen=\"a:65536\"", "the port must be 1 to 65535 or *"},
      {"permitopen=\"a:4294967295\"", "the port must be 1 to 65535 or *"},
      {"permitopen=\"a:-1\"", "the port must be 1 to 65535 or *"},
      {"permitopen=\"a:**\"", "the port must be 1 to 65535 or *"},
      {"permitlisten=\"\"", "the port must be 1 to 65535 or *"},
      {"permitlisten=\"a:\"", "the port must be 1 to 65535 or *"},
      {"tunnel=\"x\"", "tunnel=\"x\": expected a number"},
      {"tunnel=\"\"", "expected a number"},
      {"cert-authority", "certificates are not accepted yet"},
      {"principals=\"ann\"", "certificates, which are not accepted yet"},
  };
  for (const auto& [text, reason] : cases) {
    EXPECT_THAT(reason_of(text), HasSubstr(reason)) << text;
    EXPECT_NE(reason_of("restrict," + text), "") << text;
  }
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "permitopen=\"a:1\",";
  EXPECT_EQ(reason_of(many), "more than 4096 permitopen= options");
}

TEST(KeyOptions, TheOriginDecidesAboutFromAndExpiry) {
  ::setenv("TZ", "EST5", 1);
  ::tzset();
  // 2030-01-01 00:00:00 UTC
  constexpr std::int64_t new_year = 1893456000;
  struct {
    std::string text;
    std::string address;
    std::int64_t now;
    std::string refusal;
  } const cases[] = {
      {"", "10.0.0.1", new_year, ""},
      {"from=\"10.*\"", "10.0.0.1", 0, ""},
      {"from=\"10.*\"", "11.0.0.1", 0, "the key may be used from \"10.*\" only, not from 11.0.0.1"},
      {"from=\"client.example\"", "11.0.0.1", 0, ""},
      {"from=\"*,!client.*\"", "11.0.0.1", 0, "the key may be used from \"*,!client.*\" only, not from 11.0.0.1"},
      {"expiry-time=\"20300101Z\"", "10.0.0.1", new_year, ""},
      {"expiry-time=\"20300101Z\"", "10.0.0.1", new_year + 1, "the key expired at 2030-01-01T00:00:00Z"},
      {"expiry-time=\"20300101\"", "10.0.0.1", new_year + 5 * 3600, ""},
      {"expiry-time=\"20300101\"", "10.0.0.1", new_year + 5 * 3600 + 1, "the key expired at 2030-01-01T05:00:00Z"},
      {"expiry-time=\"203001010002Z\"", "10.0.0.1", new_year + 120, ""},
      {"expiry-time=\"20300101000203Z\"", "10.0.0.1", new_year + 124, "the key expired at 2030-01-01T00:02:03Z"},
      {"expiry-time=\"20310101Z\",expiry-time=\"20300101Z\",expiry-time=\"20320101Z\"", "10.0.0.1", new_year + 1,
       "the key expired at 2030-01-01T00:00:00Z"},
  };
  for (const auto& [text, address, now, refusal] : cases) {
    EXPECT_EQ(refusal_of(options_of(text), {"client.example", address, now}), refusal) << text;
  }
  ::unsetenv("TZ");
  ::tzset();
}

// Past vulnerability 14: what one key takes away, another does not give back.
TEST(KeyOptions, SeveralKeysLeaveWhatEachOfThemLeaves) {
  const KeyOptions first =
      options_of(R"(no-pty,from="10.*",permitopen="a:1",environment="A=1",expiry-time="20300101Z")");
  const KeyOptions second = options_of(
      R"(no-agent-forwarding,command="date",from="*.1",permitopen="b:*",environment="A=2",environment="B=2")");
  for (const auto& both : {combine(first, second), combine(second, first)}) {
    ASSERT_TRUE(both);
    EXPECT_EQ(left_by(*both), "port x11 rc ");
    EXPECT_EQ(both->command, "date");
    EXPECT_EQ(both->from.size(), 2U);
    EXPECT_EQ(both->permit_open.size(), 2U) << "each list must permit an endpoint";
    EXPECT_EQ(both->not_after, first.not_after);
    EXPECT_EQ(both->environment.size(), 2U);
  }
  EXPECT_EQ(combine(first, second)->environment[0].value, "1") << "the first value counts";
  EXPECT_EQ(combine(KeyOptions(), first), first);
  EXPECT_EQ(combine(first, KeyOptions()), first);
  EXPECT_TRUE(combine(second, second).has_value());
  EXPECT_FALSE(combine(second, options_of("command=\"id\"")).has_value());
  EXPECT_FALSE(combine(second, options_of("command=\"\"")).has_value());
}

}  // namespace
}  // namespace glassh
