#include "auth/key_lines.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

std::vector<std::pair<std::size_t, std::string>> lines_of(std::string_view text) {
  std::vector<std::pair<std::size_t, std::string>> out;
  TextLines lines(text);
  while (const auto line = lines.next()) out.emplace_back(line->number, line->too_long ? "too long" : line->text);
  return out;
}

using Lines = std::vector<std::pair<std::size_t, std::string>>;

TEST(KeyLines, CommentsAndBlankLinesCountButDoNotCome) {
  EXPECT_EQ(lines_of(""), Lines{});
  EXPECT_EQ(lines_of("\n\n"), Lines{});
  EXPECT_EQ(lines_of("a"), (Lines{{1, "a"}}));
  EXPECT_EQ(lines_of("a\n"), (Lines{{1, "a"}}));
  EXPECT_EQ(lines_of("a\r\nb\r\n"), (Lines{{1, "a"}, {2, "b"}}));
  EXPECT_EQ(lines_of("# a\n \t# b\n \t\n c # d \t\n"), (Lines{{4, "c # d"}}));
  EXPECT_EQ(lines_of(std::string_view("a\0b\nc", 5)), (Lines{{1, std::string("a\0b", 3)}, {2, "c"}}));
}

// Past vulnerability 85: the end of a long line must not count as a line of its own.
TEST(KeyLines, LongLineIsOneLine) {
  const std::string at_limit(longest_key_line, 'x');
  EXPECT_EQ(lines_of(at_limit + "\nb\n"), (Lines{{1, at_limit}, {2, "b"}}));
  EXPECT_EQ(lines_of(at_limit + "x\nb\n"), (Lines{{1, "too long"}, {2, "b"}}));
  EXPECT_EQ(lines_of(std::string(1 << 20, 'x') + " ssh-ed25519 AAAA"), (Lines{{1, "too long"}}));
}

TEST(KeyLines, WordsAreTakenOneByOne) {
  std::string_view text = " \tone\t two  ";
  EXPECT_EQ(take_word(text), "one");
  EXPECT_EQ(take_word(text), "two");
  EXPECT_EQ(take_word(text), "");
  EXPECT_EQ(take_word(text), "");
}

}  // namespace
}  // namespace glassh
