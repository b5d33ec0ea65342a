// How much one connection may hold of things that all share.
#include "channels/io/allowance.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "channels/io/holdings.h"

namespace glassh {
namespace {

constexpr std::size_t mib = 1024 * 1024;

TEST(Allowance, SaysInTheLogWhoIsOutOfDescriptors) {
  DescriptorBudget budget;
  budget.limit_to(64);
  Allowance allowance(budget);
  std::vector<std::string> lines;
  allowance.log_to("user ann 192.0.2.1 port 50000", [&](std::string_view line) { lines.emplace_back(line); });
  const auto all = allowance.ask(16);
  ASSERT_TRUE(all);
  EXPECT_FALSE(allowance.ask(1));
  EXPECT_FALSE(allowance.ask(1));
  try {
    allowance.claim(1);
    FAIL() << "it had a seventeenth";
  } catch (const std::system_error& error) {
    EXPECT_TRUE(out_of_descriptors(error.code().value()));
  }
  ASSERT_EQ(lines.size(), 1u) << "one line for all of them";
  EXPECT_EQ(lines[0],
            "out of descriptors: user ann 192.0.2.1 port 50000 holds 16 of the 32 that connections share, 16 are "
            "claimed; refusals since the last such line: 1");
}

TEST(Allowance, KeepsAsMuchAsASessionMayWhateverOthersKeep) {
  Allowance greedy, modest;
  const std::int64_t before = holdings().kept_bytes;
  greedy.keep(191 * mib);
  EXPECT_FALSE(greedy.keeps_too_much()) << "more than that is left";
  greedy.keep(2 * mib);
  EXPECT_TRUE(greedy.keeps_too_much()) << "more than half of all";
  EXPECT_EQ(holdings().kept_bytes, before + static_cast<std::int64_t>(193 * mib));
  modest.keep(3 * mib);
  EXPECT_FALSE(modest.keeps_too_much());
  Allowance others;
  others.keep(188 * mib);
  EXPECT_FALSE(modest.keeps_too_much()) << "all is used up, but that is not its doing";
  others.let_go(188 * mib);
  greedy.let_go(193 * mib);
  EXPECT_FALSE(greedy.keeps_too_much());
  modest.let_go(3 * mib);
  EXPECT_EQ(holdings().kept_bytes, before);
}

TEST(Allowance, SaysInTheLogWhatWasDropped) {
  std::vector<std::string> lines;
  {
    Allowance allowance;
    allowance.log_to("user ann", [&](std::string_view line) { lines.emplace_back(line); });
    allowance.on_dropped(1000);
    allowance.on_dropped(20);
    allowance.on_dropped(3);
    EXPECT_EQ(lines,
              std::vector<std::string>{"user ann: dropped 1000 bytes that the reader of a closed channel never read"});
  }
  ASSERT_EQ(lines.size(), 2u) << "the rest is told in the end";
  EXPECT_EQ(lines[1], "user ann: dropped 23 bytes that the readers of 2 closed channels never read");
}

}  // namespace
}  // namespace glassh
