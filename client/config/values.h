// Turns the words of a configuration line into values, for the handlers of several keyword tables.
//
// Each function throws ConfigError without a place and keyword; its text says what was expected. The keywords are in
// client/config/keywords.
//
//   call.target.config.batch_mode = yes_no(call);
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "client/config/keywords.h"

namespace glassh {

bool yes_no(const ClientKeyword::Call& call);
std::uint32_t number(const ClientKeyword::Call& call);

// Returns the value for the word, from a table of words and values. Upper and lower case are the same.
template <class Value, std::size_t size>
Value one_of(const ClientKeyword::Call& call, const std::array<std::pair<std::string_view, Value>, size>& values,
             std::string_view expected) {
  const auto found = std::find_if(values.begin(), values.end(), [&call](const auto& entry) {
    return equal_ignoring_case(entry.first, call.words[0]);
  });
  if (found == values.end()) {
    throw ConfigError(fmt::format("bad value '{}': expected {}", call.words[0], expected));
  }
  return found->second;
}

// The letters of the tokens that are allowed. Tokens are expanded later; check_tokens() refuses an unknown token now,
// so that the error has file and line.
constexpr std::string_view path_tokens = "CdhijkLlnpru";
constexpr std::string_view local_command_tokens = "CdhijkLlnpruT";
void check_tokens(std::string_view text, std::string_view letters, bool environment);
void check_path(const std::string& path);
// The value of a keyword that takes a command or "none". Returns an empty text for "none".
std::string command_or_nothing(const std::string& rest);

}  // namespace glassh
