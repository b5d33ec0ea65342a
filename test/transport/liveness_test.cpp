#include "transport/liveness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/error.h"

namespace glassh {
namespace {

using std::chrono::seconds;

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);

std::string end_of(Liveness& liveness, TimePoint now) {
  try {
    return liveness.due(now) ? "asked" : "nothing";
  } catch (const ProtocolError& error) {
    EXPECT_EQ(error.reason(), DisconnectReason::connection_lost);
    return error.what();
  }
}

TEST(Liveness, NothingIsDueBeforeTheLoginIsOver) {
  Liveness liveness("ServerAliveInterval", {seconds(10), 3});
  liveness.heard(start);
  EXPECT_FALSE(liveness.next_deadline());
  EXPECT_FALSE(liveness.due(start + seconds(1000)));
  liveness.begin(start + seconds(1000));
  EXPECT_EQ(liveness.next_deadline(), start + seconds(1010));
  EXPECT_FALSE(liveness.due(start + seconds(1009)));
  EXPECT_TRUE(liveness.due(start + seconds(1010)));
}

TEST(Liveness, ASilentPeerIsGivenUpAfterTheLastQuestion) {
  Liveness liveness("ServerAliveInterval", {seconds(10), 2});
  liveness.begin(start);
  EXPECT_EQ(end_of(liveness, start + seconds(10)), "asked");
  EXPECT_EQ(end_of(liveness, start + seconds(10)), "nothing") << "one question in an interval";
  EXPECT_EQ(liveness.next_deadline(), start + seconds(20));
  EXPECT_EQ(end_of(liveness, start + seconds(20)), "asked");
  EXPECT_EQ(end_of(liveness, start + seconds(29)), "nothing");
  EXPECT_EQ(end_of(liveness, start + seconds(30)),
            "no sign of life in 2 intervals of 10 seconds (ServerAliveInterval)");
}

TEST(Liveness, WhateverIsHeardAnswersAllQuestions) {
  Liveness liveness("ClientAliveInterval", {seconds(10), 2});
  liveness.begin(start);
  EXPECT_TRUE(liveness.due(start + seconds(10)));
  EXPECT_TRUE(liveness.due(start + seconds(20)));
  liveness.heard(start + seconds(25));
  EXPECT_EQ(liveness.next_deadline(), start + seconds(35));
  EXPECT_TRUE(liveness.due(start + seconds(35)));
  EXPECT_TRUE(liveness.due(start + seconds(45)));
  EXPECT_THROW(liveness.due(start + seconds(55)), ProtocolError);
}

// ServerAliveCountMax 0 gives up at once; for ClientAliveCountMax 0 the server hands in none.
TEST(Liveness, NoQuestionMayBeOpenOrAnyNumber) {
  Liveness strict("ServerAliveInterval", {seconds(10), 0});
  strict.begin(start);
  EXPECT_EQ(end_of(strict, start + seconds(10)), "no sign of life in 0 intervals of 10 seconds (ServerAliveInterval)");
  Liveness patient("ClientAliveInterval", {seconds(10), std::nullopt});
  patient.begin(start);
  for (int i = 1; i < 1000; ++i) EXPECT_TRUE(patient.due(start + seconds(10 * i)));
}

TEST(Liveness, LimitsChangeWhileItRuns) {
  Liveness liveness("ClientAliveInterval", {seconds(0), 3});
  liveness.begin(start);
  EXPECT_FALSE(liveness.next_deadline());
  EXPECT_FALSE(liveness.due(start + std::chrono::hours(100)));
  liveness.set_limits({seconds(30), 1});
  EXPECT_EQ(liveness.next_deadline(), start + seconds(30));
  EXPECT_TRUE(liveness.due(start + seconds(30)));
  EXPECT_EQ(end_of(liveness, start + seconds(60)),
            "no sign of life in 1 intervals of 30 seconds (ClientAliveInterval)");
}

}  // namespace
}  // namespace glassh
