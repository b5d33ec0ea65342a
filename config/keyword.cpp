#include "config/keyword.h"

#include "config/patterns.h"

namespace glassh {

bool is_listed(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    if (equal_ignoring_case(item, name)) return true;
    list.remove_prefix(std::min(item.size() + 1, list.size()));
  }
  return false;
}

void check_words(WordCount allowed, const std::vector<std::string>& words) {
  const bool empty = std::any_of(words.begin(), words.end(), [](const std::string& word) { return word.empty(); });
  if (words.size() < allowed.least || empty) throw ConfigError("a value is missing");
  if (words.size() > allowed.most) {
    throw ConfigError(fmt::format("'{}' is too much: expected {} value{}", words[allowed.most], allowed.most,
                                  allowed.most == 1 ? "" : "s at most"));
  }
}

void judge_unsupported(std::string_view name, const Unsupported& keyword, const ConfigLine& line,
                       const ConfigPlace& place, std::vector<ConfigNote>& notes) {
  if (line.rest.empty()) config_fail(place, fmt::format("{}: a value is missing", name));
  const std::string value = lower_case(line.words.empty() ? line.rest : joined(line.words));
  if (match_pattern_list(value, keyword.same) == PatternMatch::match) return;

  if (keyword.otherwise == Otherwise::refuse) {
    config_fail(place, fmt::format("{} is not supported yet: {}", name, keyword.why));
  }
  notes.push_back({keyword.level, fmt::format("{}: {} is ignored: {}", place.text(), name, keyword.why)});
}

bool yes_or_no(const std::string& word) {
  const auto value = parse_yes_no(word);
  if (!value) throw ConfigError(fmt::format("bad value '{}': expected yes or no", word));
  return *value;
}

std::uint32_t number(const std::string& word) {
  const auto value = parse_number(word, 0x7fffffff);
  if (!value) throw ConfigError(fmt::format("bad value '{}': expected a number", word));
  return *value;
}

std::string yes_no_text(bool value) { return value ? "yes" : "no"; }

std::string text_or_none(const std::string& text) { return text.empty() ? "none" : text; }

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

}  // namespace glassh
