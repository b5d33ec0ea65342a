// The keywords about logins: who may log in, how, and the banner before (server/login/access.h has their meaning).
#include <stdexcept>

#include "config/addresses.h"
#include "server/config/keywords.h"
#include "transport/version_exchange.h"

namespace glassh {
namespace {

constexpr Choices<RootLogin, 5> root_login_words{{{{"no", RootLogin::no},
                                                   {"yes", RootLogin::yes},
                                                   {"without-password", RootLogin::prohibit_password},
                                                   {"prohibit-password", RootLogin::prohibit_password},
                                                   {"forced-commands-only", RootLogin::forced_commands_only}}},
                                                 "yes, no, prohibit-password or forced-commands-only"};

template <std::vector<std::string> ServerConfig::*member>
void add_words(ServerCall& call) {
  std::vector<std::string>& names = call.config.*member;
  if (call.first) names.clear();
  names.insert(names.end(), call.words.begin(), call.words.end());
}

// USER, or USER@HOST where HOST may be a network.
template <std::vector<std::string> ServerConfig::*member>
void add_users(ServerCall& call) {
  for (const std::string& pattern : call.words) {
    const std::size_t at = pattern.rfind('@');
    if (at != std::string::npos && !is_address_list(pattern.substr(at + 1))) {
      throw ConfigError(
          fmt::format("bad pattern '{}': behind the @ is nothing, or a network whose mask does not fit", pattern));
    }
  }
  add_words<member>(call);
}

template <std::vector<std::string> ServerConfig::*member>
constexpr ServerKeyword::Value users{add_users<member>, print_list<member>};
template <std::vector<std::string> ServerConfig::*member>
constexpr ServerKeyword::Value groups{add_words<member>, print_list<member>};

void read_authorized_keys_file(ServerCall& call) {
  for (const auto& path : call.words) {
    const bool none = equal_ignoring_case(path, "none");
    if (none && call.words.size() > 1) throw ConfigError("'none' stands alone");
    expand_tokens(path, {{'h', ""}, {'u', ""}, {'U', ""}});
  }
  call.config.authorized_keys_files = call.words;
  if (equal_ignoring_case(call.words[0], "none")) call.config.authorized_keys_files.clear();
}

PrintedValues print_authorized_keys_files(const ServerConfig& config) {
  return {text_or_none(joined(config.authorized_keys_files))};
}

void read_authorized_keys_command(ServerCall& call) {
  const std::string command = word_or_none(call);
  if (!command.empty() && command.front() != '/') {
    throw ConfigError(fmt::format("'{}': expected an absolute path, and arguments", command));
  }
  split_command_words(command);
  expand_tokens(command, {{'f', ""}, {'h', ""}, {'k', ""}, {'t', ""}, {'U', ""}, {'u', ""}});
  call.config.authorized_keys_command = command;
}

void read_authentication_methods(ServerCall& call) {
  try {
    call.config.authentication_methods = parse_authentication_methods(call.words);
  } catch (const std::runtime_error& error) {
    throw ConfigError(error.what());
  }
}

PrintedValues print_authentication_methods(const ServerConfig& config) {
  if (config.authentication_methods.empty()) return {"any"};
  std::vector<std::string> lists;
  for (const auto& list : config.authentication_methods) lists.push_back(join_names(list));
  return {joined(lists)};
}

// A keyword of our own. The file is read at each login by password, and once at the start (check_authentication()).
void read_password_file(ServerCall& call) {
  const std::string path = word_or_none(call);
  if (!path.empty() && !path.starts_with('/')) {
    throw ConfigError(fmt::format("bad path '{}': expected an absolute one, or none", path));
  }
  call.config.password_file = path;
}

// RFC 4253 section 4.2: it becomes the comment of our identification.
void read_version_addendum(ServerCall& call) {
  const std::string text = word_or_none(call);
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  constexpr std::size_t room = longest_identification / 2;
  if (!printable || text.size() > room) {
    throw ConfigError(fmt::format("bad text: expected at most {} printable characters of US-ASCII", room));
  }
  call.config.version_addendum = text;
}

using Config = ServerConfig;

constexpr ServerKeyword table[] = {
    {.name = "PermitRootLogin",
     .below_match = true,
     .value = choice<&Config::permit_root_login, root_login_words>,
     .order = 130},
    {.name = "AllowUsers",
     .words = {1, many},
     .accumulates = true,
     .below_match = true,
     .value = users<&Config::allow_users>,
     .order = 520},
    {.name = "DenyUsers",
     .words = {1, many},
     .accumulates = true,
     .below_match = true,
     .value = users<&Config::deny_users>,
     .order = 530},
    {.name = "AllowGroups",
     .words = {1, many},
     .accumulates = true,
     .below_match = true,
     .value = groups<&Config::allow_groups>,
     .order = 540},
    {.name = "DenyGroups",
     .words = {1, many},
     .accumulates = true,
     .below_match = true,
     .value = groups<&Config::deny_groups>,
     .order = 550},
    {.name = "PubkeyAuthentication",
     .old_names = "DSAAuthentication",
     .below_match = true,
     .global_old_names = "DSAAuthentication",
     .value = flag<&Config::pubkey_authentication>,
     .order = 140},
    {.name = "PasswordAuthentication",
     .below_match = true,
     .value = flag<&Config::password_authentication>,
     .order = 150},
    {.name = "KbdInteractiveAuthentication",
     .old_names = "ChallengeResponseAuthentication,SkeyAuthentication",
     .below_match = true,
     .value = flag<&Config::kbd_interactive_authentication>,
     .order = 160},
    {.name = "PermitEmptyPasswords", .below_match = true, .value = flag<&Config::permit_empty_passwords>, .order = 250},
    {.name = "PasswordFile",
     .below_match = true,
     .value = {read_password_file, print_text<&Config::password_file>},
     .order = 590},
    {.name = "AuthenticationMethods",
     .words = {1, many},
     .below_match = true,
     .value = {read_authentication_methods, print_authentication_methods},
     .order = 580},
    {.name = "AuthorizedKeysFile",
     .words = {1, many},
     .below_match = true,
     .value = {read_authorized_keys_file, print_authorized_keys_files},
     .order = 500},
    {.name = "AuthorizedKeysCommand",
     .raw = true,
     .below_match = true,
     .value = {read_authorized_keys_command, print_text<&Config::authorized_keys_command>},
     .order = 420},
    {.name = "AuthorizedKeysCommandUser",
     .below_match = true,
     .value = text<&Config::authorized_keys_command_user>,
     .order = 430},
    {.name = "StrictModes", .value = flag<&Config::strict_modes>, .order = 230},
    {.name = "Banner", .below_match = true, .value = text<&Config::banner>, .order = 390},
    {.name = "VersionAddendum",
     .raw = true,
     .value = {read_version_addendum, print_text<&Config::version_addendum>},
     .order = 410},
};

}  // namespace

std::span<const ServerKeyword> access_keywords() { return table; }

}  // namespace glassh
