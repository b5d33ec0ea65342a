// RFC 4251 section 9.2 [4251-9.2-1]: no control character of a text reaches the terminal.
#include "config/say.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

template <class Print>
std::string printed(Print print) {
  std::FILE* const file = std::tmpfile();
  print(file);
  std::rewind(file);
  std::string text(1000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

constexpr const char* evil = "a\x1b[2J\tb\xe2\x80\xae";

TEST(Say, EscapesControlCharactersAndKeepsLineFeedsAndTabs) {
  EXPECT_EQ(printed([](std::FILE* file) { say(file, "{}\n{}\n", evil, 1); }), "a\\033[2J\tb\\342\\200\\256\n1\n");
}

TEST(Say, EndsLinesOfARawTerminalWithCarriageReturns) {
  EXPECT_EQ(printed([](std::FILE* file) { say_raw(file, "a\x07\nb\r\n"); }), "a\\007\r\nb\r\n");
}

TEST(Say, KeepsAPartOnOneLine) { EXPECT_EQ(on_one_line("a\nb"), "a\\012b"); }

}  // namespace
}  // namespace glassh
