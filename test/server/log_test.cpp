#include "server/log.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "test/server/log_lines.h"

namespace glassh {
namespace {

using test::LogLines;

TEST(Log, WritesWhatTheLevelAllows) {
  const LogLines lines(LogLevel::verbose);
  lines.log.write(LogLevel::fatal, "one");
  lines.log.error("two {}", 2);
  lines.log.info("three");
  lines.log.verbose("four");
  lines.log.debug("five");
  EXPECT_EQ(lines.text(), "fatal: one\nerror: two 2\nthree\nfour\n");
}

TEST(Log, QuietSaysNothing) {
  const LogLines lines(LogLevel::quiet);
  lines.log.write(LogLevel::fatal, "one");
  lines.log.write(LogLevel::quiet, "two");
  EXPECT_EQ(lines.text(), "");
}

TEST(Log, NamesDebugLevels) {
  const LogLines lines(LogLevel::debug3);
  lines.log.debug("a");
  lines.log.print(LogLevel::debug2, "b");
  lines.log.print(LogLevel::debug3, "c");
  EXPECT_EQ(lines.text(), "debug1: a\ndebug2: b\ndebug3: c\n");
}

TEST(Log, KeepsALineOneLineWhateverIsInIt) {
  const LogLines lines;
  lines.log.info("{}", "forgotten\nto escape\x1b[2J");
  EXPECT_EQ(lines.text(), "forgotten\\012to escape\\033[2J\n");
}

TEST(Log, AppendsToAPrivateFile) {
  const LogLines lines;
  EXPECT_EQ(lines.directory.mode("log"), 0600u);
  lines.log.info("one");
  Log::to_file(LogLevel::info, lines.directory.path("log")).info("two");
  EXPECT_EQ(lines.text(), "one\ntwo\n");
  EXPECT_THROW(Log::to_file(LogLevel::info, lines.directory.path("none/log")), std::runtime_error);
}

TEST(Log, RefusesAFacilityThatSyslogDoesNotHave) {
  EXPECT_THROW(Log::to_syslog(LogLevel::info, "CELLAR"), std::runtime_error);
}

TEST(Log, ThreadsDoNotMixTheirLines) {
  const LogLines lines;
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    threads.emplace_back([&, letter] {
      for (int i = 0; i < 200; ++i) lines.log.info("{}", std::string(200, letter));
    });
  }
  for (std::thread& thread : threads) thread.join();

  const std::string text = lines.text();
  ASSERT_EQ(text.size(), 4u * 200 * 201);
  for (std::size_t line = 0; line < text.size(); line += 201) {
    ASSERT_EQ(text.find_first_not_of(text[line], line), line + 200);
  }
}

TEST(Log, ASinkGetsTheLinesThatTheLevelAllows) {
  std::vector<std::string> got;
  const Log log(LogLevel::verbose, [&got](LogLevel level, std::string_view line) {
    got.push_back(fmt::format("{}: {}", log_level_name(level), line));
  });
  log.error("one");
  log.verbose("two\nlines");
  log.debug("three");
  EXPECT_EQ(got, (std::vector<std::string>{"ERROR: one", "VERBOSE: two\\012lines"}));
}

TEST(Log, TheLevelMayChange) {
  LogLines lines(LogLevel::error);
  lines.log.info("one");
  lines.log.set_level(LogLevel::info);
  lines.log.info("two");
  EXPECT_EQ(lines.text(), "two\n");
}

}  // namespace
}  // namespace glassh
