#include "channels/io/home_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "test/support/patience.h"

namespace glassh {
namespace {

TEST(HomeThread, RunsInTheThreadOfTheIoContextWhatAnotherThreadPosts) {
  asio::io_context io(1);
  const HomeThread home(io.get_executor());
  std::optional<std::thread::id> ran_in;
  std::thread other([&] { EXPECT_TRUE(home.post([&] { ran_in = std::this_thread::get_id(); })); });
  EXPECT_TRUE(test::run_until(io, [&] { return ran_in.has_value(); }));
  EXPECT_EQ(ran_in, std::this_thread::get_id());
  other.join();
}

TEST(HomeThread, DropsWhatComesAfterTheIoContextHasGone) {
  auto io = std::make_unique<asio::io_context>(1);
  const HomeThread home(io->get_executor());
  io.reset();
  const auto kept = std::make_shared<int>(0);
  EXPECT_FALSE(home.post([kept] { ++*kept; }));
  EXPECT_EQ(*kept, 0);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(HomeThread, DropsWhatHadNoTurnBeforeTheIoContextWent) {
  auto io = std::make_unique<asio::io_context>(1);
  const HomeThread home(io->get_executor());
  const auto kept = std::make_shared<int>(0);
  EXPECT_TRUE(home.post([kept] { ++*kept; }));
  io.reset();
  EXPECT_EQ(*kept, 0);
  EXPECT_EQ(kept.use_count(), 1);
}

// A race that the builds with sanitizers look at.
TEST(HomeThread, MayBeUsedWhileTheIoContextGoes) {
  for (int round = 0; round < 50; ++round) {
    auto io = std::make_unique<asio::io_context>(1);
    const HomeThread home(io->get_executor());
    std::atomic<bool> begun{false};
    std::thread other([&] {
      begun = true;
      while (home.post([] {})) {
      }
    });
    while (!begun) std::this_thread::yield();
    io->poll();
    io.reset();
    other.join();
  }
}

}  // namespace
}  // namespace glassh
