// The keywords about the session: which program, with a terminal or without, in which environment, and what stays here.
#include "client/config/keywords.h"
#include "config/patterns.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

constexpr Choices<RequestTty, 6> tty_words{{{{"auto", RequestTty::automatic},
                                             {"false", RequestTty::no},
                                             {"no", RequestTty::no},
                                             {"true", RequestTty::yes},
                                             {"yes", RequestTty::yes},
                                             {"force", RequestTty::force}}},
                                           "auto, no, yes or force"};

constexpr Choices<SessionType, 3> session_types{
    {{{"default", SessionType::standard}, {"none", SessionType::none}, {"subsystem", SessionType::subsystem}}},
    "default, none or subsystem"};

void read_remote_command(ClientCall& call) {
  check_tokens(call.words[0], path_tokens, false);
  call.draft.remote_command = word_or_none(call);
}

PrintedValues print_remote_command(const ClientConfig& config) { return print_given(config.remote_command); }

void read_local_command(ClientCall& call) {
  check_tokens(call.words[0], local_command_tokens, false);
  if (!word_or_none(call).empty()) call.draft.local_command = call.words[0];
}

PrintedValues print_local_command(const ClientConfig& config) { return print_given(config.local_command_as_written); }

// One character, "^" and a letter for a control character, or "none".
void read_escape_char(ClientCall& call) {
  const std::string& word = call.words[0];
  auto& character = call.config.escape_char;
  if (word.size() == 1) {
    character = word[0];
  } else if (word.size() == 2 && word[0] == '^' && word[1] >= 64) {
    character = static_cast<char>(word[1] & 31);
  } else if (equal_ignoring_case(word, "none")) {
    character.reset();
  } else {
    throw ConfigError(fmt::format("bad escape character '{}': expected a character, ^ and a letter, or none", word));
  }
}

// As vis(3) shows it.
PrintedValues print_escape_char(const ClientConfig& config) {
  if (!config.escape_char) return {"none"};
  const char character = *config.escape_char;
  const auto byte = static_cast<std::uint8_t>(character);
  if (is_control(character)) return {fmt::format("\\^{}", static_cast<char>(byte ^ 0x40))};
  if (byte == ' ') return {"\\040"};
  if (byte >= 0x80) {
    const auto low = static_cast<char>(byte & 0x7f);
    if (is_control(low)) return {fmt::format("\\M^{}", static_cast<char>(low ^ 0x40))};
    return {fmt::format("\\M-{}", low)};
  }
  return {byte == '\\' ? "\\\\" : std::string(1, character)};
}

void read_send_env(ClientCall& call) {
  auto& patterns = call.config.send_env;
  for (const auto& word : call.words) {
    if (word.find('=') != std::string::npos) {
      throw ConfigError(fmt::format("bad name '{}': expected a pattern without '='", word));
    }
    if (word.front() != '-') {
      patterns.push_back(word);
      continue;
    }
    const auto unwanted = std::string_view(word).substr(1);
    patterns.erase(std::remove_if(patterns.begin(), patterns.end(),
                                  [unwanted](const std::string& pattern) { return match_pattern(pattern, unwanted); }),
                   patterns.end());
  }
}

PrintedValues print_send_env(const ClientConfig& config) { return config.send_env; }

void read_set_env(ClientCall& call) {
  auto& variables = call.config.set_env;
  for (const auto& word : call.words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError(fmt::format("bad value '{}': expected NAME=VALUE", word));
    }
    // As everywhere, the first value counts: a server would take the last one that is sent.
    const std::string name = word.substr(0, equals);
    const auto same = [&name](const auto& variable) { return variable.first == name; };
    if (std::any_of(variables.begin(), variables.end(), same)) continue;
    variables.emplace_back(name, word.substr(equals + 1));
  }
}

PrintedValues print_set_env(const ClientConfig& config) {
  PrintedValues values;
  for (const auto& [name, value] : config.set_env) values.push_back(name + "=" + value);
  return values;
}

using Config = ClientConfig;

constexpr ClientKeyword table[] = {
    {.name = "RequestTTY", .value = choice<&Config::request_tty, tty_words>, .order = 230},
    {.name = "SessionType", .value = choice<&Config::session_type, session_types>, .order = 240},
    {.name = "StdinNull", .value = flag<&Config::stdin_null>, .order = 250},
    {.name = "ForkAfterAuthentication", .value = flag<&Config::fork_after_authentication>, .order = 260},
    {.name = "RemoteCommand", .raw = true, .value = {read_remote_command, print_remote_command}, .order = 500},
    {.name = "PermitLocalCommand", .value = flag<&Config::permit_local_command>, .order = 210},
    {.name = "LocalCommand", .raw = true, .value = {read_local_command, print_local_command}, .order = 490},
    {.name = "EscapeChar", .value = {read_escape_char, print_escape_char}, .order = 710},
    {.name = "EnableEscapeCommandline", .value = flag<&Config::enable_escape_commandline>, .order = 320},
    {.name = "SendEnv",
     .words = {1, many},
     .accumulates = true,
     .value = {read_send_env, print_send_env},
     .order = 640},
    {.name = "SetEnv", .words = {1, many}, .value = {read_set_env, print_set_env}, .order = 650},
};

}  // namespace

std::span<const ClientKeyword> session_client_keywords() { return table; }

}  // namespace glassh
