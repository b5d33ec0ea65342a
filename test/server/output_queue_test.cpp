#include "server/output_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "channels/io/holdings.h"

namespace glassh {
namespace {

using testing::ElementsAre;

// A reader that takes lines only while it may. It is shared with the queue's thread, which may be left behind.
struct Reader {
  void write(std::string_view line) {
    std::unique_lock lock(mutex);
    asked = true;
    changed.notify_all();
    changed.wait(lock, [this] { return reads; });
    lines.emplace_back(line);
  }
  void read() {
    const std::lock_guard guard(mutex);
    reads = true;
    changed.notify_all();
  }
  void wait_until_asked() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return asked; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool reads = false, asked = false;
  std::vector<std::string> lines;
};

std::unique_ptr<OutputQueue> queue_to(const std::shared_ptr<Reader>& reader, std::size_t limit = 1000) {
  return std::make_unique<OutputQueue>(
      "test", [reader](LogLevel, std::string_view line) { reader->write(line); },
      [reader](std::uint64_t lines) { reader->write(fmt::format("{} dropped", lines)); }, limit);
}

TEST(OutputQueue, WritesAtOnceBeforeItIsStarted) {
  const auto reader = std::make_shared<Reader>();
  reader->read();
  const auto queue = queue_to(reader);
  queue->put(LogLevel::info, "one");
  EXPECT_THAT(reader->lines, ElementsAre("one"));
}

TEST(OutputQueue, KeepsTheOrderAndWritesAllBeforeItEnds) {
  const auto reader = std::make_shared<Reader>();
  auto queue = queue_to(reader, 1 << 20);
  queue->start();
  for (int i = 0; i < 1000; ++i) queue->put(LogLevel::info, std::to_string(i));
  reader->read();
  queue.reset();
  ASSERT_EQ(reader->lines.size(), 1000u);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(reader->lines[i], std::to_string(i));
}

TEST(OutputQueue, SaysHowManyLinesWereDroppedWhereTheyWouldBe) {
  const auto reader = std::make_shared<Reader>();
  const auto before = holdings().dropped_lines.load();
  auto queue = queue_to(reader);
  queue->start();
  queue->put(LogLevel::info, std::string(5000, 'x'));  // more than the limit, but alone
  reader->wait_until_asked();
  queue->put(LogLevel::info, "dropped");
  queue->put(LogLevel::info, "dropped as well");
  EXPECT_EQ(holdings().dropped_lines - before, 2);
  reader->read();
  queue.reset();
  EXPECT_THAT(reader->lines, ElementsAre(std::string(5000, 'x'), "2 dropped"));
}

TEST(OutputQueue, SaysItBeforeTheNextLineThatIsTaken) {
  const auto reader = std::make_shared<Reader>();
  auto queue = queue_to(reader);
  queue->start();
  queue->put(LogLevel::info, std::string(700, 'x'));
  reader->wait_until_asked();
  queue->put(LogLevel::info, std::string(700, 'y'));
  queue->put(LogLevel::info, "z");
  reader->read();
  queue.reset();
  EXPECT_THAT(reader->lines, ElementsAre(std::string(700, 'x'), "1 dropped", "z"));
}

TEST(OutputQueue, EndsAlthoughItsReaderIsStuck) {
  const auto reader = std::make_shared<Reader>();
  auto queue = queue_to(reader);
  queue->start();
  queue->put(LogLevel::info, "one");
  reader->wait_until_asked();
  queue->put(LogLevel::info, "two");
  queue.reset();  // after a second
  const std::lock_guard guard(reader->mutex);
  EXPECT_TRUE(reader->lines.empty());
}

TEST(OutputQueue, TakesLinesFromManyThreads) {
  const auto reader = std::make_shared<Reader>();
  reader->read();
  auto queue = queue_to(reader, 1 << 20);
  queue->start();
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    threads.emplace_back([&, letter] {
      for (int i = 0; i < 200; ++i) queue->put(LogLevel::info, std::string(100, letter));
    });
  }
  for (std::thread& thread : threads) thread.join();
  queue.reset();
  EXPECT_EQ(reader->lines.size(), 800u);
}

}  // namespace
}  // namespace glassh
