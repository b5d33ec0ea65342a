#include "server/admission/startups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace glassh {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view somebody = "192.0.2.1";
const TimePoint noon = TimePoint{} + 12h;

ServerConfig with_limits(const MaxStartups& limits) {
  ServerConfig config;
  config.max_startups = limits;
  return config;
}

bool enters(Startups& startups, std::uint32_t random) {
  return startups.enter(somebody, random, noon).place.has_value();
}

// [4251-9.3.5-3]
TEST(Startups, DropsEarlyAtRandomBetweenStartAndFull) {
  Startups startups(with_limits({.start = 2, .rate = 50, .full = 6}));
  std::vector<Startups::Place> places;
  // The percentage at each number of connections: 0 below start, 50 at start, rising to 100 at full.
  for (const std::uint32_t percent : {0u, 0u, 50u, 62u, 75u, 87u}) {
    if (percent > 0) {
      EXPECT_FALSE(enters(startups, percent - 1)) << places.size();
    }
    auto admission = startups.enter(somebody, 100 + percent, noon);  // only the remainder by 100 counts
    ASSERT_TRUE(admission.place.has_value()) << places.size();
    EXPECT_EQ(admission.others, places.size());
    places.push_back(std::move(*admission.place));
  }
  EXPECT_EQ(startups.count(), 6u);
  EXPECT_FALSE(enters(startups, 99)) << "full";
  EXPECT_EQ(startups.count(), 6u) << "who was refused does not count";

  places[0].done();
  places[0].done();
  EXPECT_EQ(startups.count(), 5u);
  EXPECT_TRUE(enters(startups, 99));
  places.clear();
  EXPECT_EQ(startups.count(), 0u);
}

TEST(Startups, ThreeEqualNumbersAreAPlainLimit) {
  Startups startups(with_limits({.start = 1, .rate = 100, .full = 1}));
  const auto first = startups.enter(somebody, 0, noon);
  EXPECT_TRUE(first.place.has_value());
  EXPECT_FALSE(enters(startups, 99));
}

// SIGHUP: those who are on their way stay counted.
TEST(Startups, LimitsMayChange) {
  Startups startups(with_limits({.start = 1, .rate = 100, .full = 1}));
  const auto first = startups.enter(somebody, 0, noon);
  EXPECT_FALSE(enters(startups, 99));
  ServerConfig more = with_limits({.start = 2, .rate = 100, .full = 2});
  startups.limit_to(more);
  const auto second = startups.enter(somebody, 99, noon);
  EXPECT_TRUE(second.place.has_value());
  EXPECT_FALSE(enters(startups, 99));
  more = with_limits({});
  more.per_source_max_startups = 1;
  startups.limit_to(more);
  EXPECT_FALSE(enters(startups, 99)) << "two of this source are on their way";
}

// PerSourceMaxStartups, past vulnerability 47: one source fills its own share, and another still comes in.
TEST(Startups, OneSourceDoesNotTakeThePlacesOfAnother) {
  ServerConfig config = with_limits({.start = 10, .rate = 30, .full = 100});
  config.per_source_max_startups = 2;
  config.per_source_net_block_size = {24, 64};
  Startups startups(config);
  std::vector<Startups::Place> places;
  const auto enters_from = [&](std::string_view address) {
    auto admission = startups.enter(address, 99, noon);
    if (admission.place) places.push_back(std::move(*admission.place));
    return std::string(admission.place ? "" : admission.reason);
  };
  EXPECT_EQ(enters_from("192.0.2.1"), "");
  EXPECT_EQ(enters_from("192.0.2.200"), "");
  EXPECT_EQ(enters_from("192.0.2.3"), "past MaxStartups") << "the third of 192.0.2.0/24";
  EXPECT_EQ(enters_from("192.0.3.3"), "");
  EXPECT_EQ(enters_from("2001:db8::1"), "");
  EXPECT_EQ(enters_from("2001:db8::ffff:1"), "");
  EXPECT_EQ(enters_from("2001:db8::2"), "past MaxStartups");
  EXPECT_EQ(enters_from("2001:db8:0:1::2"), "");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(enters_from("UNKNOWN"), "") << "what has no address has no source";
  places.erase(places.begin());
  EXPECT_EQ(enters_from("192.0.2.3"), "") << "one has gone";
}

