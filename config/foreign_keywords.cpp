#include "config/foreign_keywords.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/patterns.h"

namespace glassh {

const ForeignKeyword* find_foreign_keyword(std::span<const ForeignKeyword> table, std::string_view keyword) {
  const auto found = std::find_if(table.begin(), table.end(), [keyword](const ForeignKeyword& entry) {
    return equal_ignoring_case(entry.name, keyword);
  });
  return found == table.end() ? nullptr : &*found;
}

void judge_foreign_keyword(const ForeignKeyword& entry, const ConfigLine& line, const ConfigPlace& place,
                           std::vector<ConfigNote>& notes) {
  if (line.rest.empty()) config_fail(place, fmt::format("{}: a value is missing", entry.name));
  const std::string value = lower_case(line.words.empty() ? line.rest : fmt::format("{}", fmt::join(line.words, " ")));
  if (match_pattern_list(value, entry.same) == PatternMatch::match) return;

  if (entry.otherwise == Otherwise::refuse) {
    config_fail(place, fmt::format("{} is not supported yet: {}", entry.name, entry.why));
  }
  notes.push_back({entry.level, fmt::format("{}: {} is ignored: {}", place.text(), entry.name, entry.why)});
}

}  // namespace glassh
