// Keyword is a row of a program's table of keywords: all that the program knows about one keyword of its configuration.
//
// Reading, defaults, the output of -T and -G and the check of the manuals go by these rows, so a new keyword is a new
// row and a member of the configuration. The rows are in {server,client}/config/keywords*.cpp, by subject. A keyword
// that OpenSSH 9.2 to 10 knows and the program does not support has a row too. Such a keyword may be ignored if no user
// loses a protection by it; the log then names the missing function. Include, Host and Match have no row: the readers
// handle them.
//
//   {.name = "PermitTTY", .below_match = true, .value = flag<&ServerConfig::permit_tty>, .order = 210},
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/algorithm_lists.h"
#include "config/syntax.h"

namespace glassh {

enum class Otherwise {
  note,    // the line is accepted, with a note in the log
  refuse,  // the line is an error
};
struct Unsupported {
  std::string_view same =
      "";  // pattern list, lower case: the values that ask for our own behaviour, accepted without a note
  Otherwise otherwise = Otherwise::note;
  std::string_view why = "";  // the function that is missing, or the harm that ignoring the keyword would do
  LogLevel level = LogLevel::info;
};
constexpr Unsupported no_effect{"*"};  // no value asks for a function that is missing
constexpr Unsupported ignored(std::string_view same, std::string_view why, LogLevel level = LogLevel::info) {
  return {same, Otherwise::note, why, level};
}
constexpr Unsupported refused(std::string_view same, std::string_view why) { return {same, Otherwise::refuse, why}; }

struct WordCount {
  std::size_t least = 1, most = 1;
};
constexpr std::size_t many = std::numeric_limits<std::size_t>::max();

// The texts that -T or -G prints after the keyword, each on a line of its own.
using PrintedValues = std::vector<std::string>;

// `Call` has the words of a line and the configuration to read them into; `Config` is the finished configuration.
template <class Call, class Config>
struct Keyword {
  struct Value {
    void (*read)(Call& call) = nullptr;  // throws ConfigError without place and keyword
    PrintedValues (*print)(const Config& config) = nullptr;
    // Puts the default in, if no line gave a value. Null: the default is the member's initializer.
    void (*use_default)(Config& config, const AlgorithmNames& supported) = nullptr;
  };

  std::string_view name;
  std::string_view old_names = "";  // other spellings, with commas
  WordCount words = {};
  bool raw = false;                        // the rest of the line is one word, blanks, quotes and # included
  bool accumulates = false;                // each line adds to the ones before; otherwise the first one counts
  bool below_match = false;                // sshd_config only: the keyword may stand below Match
  std::string_view global_old_names = "";  // sshd_config only: old_names that may not stand below Match all the same
  Value value = {};
  int order = 0;                       // rows are printed by ascending order, which is OpenSSH's
  std::string_view printed_name = "";  // empty: the name in lower case
  std::optional<Unsupported> unsupported = {};
};

// Returns the rows of all tables by ascending order.
template <class Row>
std::vector<const Row*> rows_in_order(std::initializer_list<std::span<const Row>> tables) {
  std::vector<const Row*> rows;
  for (const std::span<const Row> table : tables) {
    for (const Row& row : table) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) { return a->order < b->order; });
  return rows;
}

// Returns whether the list, which has commas, contains the name. Upper and lower case are the same.
bool is_listed(std::string_view list, std::string_view name);

// Returns the row with this name or old name, or nullptr. Upper and lower case are the same.
template <class Row>
const Row* find_row(const std::vector<const Row*>& rows, std::string_view name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [name](const Row* row) {
    return equal_ignoring_case(row->name, name) || is_listed(row->old_names, name);
  });
  return found == rows.end() ? nullptr : *found;
}

// Returns the lines of -T or -G.
template <class Row, class Config>
std::string printed_config(const std::vector<const Row*>& rows, const Config& config) {
  std::string text;
  for (const Row* row : rows) {
    if (row->value.print == nullptr) continue;
    const std::string name = row->printed_name.empty() ? lower_case(row->name) : std::string(row->printed_name);
    for (const std::string& value : row->value.print(config)) text += fmt::format("{} {}\n", name, value);
  }
  return text;
}

// Throws ConfigError, without place and keyword, unless the line has as many words as allowed and none of them is
// empty.
void check_words(WordCount allowed, const std::vector<std::string>& words);
// Accepts the line, perhaps with a note, or throws ConfigError with `place` in front.
void judge_unsupported(std::string_view name, const Unsupported& keyword, const ConfigLine& line,
                       const ConfigPlace& place, std::vector<ConfigNote>& notes);

// --- Words as values ------------------------------------------------------------------------------------------------
// Each function throws ConfigError without place and keyword; its text says what was expected.

bool yes_or_no(const std::string& word);
std::uint32_t number(const std::string& word);

// The words that a keyword accepts, and their values. Upper and lower case are the same. If several words have the same
// value, the first of them is printed.
template <class Value, std::size_t size>
struct Choices {
  std::array<std::pair<std::string_view, Value>, size> words;
  std::string_view expected;  // for the error

  std::optional<Value> find(const std::string& word) const {
    for (const auto& [name, value] : words) {
      if (equal_ignoring_case(name, word)) return value;
    }
    return std::nullopt;
  }
  Value read(const std::string& word) const {
    const auto found = find(word);
    if (!found) throw ConfigError(fmt::format("bad value '{}': expected {}", word, expected));
    return *found;
  }
  std::string print(Value printed) const {
    for (const auto& [name, value] : words) {
      if (value == printed) return std::string(name);
    }
    return "?";
  }
};

// --- Values as words ------------------------------------------------------------------------------------------------

std::string yes_no_text(bool value);
std::string text_or_none(const std::string& text);          // "none" for an empty text
std::string joined(const std::vector<std::string>& words);  // with blanks

}  // namespace glassh
