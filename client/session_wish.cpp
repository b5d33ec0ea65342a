#include "client/session_wish.h"

#include <string_view>
#include <utility>

#include <unistd.h>

extern char** environ;

namespace glassh {

TerminalDecision decide_terminal(const ClientConfig& config, bool has_command, bool input_is_terminal) {
  const RequestTty request = config.request_tty;
  TerminalDecision decision;
  decision.wanted = request == RequestTty::yes || request == RequestTty::force || !has_command;
  if (request == RequestTty::no || config.session_type == SessionType::none) decision.wanted = false;
  if ((!input_is_terminal || config.stdin_null) && request != RequestTty::force) {
    decision.refused = decision.wanted;
    decision.wanted = false;
  }
  return decision;
}

std::vector<std::string> environment_of_this_process() {
  std::vector<std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) variables.emplace_back(*entry);
  return variables;
}

SessionWish session_wish(const ClientConfig& config, std::string command, bool terminal,
                         const std::vector<std::string>& environment) {
  SessionWish wish;
  wish.command = std::move(command);
  wish.subsystem = config.session_type == SessionType::subsystem;
  wish.terminal = terminal;
  wish.terminal_required = config.request_tty != RequestTty::automatic;
  wish.escape_char = config.escape_char;
  wish.forward_agent = config.forward_agent.has_value();
  wish.forward_display = config.forward_x11;
  for (const std::string_view text : environment) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos) continue;
    const std::string_view name = text.substr(0, equals);
    const std::string_view value = text.substr(equals + 1);
    if (name == "TERM" && wish.term.empty()) wish.term = value;
    if (config.sends_env(name)) wish.environment.push_back({std::string(name), std::string(value)});
  }
  for (const auto& [name, value] : config.set_env) wish.environment.push_back({name, value, true});
  return wish;
}

SessionStreams SessionStreams::standard() {
  return {Fd::duplicate(STDIN_FILENO), Fd::duplicate(STDOUT_FILENO), Fd::duplicate(STDERR_FILENO), STDIN_FILENO, true};
}

}  // namespace glassh
