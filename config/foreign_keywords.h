// Keywords that OpenSSH 9.2 to 10 knows and we do not do yet: which may be ignored, and which must not.
//
// Ignoring a keyword is harmless when nobody loses a protection by it and a function that goes missing is said in the
// log. Values that ask for what we do anyway pass without a word. The tables are server/config/keywords.cpp and
// client/config/keywords.cpp; a keyword leaves its table when it is implemented.
//
//   judge_foreign_keyword(*entry, line, place, notes);
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "config/syntax.h"

namespace glassh {

enum class Otherwise {
  note,    // accepted, with a line in the log
  refuse,  // an error
};

struct ForeignKeyword {
  std::string_view name;
  std::string_view same = "";  // pattern list, lower case: values that ask for what we do anyway
  Otherwise otherwise = Otherwise::note;
  std::string_view why = "";  // what is not done, or what ignoring it would do
  LogLevel level = LogLevel::info;
};

// Null if the table has no such keyword.
const ForeignKeyword* find_foreign_keyword(std::span<const ForeignKeyword> table, std::string_view keyword);
// Accepts the line, perhaps with a note, or throws ConfigError with `place` in front.
void judge_foreign_keyword(const ForeignKeyword& entry, const ConfigLine& line, const ConfigPlace& place,
                           std::vector<ConfigNote>& notes);

}  // namespace glassh
