#include "config/patterns.h"

#include <string>

#include <gtest/gtest.h>

namespace glassh {
namespace {

TEST(Patterns, StarIsAnyRunAndQuestionMarkIsAnyOne) {
  struct Case {
    std::string_view text, pattern;
    bool matches;
  };
  const Case cases[] = {
      {"", "", true},
      {"", "*", true},
      {"", "**", true},
      {"", "?", false},
      {"", "a", false},
      {"a", "", false},
      {"a", "a", true},
      {"a", "A", false},
      {"a", "?", true},
      {"a", "??", false},
      {"ab", "?", false},
      {"ab", "a*", true},
      {"ab", "ab*", true},
      {"ab", "*b", true},
      {"ab", "*a", false},
      {"ab", "*?*", true},
      {"abcbc", "a*bc", true},
      {"abcbd", "a*bc", false},
      {"aXbXc", "a*b*c", true},
      {"aab", "*ab", true},
      {"host.example.com", "*.example.com", true},
      {"example.com", "*.example.com", false},
      {"10.0.0.7", "10.0.?.*", true},
      {"[host]:2222", "*", true},
      {"[host]:2222", "[host]:*", true},
      {"h", "[h]", false},
      {"!a", "!a", true},
      {"a*b", "a*b", true},
  };
  for (const Case& c : cases) EXPECT_EQ(match_pattern(c.text, c.pattern), c.matches) << c.text << " " << c.pattern;
}

TEST(Patterns, NegatedItemDecidesWhereverItStands) {
  struct Case {
    std::string_view text, list;
    PatternMatch result;
  };
  const Case cases[] = {
      {"a", "", PatternMatch::no_match},     {"a", "a", PatternMatch::match},
      {"a", "b,a", PatternMatch::match},     {"a", "b a", PatternMatch::no_match},
      {"a", "b, a", PatternMatch::no_match}, {"b a", "c,b a", PatternMatch::match},
      {"a", ",,", PatternMatch::no_match},   {"", ",,", PatternMatch::no_match},
      {"a", "*,!a", PatternMatch::negated},  {"a", "!a,*", PatternMatch::negated},
      {"b", "!a,*", PatternMatch::match},    {"b", "!a", PatternMatch::no_match},
      {"", "!", PatternMatch::no_match},     {"a", "!,a", PatternMatch::match},
      {"a", "!!a,a", PatternMatch::match},   {"db.example.com", "*.example.com,!db.*", PatternMatch::negated},
  };
  for (const Case& c : cases) EXPECT_EQ(match_pattern_list(c.text, c.list), c.result) << c.text << " in " << c.list;
}

// Past vulnerability 96. No clock is needed: if this took exponential time, it would not come back.
TEST(Patterns, ManyStarsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(match_pattern(std::string(2000, 'a'), pattern + "*b"));
  EXPECT_TRUE(match_pattern(std::string(2000, 'a') + "b", pattern + "*b"));
  EXPECT_FALSE(match_pattern(std::string(2000, 'a'), pattern + "?*?*?*b"));
}

}  // namespace
}  // namespace glassh
