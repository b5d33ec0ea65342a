#include "server/sessions/environment.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace glassh {

std::vector<std::string> session_environment(const Account& account, const PeerAddresses& addresses,
                                             const EnvironmentSources& sources) {
  const std::string_view path = account.uid == 0 ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                                                 : "/usr/local/bin:/usr/bin:/bin:/usr/games";
  std::vector<EnvironmentVariable> variables;
  // A later value replaces an earlier one.
  const auto set = [&variables](std::string_view name, std::string value) {
    const auto same = [name](const EnvironmentVariable& variable) { return variable.name == name; };
    const auto found = std::find_if(variables.begin(), variables.end(), same);
    if (found != variables.end()) found->value = std::move(value);
    if (found == variables.end()) variables.push_back({std::string(name), std::move(value)});
  };
  for (const auto& [name, value] : sources.from_client) set(name, value);
  set("USER", account.name);
  set("LOGNAME", account.name);
  set("HOME", account.home);
  set("PATH", std::string(path));
  set("SHELL", account.shell);
  if (const char* const zone = std::getenv("TZ")) set("TZ", zone);
  set("MAIL", "/var/mail/" + account.name);
  if (!sources.term.empty()) set("TERM", sources.term);
  if (!sources.display.empty()) set("DISPLAY", sources.display);
  if (!sources.agent_socket.empty()) set("SSH_AUTH_SOCK", sources.agent_socket);
  for (const auto& [name, value] : sources.from_keys) set(name, value);
  // Only glasshd says what was asked for before a command was forced, how the user logged in, and where.
  const auto drop = [&variables](std::string_view name) {
    std::erase_if(variables, [name](const EnvironmentVariable& variable) { return variable.name == name; });
  };
  drop("SSH_ORIGINAL_COMMAND");
  drop("SSH_USER_AUTH");
  drop("SSH_TTY");
  for (const auto& [name, value] : sources.from_config) set(name, value);
  set("SSH_CLIENT", fmt::format("{} {} {}", addresses.remote_host, addresses.remote_port, addresses.local_port));
  set("SSH_CONNECTION", fmt::format("{} {} {} {}", addresses.remote_host, addresses.remote_port, addresses.local_host,
                                    addresses.local_port));
  if (sources.original_command) set("SSH_ORIGINAL_COMMAND", *sources.original_command);
  if (!sources.auth_info_file.empty()) set("SSH_USER_AUTH", sources.auth_info_file);
  if (!sources.terminal.empty()) set("SSH_TTY", sources.terminal);

  std::vector<std::string> out;
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  return out;
}

}  // namespace glassh
