// The command line of glassh-agent, as ssh-agent(1)'s, and what it prints for a shell to evaluate.
//
// Flags about tokens (-P, -O) are read and have no effect, since there are no tokens to permit. Nothing here starts or
// ends anything.
//
//   const AgentOptions options = parse_agent_options(arguments, std::getenv("SHELL"));
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/command_line.h"
#include "crypto/hash.h"

namespace glassh {

enum class ShellStyle { bourne, c };

struct AgentOptions {
  ShellStyle style = ShellStyle::bourne;         // -s, -c, or as $SHELL ends in "csh"
  bool kill = false;                             // -k
  bool foreground = false;                       // -D
  bool debug = false;                            // -d: in the foreground, and it says what it does
  std::optional<std::string> bind_address;       // -a
  std::optional<std::chrono::seconds> lifetime;  // -t
  HashName fingerprint_hash = HashName::sha256;  // -E
  std::vector<std::string> command;              // to run under the agent
  bool help = false;                             // --help
};

// `shell` may be null. Throws UsageError; the program then prints the text, and agent_usage() if its text is empty.
AgentOptions parse_agent_options(std::span<const std::string> arguments, const char* shell);
std::string_view agent_usage();

// Lines for eval. `agent_pid` for the variable SSH_AGENT_PID; nothing in the foreground, where there is no need to end
// it by number. `pid` is for the echo.
std::string setting_commands(ShellStyle style, const std::string& socket, std::optional<long> agent_pid, long pid);
std::string unsetting_commands(ShellStyle style, long killed_pid);

}  // namespace glassh
