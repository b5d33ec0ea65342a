// The keywords about the session: which program, with a terminal or without, and what stays here.
#include <array>

#include <fmt/format.h>

#include "client/config/keywords.h"
#include "client/config/values.h"

namespace glassh {
namespace {

using Call = ClientKeyword::Call;

void handle_request_tty(Call& call) {
  constexpr std::array<std::pair<std::string_view, RequestTty>, 6> values = {{{"auto", RequestTty::automatic},
                                                                              {"no", RequestTty::no},
                                                                              {"false", RequestTty::no},
                                                                              {"yes", RequestTty::yes},
                                                                              {"true", RequestTty::yes},
                                                                              {"force", RequestTty::force}}};
  call.target.config.request_tty = one_of(call, values, "auto, no, yes or force");
}

void handle_session_type(Call& call) {
  constexpr std::array<std::pair<std::string_view, SessionType>, 3> values = {
      {{"default", SessionType::standard}, {"none", SessionType::none}, {"subsystem", SessionType::subsystem}}};
  call.target.config.session_type = one_of(call, values, "default, none or subsystem");
}

void handle_remote_command(Call& call) {
  check_tokens(call.line.rest, path_tokens, false);
  call.target.remote_command = command_or_nothing(call.line.rest);
}

void handle_local_command(Call& call) {
  check_tokens(call.line.rest, local_command_tokens, false);
  if (!command_or_nothing(call.line.rest).empty()) call.target.local_command = call.line.rest;
}

// One character, "^" and a letter for a control character, or "none".
void handle_escape_char(Call& call) {
  const std::string& word = call.words[0];
  auto& character = call.target.config.escape_char;
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

constexpr std::array table{
    ClientKeyword{"RequestTTY", 1, 1, false, handle_request_tty},
    ClientKeyword{"SessionType", 1, 1, false, handle_session_type},
    ClientKeyword{"StdinNull", 1, 1, false, [](Call& call) { call.target.config.stdin_null = yes_no(call); }},
    ClientKeyword{"ForkAfterAuthentication", 1, 1, false,
                  [](Call& call) { call.target.config.fork_after_authentication = yes_no(call); }},
    ClientKeyword{"RemoteCommand", 0, 0, false, handle_remote_command},
    ClientKeyword{"PermitLocalCommand", 1, 1, false,
                  [](Call& call) { call.target.config.permit_local_command = yes_no(call); }},
    ClientKeyword{"LocalCommand", 0, 0, false, handle_local_command},
    ClientKeyword{"EscapeChar", 1, 1, false, handle_escape_char},
    ClientKeyword{"EnableEscapeCommandline", 1, 1, false,
                  [](Call& call) { call.target.config.enable_escape_commandline = yes_no(call); }},
};

}  // namespace

std::span<const ClientKeyword> session_client_keywords() { return table; }

}  // namespace glassh
