#include "config/keyword.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

struct Settings {
  int depth = 0;
  std::vector<std::string> names;
};
struct Call {
  Settings& settings;
};
using Row = Keyword<Call, Settings>;

PrintedValues print_depth(const Settings& settings) { return {std::to_string(settings.depth)}; }
PrintedValues print_names(const Settings& settings) { return settings.names; }

constexpr Row first_table[] = {
    {.name = "Names", .value = {nullptr, print_names}, .order = 30},
    {.name = "Tunnel", .unsupported = refused("no", "there are none")},
};
constexpr Row second_table[] = {
    {.name = "DepthOfIt", .old_names = "Depth,Deep", .value = {nullptr, print_depth}, .order = 20},
    {.name = "Again", .value = {nullptr, print_depth}, .order = 40, .printed_name = "AGAIN"},
};
const auto rows = rows_in_order<Row>({first_table, second_table});

std::string error_of(WordCount allowed, const std::vector<std::string>& words) {
  try {
    check_words(allowed, words);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Keyword, RowsArePrintedInTheirOrderWhateverTheirTable) {
  EXPECT_EQ(printed_config(rows, Settings{7, {"a", "b"}}), "depthofit 7\nnames a\nnames b\nAGAIN 7\n");
  EXPECT_EQ(printed_config(rows, Settings{}), "depthofit 0\nAGAIN 0\n");
}

TEST(Keyword, ARowIsFoundByAnyOfItsNames) {
  for (const std::string_view name : {"DepthOfIt", "DEPTH", "deep"}) EXPECT_EQ(find_row(rows, name), &second_table[0]);
  for (const std::string_view name : {"", "Dep", "Depth,Deep", "none"}) EXPECT_EQ(find_row(rows, name), nullptr);
}

TEST(Keyword, EachWordHasAPlaceAndIsNotEmpty) {
  EXPECT_EQ(error_of({1, 2}, {"a", "b"}), "");
  EXPECT_EQ(error_of({0, many}, {}), "");
  EXPECT_EQ(error_of({1, 1}, {}), "a value is missing");
  EXPECT_EQ(error_of({1, many}, {"a", ""}), "a value is missing");
  EXPECT_EQ(error_of({1, 1}, {"a", "b"}), "'b' is too much: expected 1 value");
  EXPECT_EQ(error_of({1, 2}, {"a", "b", "c"}), "'c' is too much: expected 2 values at most");
}

TEST(Keyword, WhatIsNotSupportedIsRefusedOrNotedUnlessItAsksForTheSame) {
  std::vector<ConfigNote> notes;
  const ConfigPlace place{"f", 3};
  const auto judge = [&](const Unsupported& keyword, const ConfigLine& line) {
    judge_unsupported("Tunnel", keyword, line, place, notes);
  };
  judge(refused("no,false", "why"), {"tunnel", {"FALSE"}, "FALSE"});
  judge(no_effect, {"tunnel", {"a", "b"}, "a b"});
  EXPECT_TRUE(notes.empty());
  judge(ignored("no", "why", LogLevel::verbose), {"tunnel", {}, "yes"});
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].text, "f:3: Tunnel is ignored: why");
  EXPECT_EQ(notes[0].level, LogLevel::verbose);
  EXPECT_THROW(judge(refused("no", "why"), {"tunnel", {"yes"}, "yes"}), ConfigError);
  EXPECT_THROW(judge(no_effect, {"tunnel", {}, ""}), ConfigError);
}

TEST(Keyword, OfSeveralWordsForAValueTheFirstIsPrinted) {
  static constexpr Choices<bool, 3> choices{{{{"true", true}, {"yes", true}, {"no", false}}}, "yes or no"};
  EXPECT_TRUE(choices.read("YES"));
  EXPECT_EQ(choices.print(true), "true");
  EXPECT_EQ(choices.print(false), "no");
  EXPECT_EQ(choices.find("maybe"), std::nullopt);
  EXPECT_THROW(choices.read("maybe"), ConfigError);
}

}  // namespace
}  // namespace glassh
