// Patterns as ssh_config(5) section PATTERNS has them: * is any run of characters, ? is any one, a ! in front negates.
//
// Used by known_hosts and by the configuration files of both programs. Letters are compared exactly: whoever matches
// host names makes both sides lower case first. Time is at most text × pattern, whatever the pattern.
//
//   match_pattern("web7.example.com", "web?.example.*")
//   match_pattern_list("db.example.com", "*.example.com,!db.*") == PatternMatch::negated
#pragma once

#include <string_view>

namespace glassh {

// Does the pattern describe the whole text? A ! has no meaning here.
bool match_pattern(std::string_view text, std::string_view pattern);

enum class PatternMatch {
  no_match,
  match,    // some item matches, and no negated one does
  negated,  // an item with ! matches: that decides, wherever in the list it stands
};

// The items are separated by commas, and by nothing else: a group may be named "domain users". Empty items, and a lone
// "!", match nothing.
PatternMatch match_pattern_list(std::string_view text, std::string_view list);

}  // namespace glassh
