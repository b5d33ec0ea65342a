// How the descriptors of a process are divided among its connections.
#include "channels/io/descriptor_budget.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "channels/io/fd.h"
#include "channels/io/holdings.h"

namespace glassh {
namespace {

using std::chrono::seconds;

struct Process {
  explicit Process(std::uint64_t limit) { budget.limit_to(limit); }
  std::shared_ptr<DescriptorShare> connection() { return std::make_shared<DescriptorShare>(budget); }

  // As many as it gets, one by one.
  std::size_t take_all(DescriptorShare& share) {
    std::size_t taken = 0;
    while (auto claim = share.ask(1)) {
      claims.push_back(std::move(*claim));
      ++taken;
    }
    return taken;
  }

  DescriptorBudget budget;
  std::vector<DescriptorClaim> claims;
};

TEST(DescriptorBudget, OneConnectionLeavesAsMuchAsItHas) {
  Process process(2000);
  EXPECT_EQ(process.budget.shared(), 1750);  // an eighth is the reserve
  const auto greedy = process.connection(), next = process.connection();
  EXPECT_EQ(process.take_all(*greedy), 656u);  // half of three quarters
  EXPECT_EQ(greedy->held(), 656);
  EXPECT_EQ(process.take_all(*next), 328u);
}

TEST(DescriptorBudget, AHundredGreedyConnectionsLeaveRoomForASession) {
  Process process(20'000);
  std::vector<std::shared_ptr<DescriptorShare>> greedy;
  for (int i = 0; i < 100; ++i) {
    greedy.push_back(process.connection());
    EXPECT_GE(process.take_all(*greedy.back()), 16u) << "connection " << i;
  }
  const auto late = process.connection();
  EXPECT_TRUE(late->ask(7)) << "a session with three pipes";
}

TEST(DescriptorBudget, AFewAreForEachConnectionWhileAnyAreLeft) {
  Process process(64);
  EXPECT_EQ(process.budget.shared(), 32);
  const auto first = process.connection(), second = process.connection(), third = process.connection();
  EXPECT_EQ(process.take_all(*first), 16u);
  EXPECT_EQ(process.take_all(*second), 16u);
  EXPECT_FALSE(third->ask(1));
}

TEST(DescriptorBudget, ClaimsAreGivenBackWithTheirDescriptors) {
  Process process(1000);
  const auto share = process.connection();
  const std::int64_t before = holdings().descriptors;
  auto claim = share->ask(6);
  ASSERT_TRUE(claim);
  EXPECT_EQ(holdings().descriptors, before + 6);
  Pipe pipe = make_pipe();
  pipe.read_end.stands_for(claim->take(1));
  pipe.write_end.stands_for(claim->take(1));
  EXPECT_EQ(claim->count(), 4u);
  claim.reset();
  EXPECT_EQ(share->held(), 2);
  Fd moved = std::move(pipe.read_end);
  pipe.read_end.close();
  EXPECT_EQ(share->held(), 2) << "it went along";
  moved.close();
  EXPECT_EQ(share->held(), 1);
  pipe.write_end = Fd();
  EXPECT_EQ(share->held(), 0);
  EXPECT_EQ(process.budget.claimed(), 0);
  EXPECT_EQ(holdings().descriptors, before);
}

TEST(DescriptorBudget, OnlyCountsUntilThereIsALimit) {
  DescriptorBudget budget;
  const auto share = std::make_shared<DescriptorShare>(budget);
  const auto many = share->ask(1'000'000);
  EXPECT_TRUE(many);
  EXPECT_EQ(share->held(), 1'000'000);
}

TEST(DescriptorBudget, HasAReserveOfAtMostAThousand) {
  Process enormous(1'073'741'816);
  EXPECT_EQ(enormous.budget.shared(), 1024 * 1024 - 1024);
  Process usual(1024);
  EXPECT_EQ(usual.budget.shared(), 1024 - 128);
  Process tiny(20);
  EXPECT_EQ(tiny.budget.shared(), 0);
}

TEST(DescriptorBudget, RefusalsAreToldOnceAMinute) {
  DescriptorBudget budget;
  const std::chrono::steady_clock::time_point start{};
  EXPECT_EQ(budget.count_refusal(start), 1u);
  EXPECT_FALSE(budget.count_refusal(start + seconds(1)));
  EXPECT_FALSE(budget.count_refusal(start + seconds(59)));
  EXPECT_EQ(budget.count_refusal(start + seconds(60)), 3u);
}

TEST(DescriptorBudget, TheSystemsRefusalIsTheSame) {
  EXPECT_TRUE(out_of_descriptors(EMFILE));
  EXPECT_TRUE(out_of_descriptors(ENFILE));
  EXPECT_FALSE(out_of_descriptors(ECONNREFUSED));
}

}  // namespace
}  // namespace glassh
