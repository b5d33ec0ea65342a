// The keywords about what a session is and may do (server/login/session_permissions.h knows what they mean).
#include "channels/request_limits.h"
#include "server/config/keywords.h"

namespace glassh {
namespace {

void read_accept_env(ServerCall& call) {
  if (call.first) call.config.accept_env.clear();
  for (const auto& pattern : call.words) {
    if (pattern.find('=') != std::string::npos) {
      throw ConfigError(fmt::format("bad name '{}': expected a pattern without '='", pattern));
    }
    call.config.accept_env.push_back(pattern);
  }
}

// NAME=VALUE, as often as wanted on one line; of a name that comes twice the first one counts.
void read_set_env(ServerCall& call) {
  auto& variables = call.config.set_env;
  for (const std::string& word : call.words) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw ConfigError(fmt::format("bad value '{}': expected NAME=VALUE", word));
    }
  }
  variables.clear();
  for (const std::string& word : call.words) {
    const std::string name = word.substr(0, word.find('='));
    const auto same = [&name](const auto& variable) { return variable.first == name; };
    if (std::any_of(variables.begin(), variables.end(), same)) continue;
    variables.emplace_back(name, word.substr(name.size() + 1));
  }
}

PrintedValues print_set_env(const ServerConfig& config) {
  PrintedValues values;
  for (const auto& [name, value] : config.set_env) values.push_back(name + "=" + value);
  return values;
}

// A list of names is kept as it is; yes and no are words of their own.
void read_permit_user_environment(ServerCall& call) {
  const auto value = parse_yes_no(call.words[0]);
  call.config.permit_user_environment = value ? yes_no_text(*value) : call.words[0];
}

// As one shell command again: words that were quoted are quoted.
std::string assemble_command(const std::vector<std::string>& words, std::size_t first) {
  std::string command;
  for (std::size_t i = first; i < words.size(); ++i) {
    const bool plain = words[i].find_first_of(" \t\"'\\") == std::string::npos;
    command += (i > first ? " " : "") + (plain ? words[i] : quote_config_word(words[i]));
  }
  return command;
}

void read_subsystem(ServerCall& call) {
  // RFC 4251 section 6 [4251-6-6]: a client could not ask for it.
  if (call.words[0].size() > longest_string("subsystem_name")) {
    throw ConfigError(
        fmt::format("name '{}': expected at most {} bytes", call.words[0], longest_string("subsystem_name")));
  }
  if (const auto* earlier = call.config.subsystem(call.words[0])) {
    call.notes.push_back({LogLevel::verbose, fmt::format("{} is '{}' already; the later line is ignored", earlier->name,
                                                         earlier->command)});
    return;
  }
  call.config.subsystems.push_back({call.words[0], assemble_command(call.words, 1)});
}

PrintedValues print_subsystems(const ServerConfig& config) {
  PrintedValues values;
  for (const auto& subsystem : config.subsystems) {
    values.push_back(fmt::format("{} {}", subsystem.name, subsystem.command));
  }
  return values;
}

using Config = ServerConfig;

constexpr ServerKeyword table[] = {
    {.name = "MaxSessions", .below_match = true, .value = count<&Config::max_sessions>, .order = 70},
    {.name = "ForceCommand", .raw = true, .below_match = true, .value = text<&Config::force_command>, .order = 400},
    {.name = "Subsystem",
     .words = {2, many},
     .accumulates = true,
     .below_match = true,
     .value = {read_subsystem, print_subsystems},
     .order = 610},
    {.name = "PermitTTY", .below_match = true, .value = flag<&Config::permit_tty>, .order = 210},
    {.name = "PermitUserRC", .below_match = true, .value = flag<&Config::permit_user_rc>, .order = 220},
    {.name = "PrintMotd", .value = flag<&Config::print_motd>, .order = 170},
    {.name = "PrintLastLog", .value = flag<&Config::print_last_log>, .order = 180},
    {.name = "AcceptEnv",
     .words = {1, many},
     .accumulates = true,
     .below_match = true,
     .value = {read_accept_env, print_list<&Config::accept_env>},
     .order = 560},
    {.name = "SetEnv", .words = {1, many}, .below_match = true, .value = {read_set_env, print_set_env}, .order = 570},
    {.name = "PermitUserEnvironment",
     .value = {read_permit_user_environment, print_text<&Config::permit_user_environment>},
     .order = 690},
    {.name = "ExposeAuthInfo", .below_match = true, .value = flag<&Config::expose_auth_info>, .order = 330},
};

}  // namespace

std::span<const ServerKeyword> session_keywords() { return table; }

}  // namespace glassh
