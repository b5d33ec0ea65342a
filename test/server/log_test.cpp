#include "server/log.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "test/server/log_lines.h"

namespace glassh {
namespace {

using test::LogLines;

TEST(Log, EscapesWhatAPeerCouldForgeLinesWith) {
  struct Case {
    std::string_view text;
    std::string_view shown;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"ann", "ann"},
      {"", ""},
      {"a\nAccepted publickey for root", "a\\012Accepted publickey for root"},
      {"\x1b[2J\x7f", "\\033[2J\\177"},
      {"a\0b"sv, "a\\000b"},
      {"back\\012slash", "back\\\\012slash"},
      {"J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x94\x91", "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x94\x91"},
      {"\xff\xfe", "\\377\\376"},
      {"\xc3", "\\303"},                             // ends early
      {"\xc0\xaf", "\\300\\257"},                    // overlong
      {"\xe0\x80\xaf", "\\340\\200\\257"},           // overlong
      {"\xed\xa0\x80", "\\355\\240\\200"},           // a surrogate
      {"\xf4\x90\x80\x80", "\\364\\220\\200\\200"},  // beyond Unicode
      {"\xc2\x9b"
       "2J",
       "\\302\\2332J"},  // CSI as one character
  };
  for (const Case& each : cases) EXPECT_EQ(escaped(each.text), each.shown);
}

TEST(Log, CutsLongTexts) {
  EXPECT_EQ(escaped("abcdef", 6), "abcdef");
  EXPECT_EQ(escaped("abcdefg", 6), "abcdef...");
  EXPECT_EQ(escaped(std::string(100'000, 'x')).size(), 256 + 3u);
}

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

TEST(Log, TheLevelMayChange) {
  LogLines lines(LogLevel::error);
  lines.log.info("one");
  lines.log.set_level(LogLevel::info);
  lines.log.info("two");
  EXPECT_EQ(lines.text(), "two\n");
}

}  // namespace
}  // namespace glassh
