#include "client/config/values.h"

namespace glassh {

bool yes_no(const ClientKeyword::Call& call) {
  const auto value = parse_yes_no(call.words[0]);
  if (!value) throw ConfigError(fmt::format("bad value '{}': expected yes or no", call.words[0]));
  return *value;
}

std::uint32_t number(const ClientKeyword::Call& call) {
  const auto value = parse_number(call.words[0], 0x7fffffff);
  if (!value) throw ConfigError(fmt::format("bad value '{}': expected a number", call.words[0]));
  return *value;
}

void check_tokens(std::string_view text, std::string_view letters, bool environment) {
  ConfigTokens tokens;
  for (const char letter : letters) tokens.emplace_back(letter, "");
  EnvironmentLookup any_variable;
  if (environment) any_variable = [](std::string_view) { return std::optional<std::string>(""); };
  expand_tokens(text, tokens, any_variable);
}

void check_path(const std::string& path) {
  check_tokens(path, path_tokens, true);
  expand_tilde(path, "");
}

std::string command_or_nothing(const std::string& rest) {
  return equal_ignoring_case(rest, "none") ? std::string() : rest;
}

}  // namespace glassh
