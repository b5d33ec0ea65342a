// Past vulnerability 70: a library that connected to whoever answered, unless the application brought a verifier. Here
// nobody is talked to whose host key the application has not accepted, and there is no setting that says otherwise.
#include <gtest/gtest.h>

#include "test/support/pair.h"

namespace glassh {
namespace {

using test::Pair;
using test::PairOptions;

PairOptions without_verifier() {
  PairOptions options;
  options.judges_host_key = false;
  return options;
}

// [4251-4.1-4] [4253-8-8] keeps
TEST(Verifier, PastVulnerability70WithoutOneNothingOfTheUsersLeaves) {
  Pair pair(without_verifier());
  pair.run();
  EXPECT_EQ(pair.client_log, std::vector<std::string>{"host key offered"});
  EXPECT_TRUE(pair.client.waiting());

  // Neither time nor whatever else the server sends stands for the answer.
  pair.set_now(pair.now + std::chrono::minutes(1));
  pair.server().transport().send_debug("please go on");
  pair.run();
  EXPECT_EQ(pair.client_log.size(), 1u);
  EXPECT_TRUE(pair.server_log.empty()) << pair.server_log.front() << ": no keys, no service, no login";

  // It was the answer alone that was missing.
  pair.client.accept_host_key();
  pair.run();
  EXPECT_TRUE(pair.complete());
}

TEST(Verifier, PastVulnerability70AnAnswerBeforeTheKeyIsThereCountsForNothing) {
  Pair pair(without_verifier());
  EXPECT_THROW(pair.client.accept_host_key(), ProtocolError);
  pair.run();
  EXPECT_EQ(pair.client_log, std::vector<std::string>{"host key offered"});
  EXPECT_TRUE(pair.client.waiting());
}

TEST(Verifier, PastVulnerability70ARefusalEndsTheConnection) {
  Pair pair(without_verifier());
  pair.run();
  pair.client.disconnect(DisconnectReason::host_key_not_verifiable, "no");
  pair.run();
  ASSERT_TRUE(pair.server_end);
  EXPECT_EQ(pair.server_end->reason, DisconnectReason::host_key_not_verifiable);
  EXPECT_EQ(pair.server_log, std::vector<std::string>{"disconnected: no"});
  pair.client.accept_host_key();
  pair.run();
  EXPECT_EQ(pair.client_key_changes, 0u) << "too late";
}

}  // namespace
}  // namespace glassh
