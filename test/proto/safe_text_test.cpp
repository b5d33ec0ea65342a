#include "proto/safe_text.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

using namespace std::string_view_literals;

struct Case {
  std::string_view text, shown;
};

TEST(SafeText, QuotesAndTracesShowPrintableAsciiOnly) {
  EXPECT_EQ(quoted("a\"b\\c\n\x01\xff"), R"("a\"b\\c\n\x01\xff")");
  EXPECT_EQ(quoted("abcdef", 3), "\"abc\"... (6 bytes)");
  EXPECT_EQ(quoted("abc", 3), "\"abc\"");
  EXPECT_EQ(made_safe("a\"b\\c\r\n\x1b[0m\xe2", TextFor::trace), "a\"b\\c\\r\n\\x1b[0m\\xe2");
  EXPECT_EQ(made_safe("a\tb\x7f\0c"sv, TextFor::trace), "a\\tb\\x7f\\x00c");
  EXPECT_EQ(made_safe("abcdef", TextFor::trace, 3), "abc");
}

TEST(SafeText, NamesAreShortAndHaveNoOtherCharacters) {
  EXPECT_EQ(made_safe("ssh-rsa\x1b[2J\n\x7f\xc3\xa4", TextFor::name), "ssh-rsa?[2J????");
  EXPECT_EQ(made_safe(std::string(65, 'x'), TextFor::name), std::string(64, 'x'));
}

TEST(SafeText, PartsOfKeyLinesHaveNoControlCharactersAndAnEnd) {
  EXPECT_EQ(made_safe("a\x1b[2Jb\r\n\x7f\xc3\xa4", TextFor::key_line), "a?[2Jb???\xc3\xa4");
  EXPECT_EQ(made_safe("abcdef", TextFor::key_line, 3), "abc...");
  EXPECT_EQ(made_safe("abc", TextFor::key_line, 3), "abc");
  EXPECT_EQ(made_safe(std::string(81, 'x'), TextFor::key_line), std::string(80, 'x') + "...");
  EXPECT_EQ(made_safe("\xc3\xa4", TextFor::key_line, 1), "\xc3...");
}

TEST(SafeText, LogsEscapeWhatAPeerCouldForgeLinesWith) {
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
       "\\302\\2332J"},                  // CSI as one character
      {"\xe2\x80\xae", "\xe2\x80\xae"},  // only a terminal reorders
      {"tab\there", "tab\\011here"},
  };
  for (const Case& each : cases) EXPECT_EQ(made_safe(each.text, TextFor::log), each.shown);
}

TEST(SafeText, LogsCutLongTextsBetweenCharacters) {
  EXPECT_EQ(made_safe("abcdef", TextFor::log, 6), "abcdef");
  EXPECT_EQ(made_safe("abcdefg", TextFor::log, 6), "abcdef...");
  EXPECT_EQ(made_safe("a\xe2\x82\xac"
                      "b",
                      TextFor::log, 2),
            "a\xe2\x82\xac...");
  EXPECT_EQ(made_safe("a\xe2\x82\xac", TextFor::log, 2), "a\xe2\x82\xac");
  EXPECT_EQ(made_safe(std::string(100'000, 'x'), TextFor::log).size(), 256 + 3u);
}

TEST(SafeText, AWholeLogLineStaysOneLineAndIsNotEscapedTwice) {
  EXPECT_EQ(made_safe("a\\012b\nc\x1b[2J\xff", TextFor::log_line), "a\\012b\\012c\\033[2J\xff");
  EXPECT_EQ(made_safe(std::string(100'000, 'x'), TextFor::log_line).size(), 100'000u);
}

// [4251-9.2-1] keeps
TEST(SafeText, TextOfThePeerCannotDriveTheTerminal) {
  const Case cases[] = {
      {"plain text, 100%", "plain text, 100%"},
      {"tab\there", "tab\there"},
      {"back\\slash", "back\\slash"},
      {"\x1b[31mred", "\\033[31mred"},
      {"bell\a, delete\x7f", "bell\\007, delete\\177"},
      {"nul\0!"sv, "nul\\000!"},
      {"one\ntwo", "one\\012two"},
      {"one\r\ntwo", "one\\015\\012two"},
      {"gr\xc3\xbc\xc3\x9f dich, \xe2\x82\xac, \xf0\x9f\x98\x80",
       "gr\xc3\xbc\xc3\x9f dich, \xe2\x82\xac, \xf0\x9f\x98\x80"},
      {"C1 control \xc2\x9b"
       "31m",
       "C1 control \\302\\23331m"},
      {"not UTF-8 \xff\xc3", "not UTF-8 \\377\\303"},
      {"overlong \xc0\xaf \xe0\x80\xaf", "overlong \\300\\257 \\340\\200\\257"},
      {"surrogate \xed\xa0\x80", "surrogate \\355\\240\\200"},
      {"beyond \xf4\x90\x80\x80", "beyond \\364\\220\\200\\200"},
      {"reversed \xe2\x80\xae"
       "txt",
       "reversed \\342\\200\\256txt"},
      {"isolated \xe2\x81\xa6", "isolated \\342\\201\\246"},
  };
  for (const Case& each : cases) EXPECT_EQ(made_safe(each.text, TextFor::terminal), each.shown);
}

TEST(SafeText, LinesForATerminalEndInLineFeeds) {
  EXPECT_EQ(made_safe("one\r\ntwo\nthree\n", TextFor::terminal_lines), "one\ntwo\nthree\n");
  EXPECT_EQ(made_safe("over\rwritten", TextFor::terminal_lines), "over\\015written");
  EXPECT_EQ(made_safe("ends in \r", TextFor::terminal_lines), "ends in \\015");
}

TEST(SafeText, ControlCharactersAreThoseOfUsAscii) {
  EXPECT_TRUE(is_control('\0') && is_control('\x1f') && is_control('\x7f'));
  EXPECT_FALSE(is_control(' ') || is_control('~') || is_control('\x80') || is_control('\xff'));
}

}  // namespace
}  // namespace glassh
