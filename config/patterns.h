// Matches text against patterns (ssh_config(5) section PATTERNS): * is any run of characters, ? is any one character,
// and a ! in front negates.
//
// known_hosts and the configuration files of both programs use it. Letters are compared exactly, so a caller that
// matches host names makes both sides lower case first. The time is at most text × pattern for every pattern.
//
//   match_pattern("web7.example.com", "web?.example.*")
//   match_pattern_list("db.example.com", "*.example.com,!db.*") == PatternMatch::negated
#pragma once

#include <string_view>

namespace glassh {

// Whether the pattern describes the whole text. A ! is an ordinary character here.
bool match_pattern(std::string_view text, std::string_view pattern);

enum class PatternMatch {
  no_match,
  match,    // some item matches, and no negated item does
  negated,  // an item with ! matches; this decides the question, wherever in the list the item stands
};

// Only commas separate the items, because a group may be named "domain users". An empty item or a lone "!" matches no
// text.
PatternMatch match_pattern_list(std::string_view text, std::string_view list);

}  // namespace glassh