TEST(Startups, NoneOfASourceMayBeAllowed) {
  ServerConfig config = with_limits({});
  config.per_source_max_startups = 0;
  Startups startups(config);
  EXPECT_FALSE(enters(startups, 99));
}

// The log has a line when dropping begins, one each five minutes, and one when there is room again.
TEST(Startups, SaysWhenThrottlingBeginsAndEnds) {
  Startups startups(with_limits({.start = 3, .rate = 100, .full = 3}));
  std::vector<Startups::Place> places;
  for (int i = 0; i < 3; ++i) places.push_back(std::move(*startups.enter(somebody, 0, noon).place));
  auto dropped = startups.enter(somebody, 0, noon);
  EXPECT_EQ(dropped.throttling, "beginning MaxStartups throttling");
  EXPECT_EQ(dropped.throttling_level, LogLevel::error);
  EXPECT_EQ(dropped.level, LogLevel::info);
  EXPECT_EQ(dropped.reason, "past MaxStartups");
  EXPECT_EQ(dropped.others, 3u);
  dropped = startups.enter(somebody, 0, noon + 5min);
  EXPECT_EQ(dropped.throttling, "");
  EXPECT_EQ(dropped.level, LogLevel::verbose);
  dropped = startups.enter(somebody, 0, noon + 6min);
  EXPECT_EQ(dropped.throttling, "in MaxStartups throttling for 00:06:00, 3 connections dropped");
  dropped = startups.enter(somebody, 0, noon + 7min);
  EXPECT_EQ(dropped.throttling, "");

  places.pop_back();
  auto entered = startups.enter(somebody, 0, noon + 1h);
  EXPECT_TRUE(entered.place.has_value());
  EXPECT_EQ(entered.throttling, "") << "it may begin again with the next one";
  entered.place.reset();
  places.pop_back();
  entered = startups.enter(somebody, 0, noon + 26h + 3min);
  EXPECT_EQ(entered.throttling, "exited MaxStartups throttling after 1d02h03m, 4 connections dropped");
  EXPECT_EQ(entered.throttling_level, LogLevel::info);
}

TEST(Startups, APlaceCarriesThePenaltyOfItsSource) {
  Startups startups(with_limits({}));
  auto place = std::move(*startups.enter(somebody, 0, noon).place);
  EXPECT_EQ(place.penalise(SourcePenalty::crash, noon),
            "srclimit_penalise: 192.0.2.1/32: activating ipv4 penalty of 90 seconds for penalty: caused crash");
  place.done();
  const auto refused = startups.enter(somebody, 0, noon + 89s);
  EXPECT_FALSE(refused.place.has_value());
  EXPECT_EQ(refused.reason, "penalty: caused crash");
  EXPECT_EQ(refused.level, LogLevel::info);
  EXPECT_EQ(refused.throttling, "");
  EXPECT_TRUE(startups.enter("192.0.2.2", 0, noon + 89s).place.has_value());
  EXPECT_TRUE(startups.enter(somebody, 0, noon + 90s).place.has_value());
  EXPECT_EQ(Startups::Place().penalise(SourcePenalty::crash, noon), "") << "glasshd -i counts nobody";
}

TEST(Startups, CountsFromSeveralThreads) {
  ServerConfig config = with_limits({.start = 50, .rate = 100, .full = 50});
  config.per_source_max_startups = 30;
  Startups startups(config);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&startups, i] {
      const std::string address = "192.0.2." + std::to_string(i);
      for (int round = 0; round < 2000; ++round) {
        auto admission = startups.enter(address, 99, noon);
        if (admission.place) admission.place->penalise(SourcePenalty::no_auth, noon - 1h);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(startups.count(), 0u);
  EXPECT_LE(startups.sources().sources(), 4u);
}

}  // namespace
}  // namespace glassh
