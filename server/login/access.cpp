#include "server/login/access.h"

#include <algorithm>
#include <vector>

#include "config/addresses.h"
#include "config/patterns.h"

namespace glassh {
namespace {

using Names = std::vector<std::string>;

// USER, or USER@HOST with patterns on both sides.
bool names_user(std::string_view pattern, const Account& account, const LoginOrigin& origin) {
  const std::size_t at = pattern.rfind('@');
  if (!match_pattern(account.name, pattern.substr(0, at))) return false;
  if (at == std::string_view::npos) return true;
  return match_host_and_address(origin.host, origin.address, pattern.substr(at + 1)) == AddressMatch::match;
}

bool any_names_user(const Names& patterns, const Account& account, const LoginOrigin& origin) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return names_user(pattern, account, origin); });
}

bool any_names_group(const Names& patterns, const Names& groups) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return std::any_of(groups.begin(), groups.end(),
                       [&](const std::string& group) { return match_pattern(group, pattern); });
  });
}

}  // namespace

// RFC 4251 section 9.4.3 [4251-9.4.3-2] [4251-9.4.3-3]: whoever proved to be a user may still not be one for here.
std::string access_refusal(const ServerConfig& config, const Account& account, const LoginOrigin& origin,
                           const GroupLookup& group_lookup) {
  if (any_names_user(config.deny_users, account, origin)) return "listed in DenyUsers";
  if (!config.allow_users.empty() && !any_names_user(config.allow_users, account, origin)) {
    return "not listed in AllowUsers";
  }
  if (config.deny_groups.empty() && config.allow_groups.empty()) return {};
  const Names groups = group_lookup(account.name);
  if (groups.empty()) return "not in any group";
  if (any_names_group(config.deny_groups, groups)) return "a group is listed in DenyGroups";
  if (!config.allow_groups.empty() && !any_names_group(config.allow_groups, groups)) {
    return "none of user's groups are listed in AllowGroups";
  }
  return {};
}

bool root_may_log_in(const ServerConfig& config, std::string_view method, const KeyOptions& keys) {
  switch (config.permit_root_login) {
    case RootLogin::yes:
      return true;
    case RootLogin::no:
      return false;
    case RootLogin::prohibit_password:
      return method.starts_with("publickey");
    case RootLogin::forced_commands_only:
      return method.starts_with("publickey") && keys.command.has_value();
  }
  return false;
}

}  // namespace glassh
