#include "config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glassh {
namespace {

// "p=22 v" and then, after "|", the words.
std::string read_all(const std::vector<std::string>& arguments) {
  FlagReader reader(arguments, "p:vx", {{"trace", true}, {"help", false}});
  std::string seen;
  try {
    while (const auto flag = reader.next_flag()) {
      seen += flag->name + (flag->value.empty() ? " " : "=" + flag->value + " ");
    }
    seen += "|";
    while (const auto word = reader.next_word()) seen += " " + *word;
  } catch (const UsageError& error) {
    seen += error.what();
  }
  return seen;
}

TEST(CommandLine, FlagsAreReadAsGetoptReadsThem) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "|"},
      {{"-v", "-x", "host", "-v"}, "v x | host -v"},
      {{"-vx", "-p22"}, "v x p=22 |"},
      {{"-vp", "22", "h"}, "v p=22 | h"},
      {{"-vp22", "h"}, "v p=22 | h"},
      {{"-p", "-v", "h"}, "p=-v | h"},
      {{"-v", "--", "-x"}, "v | -x"},
      {{"-", "-v"}, "| - -v"},
      {{"--trace", "-", "--help"}, "trace=- help |"},
      {{"--trace=a=b"}, "trace=a=b |"},
      {{"-z"}, "unknown option -- 'z'"},
      {{"-:"}, "unknown option -- ':'"},
      {{"-vp"}, "v option -p needs a value"},
      {{"--nope"}, "unknown option --nope"},
      {{"--help=yes"}, "option --help takes no value"},
      {{"--trace"}, "option --trace needs a value"},
  };
  for (const auto& [arguments, expected] : cases) EXPECT_EQ(read_all(arguments), expected);
}

TEST(CommandLine, FlagsGoOnAfterAWord) {
  const std::vector<std::string> arguments = {"-v", "host", "-p", "22", "cmd", "-v"};
  FlagReader reader(arguments, "p:v", {});
  EXPECT_EQ(reader.next_flag()->name, "v");
  EXPECT_FALSE(reader.next_flag());
  EXPECT_EQ(reader.next_word(), "host");
  EXPECT_EQ(reader.next_flag()->value, "22");
  EXPECT_FALSE(reader.next_flag());
  EXPECT_EQ(reader.next_word(), "cmd");
  EXPECT_EQ(reader.next_word(), "-v");
  EXPECT_FALSE(reader.next_word());
}

}  // namespace
}  // namespace glassh
