#include "transport/round_trip.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);
constexpr std::size_t kib = 1024;

// The first probe leaves at the start.
RoundTrip after_the_first_probe(std::optional<std::chrono::nanoseconds> login) {
  RoundTrip round_trip(login);
  round_trip.arrived(RoundTrip::flow, start);
  EXPECT_TRUE(round_trip.probe_is_due(start));
  round_trip.asked(start);
  return round_trip;
}

TEST(RoundTrip, IsUnknownBeforeTheFirstProbe) {
  RoundTrip round_trip(milliseconds(80));
  EXPECT_EQ(round_trip.figure(start), std::nullopt);
  round_trip.arrived(kib, start);
  EXPECT_EQ(round_trip.figure(start + seconds(100)), std::nullopt);
}

TEST(RoundTrip, AnAnswerSoonerThanThoseOfTheLoginIsTheFigure) {
  RoundTrip round_trip = after_the_first_probe(milliseconds(80));
  EXPECT_TRUE(round_trip.answered(start + microseconds(150)));
  EXPECT_EQ(round_trip.figure(start + seconds(1)), microseconds(150));
}

TEST(RoundTrip, AnAnswerBehindMuchDataDoesNotReplaceTheFigureOfTheLogin) {
  RoundTrip round_trip = after_the_first_probe(milliseconds(80));
  EXPECT_FALSE(round_trip.answered(start + milliseconds(300)));
  EXPECT_EQ(round_trip.figure(start + milliseconds(300)), milliseconds(80));
}

TEST(RoundTrip, WhileTheFirstProbeHasNoAnswerItIsTheTimeSinceUpToTheFigureOfTheLogin) {
  const RoundTrip round_trip = after_the_first_probe(milliseconds(80));
  EXPECT_EQ(round_trip.figure(start), milliseconds(0));
  EXPECT_EQ(round_trip.figure(start + milliseconds(30)), milliseconds(30));
  EXPECT_EQ(round_trip.figure(start + milliseconds(80)), milliseconds(80));
  EXPECT_EQ(round_trip.figure(start + seconds(1000)), milliseconds(80));
}

TEST(RoundTrip, WithoutAFigureOfTheLoginTheFirstAnswerDecides) {
  RoundTrip round_trip = after_the_first_probe(std::nullopt);
  EXPECT_EQ(round_trip.figure(start + seconds(1)), std::nullopt);
  EXPECT_TRUE(round_trip.answered(start + seconds(2)));
  EXPECT_EQ(round_trip.figure(start + seconds(2)), seconds(2));
}

TEST(RoundTrip, TypingNeedsNoProbe) {
  RoundTrip round_trip(milliseconds(80));
  for (int key = 0; key < 10'000; ++key) {
    const TimePoint now = start + key * milliseconds(20);
    round_trip.arrived(kib, now);
    EXPECT_FALSE(round_trip.probe_is_due(now));
  }
}

TEST(RoundTrip, AnotherProbeIsDueASecondLaterAndOnlyWhileDataFlow) {
  RoundTrip round_trip = after_the_first_probe(milliseconds(80));
  TimePoint now = start + milliseconds(1);
  round_trip.answered(now);
  round_trip.arrived(1000 * kib, now);
  EXPECT_FALSE(round_trip.probe_is_due(now)) << "the last one was just now";
  now = start + seconds(5);
  round_trip.arrived(kib, now);
  EXPECT_FALSE(round_trip.probe_is_due(now)) << "no data flow any more";
  round_trip.arrived(RoundTrip::flow, now);
  EXPECT_TRUE(round_trip.probe_is_due(now));
  round_trip.asked(now);
  EXPECT_TRUE(round_trip.answered(now + microseconds(500)));
  EXPECT_EQ(round_trip.figure(now + seconds(1)), microseconds(500));
}

TEST(RoundTrip, APeerThatDoesNotAnswerIsNotAskedAgain) {
  RoundTrip round_trip = after_the_first_probe(milliseconds(80));
  for (int second = 1; second < 1000; ++second) {
    const TimePoint now = start + seconds(second);
    round_trip.arrived(1000 * kib, now);
    EXPECT_FALSE(round_trip.probe_is_due(now));
  }
}

TEST(RoundTrip, AProbeThatMayBeLostIsFollowedByAnother) {
  RoundTrip round_trip = after_the_first_probe(milliseconds(80));
  round_trip.given_up();
  EXPECT_FALSE(round_trip.probe_is_due(start));
  EXPECT_EQ(round_trip.figure(start + milliseconds(100)), milliseconds(80));
  const TimePoint now = start + seconds(1);
  round_trip.arrived(RoundTrip::flow, now);
  ASSERT_TRUE(round_trip.probe_is_due(now));
  round_trip.asked(now);
  EXPECT_EQ(round_trip.figure(now), milliseconds(80)) << "the figure of the login still stands";
  EXPECT_TRUE(round_trip.answered(now + microseconds(200)));
  EXPECT_EQ(round_trip.figure(now + seconds(1)), microseconds(200));
}

}  // namespace
}  // namespace glassh
