#include "config/patterns.h"

#include <algorithm>

namespace glassh {

// When a match fails, only the last * can still help, by taking one character more: it can do for the rest all that an
// earlier * could do. So there is no recursion, and a pattern like *a*a*a*b does not take exponential time, which is
// known attack 96 (conformance/known_attacks): a pattern with many stars.
bool match_pattern(std::string_view text, std::string_view pattern) {
  constexpr std::size_t none = std::string_view::npos;
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t after_star = none;  // in the pattern
  std::size_t star_end = 0;       // in the text: where the run that the last * takes ends
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      after_star = ++in_pattern;
      star_end = at;
    } else if (in_pattern < pattern.size() && (pattern[in_pattern] == '?' || pattern[in_pattern] == text[at])) {
      ++in_pattern;
      ++at;
    } else if (after_star != none) {
      in_pattern = after_star;
      at = ++star_end;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == none;
}

PatternMatch match_pattern_list(std::string_view text, std::string_view list) {
  bool matched = false;
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    const bool negates = item.starts_with('!');
    if (negates) item.remove_prefix(1);
    if (item.empty() || !match_pattern(text, item)) continue;
    if (negates) return PatternMatch::negated;
    matched = true;
  }
  return matched ? PatternMatch::match : PatternMatch::no_match;
}

}  // namespace glassh
