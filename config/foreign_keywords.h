// Keywords that OpenSSH 9.2 to 10 knows and we do not support yet: which of them may be ignored, and which must not.
//
// A keyword may be ignored if no user loses a protection by it; the log then names the missing function. A value that
// asks for our own behaviour is accepted without a note. The tables are server/config/keywords.cpp and
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
  note,    // the line is accepted, with a note in the log
  refuse,  // the line is an error
};

struct ForeignKeyword {
  std::string_view name;
  std::string_view same = "";  // pattern list, lower case: the values that ask for our own behaviour
  Otherwise otherwise = Otherwise::note;
  std::string_view why = "";  // the function that is missing, or the harm that ignoring the keyword would do
  LogLevel level = LogLevel::info;
};

// Returns nullptr if the table does not have the keyword. Upper and lower case are the same.
const ForeignKeyword* find_foreign_keyword(std::span<const ForeignKeyword> table, std::string_view keyword);
// Accepts the line, perhaps with a note, or throws ConfigError with `place` in front.
void judge_foreign_keyword(const ForeignKeyword& entry, const ConfigLine& line, const ConfigPlace& place,
                           std::vector<ConfigNote>& notes);

}  // namespace glassh
