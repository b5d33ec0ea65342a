// Reads the command line of glassh-agent, which has the flags of ssh-agent(1), and writes the commands that it prints
// for a shell to evaluate.
//
// Flags about tokens (-P, -O) are accepted and have no effect, since tokens are not supported. This code does not start
// or end an agent.
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
  bool debug = false;                            // -d: in the foreground, with debug messages
  std::optional<std::string> bind_address;       // -a
  std::optional<std::chrono::seconds> lifetime;  // -t
  HashName fingerprint_hash = HashName::sha256;  // -E
  std::vector<std::string> command;              // to run under the agent
  bool help = false;                             // --help
};

// `shell` may be null. Throws UsageError; the program then prints the text, and agent_usage() if its text is empty.
AgentOptions parse_agent_options(std::span<const std::string> arguments, const char* shell);
std::string_view agent_usage();

// Return lines for the shell's eval. `agent_pid` is the value of SSH_AGENT_PID; nullopt in the foreground, where a user
// does not end the agent by its number. `pid` is the number that the line with echo prints.
std::string setting_commands(ShellStyle style, const std::string& socket, std::optional<long> agent_pid, long pid);
std::string unsetting_commands(ShellStyle style, long killed_pid);

}  // namespace glassh
