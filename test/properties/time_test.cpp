// What the two cores do when only time passes: the login's deadline, and signs of life.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/pair.h"

namespace glassh {
namespace {

using std::chrono::seconds;
using test::Pair;
using test::PairOptions;

PairOptions with_client_alive(unsigned count_max) {
  PairOptions options;
  options.payload_size = 10;
  options.client_alive_interval = seconds(10);
  options.alive_count_max = count_max;
  return options;
}

// `intervals` go by, and nothing comes from the client.
void let_the_client_be_silent(Pair& pair, unsigned intervals) {
  for (unsigned i = 0; i < intervals; ++i) {
    pair.set_now(pair.now + seconds(10));
    pair.step_server();
  }
}

TEST(Time, ASilentClientIsAskedAndThenGivenUp) {
  Pair pair(with_client_alive(2));
  pair.run();
  ASSERT_TRUE(pair.complete());
  EXPECT_EQ(pair.server().next_deadline(), pair.now + seconds(10));
  let_the_client_be_silent(pair, 2);
  EXPECT_FALSE(pair.server_end);
  let_the_client_be_silent(pair, 1);
  ASSERT_TRUE(pair.server_end);
  EXPECT_EQ(pair.server_end->reason, DisconnectReason::connection_lost);
  EXPECT_EQ(pair.server_end->description, "no sign of life in 2 intervals of 10 seconds (ClientAliveInterval)");
}

TEST(Time, AClientThatAnswersStays) {
  Pair pair(with_client_alive(2));
  pair.run();
  for (int i = 0; i < 20; ++i) {
    pair.set_now(pair.now + seconds(10));
    pair.step_server();
    pair.client.channels().send_global("any-sign@example.com", false);
    pair.run();
  }
  EXPECT_FALSE(pair.server_end) << pair.server_end->description;
}

TEST(Time, WithAClientAliveCountMaxOf0NobodyIsGivenUp) {  // sshd_config(5)
  Pair pair(with_client_alive(0));
  pair.run();
  const std::uint32_t before = pair.server().transport().writer().sequence_number();
  let_the_client_be_silent(pair, 50);
  EXPECT_FALSE(pair.server_end) << pair.server_end->description;
  EXPECT_EQ(pair.server().transport().writer().sequence_number(), before + 50);
}

// sshd_config(5), Match: what applies to the user counts from the login on.
TEST(Time, TheLimitsOfAUserReplaceThoseOfEverybody) {
  Pair pair(with_client_alive(2));
  pair.run();
  pair.server().set_limits({0, seconds(7)}, seconds(0), 3);
  EXPECT_EQ(pair.server().next_deadline(), pair.now + seconds(7)) << "a new key exchange is what comes next";
  let_the_client_be_silent(pair, 50);
  EXPECT_FALSE(pair.server_end) << pair.server_end->description;
  pair.server().set_limits({0, seconds(0)}, seconds(10), 1);
  let_the_client_be_silent(pair, 2);
  ASSERT_TRUE(pair.server_end);
  EXPECT_EQ(pair.server_end->description, "no sign of life in 1 intervals of 10 seconds (ClientAliveInterval)");
}

// sshd_config(5), UnusedConnectionTimeout
TEST(Time, AConnectionWithoutChannelsEndsAndOneWithAChannelStays) {
  PairOptions options;
  options.payload_size = 10;
  Pair pair(options);
  pair.run();
  ASSERT_TRUE(pair.complete());
  pair.server().set_unused_limit(seconds(30));
  EXPECT_EQ(pair.server().next_deadline(), pair.now + seconds(30));
  const std::uint32_t channel = pair.server().channels().open("forwarded-tcpip");
  pair.set_now(pair.now + seconds(100));
  pair.step_server();
  EXPECT_FALSE(pair.server_end);
  pair.run();
  pair.client.channels().refuse_open(0, open_failure_reason::administratively_prohibited, "no");
  pair.run();
  EXPECT_EQ(pair.server().channels().find(channel), nullptr);
  pair.set_now(pair.now + seconds(29));
  pair.step_server();
  EXPECT_FALSE(pair.server_end);
  pair.set_now(pair.now + seconds(1));
  pair.step_server();
  ASSERT_TRUE(pair.server_end);
  EXPECT_EQ(pair.server_end->description, "no channel for 30 seconds (UnusedConnectionTimeout)");
}

TEST(Time, ASilentServerIsAskedAndThenGivenUp) {
  PairOptions options;
  options.payload_size = 10;
  options.server_alive_interval = seconds(10);
  Pair pair(options);
  pair.run();
  for (int i = 0; i < 3; ++i) {
    pair.set_now(pair.now + seconds(10));
    pair.step_client();
    EXPECT_FALSE(pair.client_end);
  }
  pair.set_now(pair.now + seconds(10));
  pair.step_client();
  ASSERT_TRUE(pair.client_end);
  EXPECT_EQ(pair.client_end->description, "no sign of life in 3 intervals of 10 seconds (ServerAliveInterval)");
}

TEST(Time, ALoginThatTakesTooLongEndsTheConnection) {  // [4252-4-6] keeps
  Pair pair;
  EXPECT_EQ(pair.server().next_deadline(), pair.now + seconds(120));
  pair.set_now(pair.now + seconds(119));
  pair.step_server();
  EXPECT_FALSE(pair.server_end);
  pair.set_now(pair.now + seconds(1));
  pair.step_server();
  ASSERT_TRUE(pair.server_end);
  EXPECT_THAT(pair.server_end->description, testing::HasSubstr("no login within 120 seconds"));
}

}  // namespace
}  // namespace glassh
