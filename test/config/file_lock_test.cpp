#include "config/file_lock.h"

#include <filesystem>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "config/small_file.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

TEST(FileLock, OfManyThatReadEditAndReplaceAFileNoneLosesTheChangeOfAnother) {
  const TemporaryDirectory home;
  const std::string path = home.write("file", "");
  const std::string link = home.path("link");
  std::filesystem::create_symlink(path, link);
  constexpr int programs = 8, changes = 25;
  std::vector<std::thread> running;
  for (int i = 0; i < programs; ++i) {
    running.emplace_back([&, number = i] {
      for (int change = 0; change < changes; ++change) {
        const FileLock lock(number % 2 == 0 ? path : link);
        const SmallFile before = read_small_file(path, 64 * 1024);
        std::string text(text_of(before.content.reveal()));
        save_small_file(path, bytes_of(text += 'x'), 0600, std::to_string(number), IfExists::replace);
      }
    });
  }
  for (std::thread& each : running) each.join();
  EXPECT_EQ(home.read("file"), std::string(programs * changes, 'x'));
  EXPECT_FALSE(std::filesystem::exists(path + ".lock"));
}

TEST(FileLock, LocksNothingWhereThereIsNoFile) {
  const TemporaryDirectory home;
  const FileLock lock(home.path("file"));
  EXPECT_FALSE(std::filesystem::exists(home.path("file.lock")));
}

}  // namespace
}  // namespace glassh
