#include "server/admission/source_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/server/config/read_config.h"

namespace glassh {
namespace {

using namespace std::chrono_literals;
using test::error_of;
using test::read;

const TimePoint noon = TimePoint{} + 12h;

SourceLimitSettings settings_of(std::string_view text) { return source_limit_settings(read(text)); }

TEST(PeerNetwork, IsTheNetworkOfAnAddress) {
  const auto same = [](std::string_view one, std::string_view other, const SourceBlock& block) {
    return network_of(one, block) == network_of(other, block);
  };
  EXPECT_TRUE(same("192.0.2.1", "192.0.2.254", {24, 128}));
  EXPECT_FALSE(same("192.0.2.1", "192.0.3.1", {24, 128}));
  EXPECT_TRUE(same("192.0.2.128", "192.0.2.255", {25, 128}));
  EXPECT_FALSE(same("192.0.2.127", "192.0.2.128", {25, 128}));
  EXPECT_TRUE(same("192.0.2.1", "203.0.113.9", {0, 128}));
  EXPECT_TRUE(same("2001:db8::1", "2001:db8:0:0:ffff::", {32, 64}));
  EXPECT_FALSE(same("2001:db8::1", "2001:db8::2", {32, 128}));
  EXPECT_FALSE(same("0.0.0.0", "::", {0, 0})) << "the families are apart";
  EXPECT_FALSE(network_of("UNKNOWN", {}).has_value());
}

// Penalties add up and pass in real time; below `min` nobody is refused; once refused, until all of it has passed.
TEST(SourceLimits, RefusesFromMinOnUntilAllHasPassed) {
  SourceLimits limits(settings_of(""));
  EXPECT_EQ(limits.penalise("192.0.2.1", SourcePenalty::auth_fail, noon), "");
  EXPECT_EQ(limits.penalise("192.0.2.1", SourcePenalty::auth_fail, noon + 1s), "");
  EXPECT_EQ(limits.penalise("192.0.2.1", SourcePenalty::auth_fail, noon + 2s), "");  // 13 s are left
  EXPECT_EQ(limits.refusal("192.0.2.1", noon + 2s), "");
  EXPECT_EQ(limits.penalise("192.0.2.1", SourcePenalty::auth_fail, noon + 3s),
            "srclimit_penalise: 192.0.2.1/32: activating ipv4 penalty of 17 seconds for penalty: failed "
            "authentication");
  EXPECT_EQ(limits.refusal("192.0.2.1", noon + 3s), "penalty: failed authentication");
  EXPECT_EQ(limits.refusal("192.0.2.1", noon + 19s), "penalty: failed authentication") << "below min by now";
  EXPECT_EQ(limits.refusal("192.0.2.2", noon + 19s), "");
  EXPECT_EQ(limits.refusal("192.0.2.1", noon + 20s), "");
  EXPECT_EQ(limits.sources(), 0u);
}

TEST(SourceLimits, OneThatIsRefusedIsRefusedLongerForWhatItsOtherConnectionsDo) {
  SourceLimits limits(settings_of(""));
  EXPECT_THAT(limits.penalise("2001:db8::1", SourcePenalty::crash, noon),
              testing::StartsWith("srclimit_penalise: 2001:db8::1/128: activating ipv6 penalty of 90 seconds"));
  EXPECT_EQ(limits.penalise("2001:db8::1", SourcePenalty::invalid_user, noon), "") << "it is said once";
  EXPECT_EQ(limits.refusal("2001:db8::1", noon + 94s), "penalty: attempted authentication by invalid user");
  EXPECT_EQ(limits.refusal("2001:db8::1", noon + 95s), "");
}

TEST(SourceLimits, NoMoreThanMaxAddsUp) {
  SourceLimits limits(settings_of("PerSourcePenalties crash:1h max:2m"));
  for (int i = 0; i < 5; ++i) limits.penalise("192.0.2.1", SourcePenalty::crash, noon);
  EXPECT_NE(limits.refusal("192.0.2.1", noon + 119s), "");
  EXPECT_EQ(limits.refusal("192.0.2.1", noon + 120s), "");
}

TEST(SourceLimits, AMaxBelowMinStillRefuses) {
  SourceLimits limits(settings_of("PerSourcePenalties max:10 min:20"));
  limits.penalise("192.0.2.1", SourcePenalty::crash, noon);
  EXPECT_NE(limits.refusal("192.0.2.1", noon + 9s), "");
}

TEST(SourceLimits, EachPenaltyHasItsTimeAndItsReason) {
  const std::vector<std::tuple<SourcePenalty, std::chrono::milliseconds, std::string>> cases = {
      {SourcePenalty::crash, 1s, "penalty: caused crash"},
      {SourcePenalty::auth_fail, 2s, "penalty: failed authentication"},
      {SourcePenalty::no_auth, 500ms, "penalty: connections without attempting authentication"},
      {SourcePenalty::invalid_user, 4s, "penalty: attempted authentication by invalid user"},
      {SourcePenalty::grace_exceeded, 5s, "penalty: exceeded LoginGraceTime"},
      {SourcePenalty::refuse_connection, 6s, "penalty: connection prohibited by RefuseConnection"},
  };
  for (const auto& [penalty, length, reason] : cases) {
    SourceLimits limits(settings_of(
        "PerSourcePenalties min:0 crash:1 authfail:2 noauth:0.5 invaliduser:4 grace-exceeded:5 refuseconnection:6"));
    limits.penalise("192.0.2.1", penalty, noon);
    EXPECT_EQ(limits.refusal("192.0.2.1", noon + length - 1ms), reason);
    EXPECT_EQ(limits.refusal("192.0.2.1", noon + length), "");
  }
}

TEST(SourceLimits, ANetworkIsRefusedAsOne) {
  SourceLimits limits(settings_of("PerSourceNetBlockSize 24:56"));
  limits.penalise("192.0.2.1", SourcePenalty::crash, noon);
  limits.penalise("2001:db8::1", SourcePenalty::crash, noon);
  EXPECT_NE(limits.refusal("192.0.2.77", noon), "");
  EXPECT_EQ(limits.refusal("192.0.3.1", noon), "");
  EXPECT_NE(limits.refusal("2001:db8:0:ff::1", noon), "");
  EXPECT_EQ(limits.refusal("2001:db8:0:100::1", noon), "");
}

TEST(SourceLimits, WhoIsExemptIsNotPenalised) {
  SourceLimits limits(settings_of("PerSourcePenaltyExemptList 192.0.2.0/28,2001:db8::*"));
  for (const auto* const address : {"192.0.2.1", "192.0.2.20", "2001:db8::1", "UNKNOWN"}) {
    limits.penalise(address, SourcePenalty::crash, noon);
  }
  EXPECT_EQ(limits.refusal("192.0.2.1", noon), "");
  EXPECT_NE(limits.refusal("192.0.2.20", noon), "");
  EXPECT_EQ(limits.refusal("2001:db8::1", noon), "");
  EXPECT_EQ(limits.refusal("UNKNOWN", noon), "");
  EXPECT_EQ(limits.sources(), 1u);
}

TEST(SourceLimits, ZeroAndNoAreNoPenalty) {
  SourceLimits zero(settings_of("PerSourcePenalties authfail:0 min:0"));
  zero.penalise("192.0.2.1", SourcePenalty::auth_fail, noon);
  EXPECT_EQ(zero.sources(), 0u);
  SourceLimits off(settings_of("PerSourcePenalties no"));
  off.penalise("192.0.2.1", SourcePenalty::crash, noon);
  EXPECT_EQ(off.refusal("192.0.2.1", noon), "");
}

// Past vulnerability 47: whoever has many addresses does not make us remember all of them.
TEST(SourceLimits, AFullBookForgetsWhoWouldBeForgottenFirst) {
  SourceLimits limits(settings_of("PerSourcePenalties max-sources4:3 max-sources6:1 min:1 noauth:2"));
  limits.penalise("192.0.2.1", SourcePenalty::crash, noon);
  limits.penalise("192.0.2.2", SourcePenalty::no_auth, noon);
  limits.penalise("192.0.2.3", SourcePenalty::crash, noon);
  limits.penalise("192.0.2.4", SourcePenalty::crash, noon);
  limits.penalise("2001:db8::1", SourcePenalty::crash, noon);
  EXPECT_EQ(limits.sources(), 4u);
  EXPECT_NE(limits.refusal("192.0.2.1", noon), "");
  EXPECT_EQ(limits.refusal("192.0.2.2", noon), "");
  EXPECT_NE(limits.refusal("192.0.2.4", noon), "");
  for (int i = 0; i < 20000; ++i) {
    limits.penalise(fmt::format("10.{}.{}.1", i / 256, i % 256), SourcePenalty::auth_fail, noon);
    limits.penalise(fmt::format("2001:db8::{:x}", i), SourcePenalty::auth_fail, noon);
  }
  EXPECT_EQ(limits.sources(), 4u);
}

TEST(SourceLimits, AFullBookMayDenyAllOfItsFamily) {
  SourceLimits limits(
      settings_of("PerSourcePenalties max-sources4:2 overflow:deny-all overflow6:permissive max-sources6:1\n"
                  "PerSourcePenaltyExemptList 203.0.113.1"));
  limits.penalise("192.0.2.1", SourcePenalty::auth_fail, noon);
  EXPECT_EQ(limits.refusal("192.0.2.9", noon), "");
  limits.penalise("192.0.2.2", SourcePenalty::crash, noon);
  limits.penalise("2001:db8::1", SourcePenalty::crash, noon);
  limits.penalise("192.0.2.3", SourcePenalty::crash, noon);
  EXPECT_EQ(limits.refusal("192.0.2.9", noon), "penalty: too many sources have penalties");
  EXPECT_EQ(limits.refusal("203.0.113.1", noon), "");
  EXPECT_EQ(limits.refusal("2001:db8::9", noon), "") << "the families are apart";
  EXPECT_EQ(limits.refusal("192.0.2.9", noon + 5s), "") << "one has been forgotten";
}

TEST(SourceLimits, ReloadingKeepsPenaltiesAndTakesTheNewTimes) {
  SourceLimits limits(settings_of(""));
  limits.penalise("192.0.2.1", SourcePenalty::crash, noon);
  limits.limit_to(settings_of("PerSourcePenalties crash:5m"));
  limits.penalise("192.0.2.2", SourcePenalty::crash, noon);
  EXPECT_NE(limits.refusal("192.0.2.1", noon), "");
  EXPECT_NE(limits.refusal("192.0.2.2", noon + 299s), "");
  limits.limit_to(settings_of("PerSourcePenalties crash:5m\nPerSourceNetBlockSize 24"));
  EXPECT_EQ(limits.refusal("192.0.2.1", noon), "") << "that is no source any more";
  limits.penalise("192.0.2.2", SourcePenalty::crash, noon);
  limits.limit_to(settings_of("PerSourcePenalties no\nPerSourceNetBlockSize 24"));
  limits.limit_to(settings_of("PerSourceNetBlockSize 24"));
  EXPECT_EQ(limits.refusal("192.0.2.2", noon), "");
}

// ---- the keywords

std::string penalties_of(std::string_view text) {
  const std::string all = effective_config(read(text));
  const std::size_t at = all.find("persourcepenalties ") + 19;
  return all.substr(at, all.find('\n', at) - at);
}

TEST(SourceKeywords, PenaltiesAreOnByDefault) {
  EXPECT_EQ(penalties_of(""),
            "crash:90 authfail:5 noauth:1 invaliduser:5 grace-exceeded:10 refuseconnection:10 max:600 min:15 "
            "max-sources4:65536 max-sources6:65536 overflow:permissive overflow6:permissive");
  EXPECT_EQ(penalties_of("PerSourcePenalties yes"), penalties_of(""));
  EXPECT_EQ(penalties_of("PerSourcePenalties no"), "no");
}

TEST(SourceKeywords, OfEachWordTheFirstValueCounts) {
  EXPECT_EQ(
      penalties_of("PerSourcePenalties crash:2m authfail:0.5 CRASH:1\nPerSourcePenalties authfail:9 noauth:1m2.25s "
                   "overflow:deny-all"),
      "crash:120 authfail:0.5 noauth:62.25 invaliduser:5 grace-exceeded:10 refuseconnection:10 max:600 min:15 "
      "max-sources4:65536 max-sources6:65536 overflow:deny-all overflow6:deny-all");
  EXPECT_THAT(penalties_of("PerSourcePenalties overflow6:permissive overflow:deny-all"),
              testing::EndsWith("overflow:deny-all overflow6:permissive"));
  EXPECT_THAT(penalties_of("PerSourcePenalties no\nPerSourcePenalties crash:1"), testing::StartsWith("crash:1 "));
  EXPECT_THAT(penalties_of("PerSourcePenalties crash:1\nPerSourcePenalties no"), testing::StartsWith("crash:1 "));
  EXPECT_EQ(penalties_of("PerSourcePenalties no\nPerSourcePenalties yes"), "no");
}

TEST(SourceKeywords, WhatIsNoPenaltyIsAnError) {
  for (const auto* const value : {"crash", "crash:", "crash:x", "crash:1.", "crash:1.5.2", "crash:-1", "crash:1.5q",
                                  "crash:99999999999", "crash:99999999999999.5", "banana:1", "max-sources4:0",
                                  "max-sources4:1m", "overflow:maybe", "crash:1 no", ":1"}) {
    EXPECT_THAT(error_of(std::string("PerSourcePenalties ") + value),
                testing::HasSubstr("PerSourcePenalties: bad value"))
        << value;
  }
  EXPECT_THAT(error_of("PerSourcePenalties no crash:1"), testing::HasSubstr("'no' stands alone"));
  EXPECT_THAT(error_of("PerSourcePenaltyExemptList 10.0.0.1/8"), testing::HasSubstr("bad value '10.0.0.1/8'"));
}

TEST(SourceKeywords, TheOthersArePrintedAsTheyAreRead) {
  const std::string text = effective_config(
      read("PerSourceMaxStartups 4\nPerSourceNetBlockSize 24:56\nPerSourcePenaltyExemptList 10.0.0.0/8,*.1\n"));
  EXPECT_THAT(text, testing::HasSubstr("\npersourcemaxstartups 4\npersourcenetblocksize 24:56\n"));
  EXPECT_THAT(text, testing::HasSubstr("\npersourcepenaltyexemptlist 10.0.0.0/8,*.1\n"));
  EXPECT_EQ(read("PerSourceNetBlockSize 24").per_source_net_block_size, (SourceBlock{24, 128}));
  EXPECT_FALSE(read("PerSourceMaxStartups none\nPerSourceMaxStartups 3").per_source_max_startups.has_value());
  EXPECT_THAT(error_of("PerSourceMaxStartups x"), testing::HasSubstr("bad value 'x': expected a number or none"));
  for (const auto* const value : {"33", "24:129", ":56", "24:", "x", "1:2:3"}) {
    EXPECT_THAT(error_of(std::string("PerSourceNetBlockSize ") + value), testing::HasSubstr("bad value")) << value;
  }
  EXPECT_THAT(error_of("Match User ann\nPerSourcePenalties no"), testing::HasSubstr("PerSourcePenalties"));
}

}  // namespace
}  // namespace glassh
