// The keywords about who may log in, what a session may then do, and what is said before. They read their words into
// the configuration; server/login/access and server/login/permissions know what they mean.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/addresses.h"
#include "server/config/keywords.h"
#include "transport/version_exchange.h"

namespace glassh {
namespace {

using Call = ServerKeyword::Call;

std::string or_none(const Call& call) { return equal_ignoring_case(call.words[0], "none") ? "" : call.words[0]; }

// --- Who gets in ----------------------------------------------------------------------------------------------------

void handle_permit_root_login(Call& call) {
  constexpr std::pair<std::string_view, RootLogin> values[] = {
      {"no", RootLogin::no},
      {"yes", RootLogin::yes},
      {"prohibit-password", RootLogin::prohibit_password},
      {"without-password", RootLogin::prohibit_password},
      {"forced-commands-only", RootLogin::forced_commands_only},
  };
  for (const auto& [name, value] : values) {
    if (!equal_ignoring_case(name, call.words[0])) continue;
    call.target.permit_root_login = value;
    return;
  }
  throw ConfigError(
      fmt::format("bad value '{}': expected yes, no, prohibit-password or forced-commands-only", call.words[0]));
}

void add_all(Call& call, std::vector<std::string>& names) {
  if (call.first) names.clear();
  names.insert(names.end(), call.words.begin(), call.words.end());
}

// USER, or USER@HOST where HOST may be a network.
void add_users(Call& call, std::vector<std::string>& names) {
  for (const std::string& pattern : call.words) {
    const std::size_t at = pattern.rfind('@');
    if (at != std::string::npos && !is_address_list(pattern.substr(at + 1))) {
      throw ConfigError(
          fmt::format("bad pattern '{}': behind the @ is nothing, or a network whose mask does not fit", pattern));
    }
  }
  add_all(call, names);
}

void handle_authorized_keys_command(Call& call) {
  const std::string command = or_none(call);
  if (!command.empty() && command.front() != '/') {
    throw ConfigError(fmt::format("'{}': expected an absolute path, and arguments", command));
  }
  split_command_words(command);
  expand_tokens(command, {{'f', ""}, {'h', ""}, {'k', ""}, {'t', ""}, {'U', ""}, {'u', ""}});
  call.target.authorized_keys_command = command;
}

// --- What is said before --------------------------------------------------------------------------------------------

// RFC 4253 section 4.2: it becomes the comment of our identification.
void handle_version_addendum(Call& call) {
  const std::string text = or_none(call);
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  constexpr std::size_t room = longest_identification / 2;
  if (!printable || text.size() > room) {
    throw ConfigError(fmt::format("bad text: expected at most {} printable characters of US-ASCII", room));
  }
  call.target.version_addendum = text;
}

// --- What a session may do ------------------------------------------------------------------------------------------

// A list of names is kept as it is; yes and no are words of their own.
void handle_permit_user_environment(Call& call) {
  const auto value = parse_yes_no(call.words[0]);
  call.target.permit_user_environment = value ? (*value ? "yes" : "no") : call.words[0];
}

// NAME=VALUE, as often as wanted on one line; of a name that comes twice the first one counts.
void handle_set_env(Call& call) {
  auto& variables = call.target.set_env;
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

constexpr std::size_t many = ServerKeyword::many;

constexpr std::array table{
    ServerKeyword{"PermitRootLogin", 1, 1, false, handle_permit_root_login},
    ServerKeyword{"AllowUsers", 1, many, true, [](Call& call) { add_users(call, call.target.allow_users); }},
    ServerKeyword{"DenyUsers", 1, many, true, [](Call& call) { add_users(call, call.target.deny_users); }},
    ServerKeyword{"AllowGroups", 1, many, true, [](Call& call) { add_all(call, call.target.allow_groups); }},
    ServerKeyword{"DenyGroups", 1, many, true, [](Call& call) { add_all(call, call.target.deny_groups); }},
    ServerKeyword{"AuthorizedKeysCommand", 1, 1, false, handle_authorized_keys_command, true},
    ServerKeyword{"AuthorizedKeysCommandUser", 1, 1, false,
                  [](Call& call) { call.target.authorized_keys_command_user = or_none(call); }},
    ServerKeyword{"Banner", 1, 1, false, [](Call& call) { call.target.banner = or_none(call); }},
    ServerKeyword{"VersionAddendum", 1, 1, false, handle_version_addendum, true},
    ServerKeyword{"ForceCommand", 1, 1, false, [](Call& call) { call.target.force_command = or_none(call); }, true},
    ServerKeyword{"AllowAgentForwarding", 1, 1, false,
                  [](Call& call) { call.target.allow_agent_forwarding = yes_or_no(call); }},
    ServerKeyword{"DisableForwarding", 1, 1, false,
                  [](Call& call) { call.target.disable_forwarding = yes_or_no(call); }},
    ServerKeyword{"PermitTTY", 1, 1, false, [](Call& call) { call.target.permit_tty = yes_or_no(call); }},
    ServerKeyword{"PermitUserRC", 1, 1, false, [](Call& call) { call.target.permit_user_rc = yes_or_no(call); }},
    ServerKeyword{"PrintMotd", 1, 1, false, [](Call& call) { call.target.print_motd = yes_or_no(call); }},
    ServerKeyword{"PrintLastLog", 1, 1, false, [](Call& call) { call.target.print_last_log = yes_or_no(call); }},
    ServerKeyword{"SetEnv", 1, many, false, handle_set_env},
    ServerKeyword{"PermitUserEnvironment", 1, 1, false, handle_permit_user_environment},
    ServerKeyword{"ExposeAuthInfo", 1, 1, false, [](Call& call) { call.target.expose_auth_info = yes_or_no(call); }},
};

}  // namespace

std::span<const ServerKeyword> access_keywords() { return table; }

}  // namespace glassh
