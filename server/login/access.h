// Decides whether an account may log in at all, by any method: AllowUsers, DenyUsers, AllowGroups, DenyGroups and
// PermitRootLogin of sshd_config(5).
//
// Denying comes before allowing, and users come before groups. The peer of a user who may not log in is not told so: it
// gets the answers for an account that does not exist. Groups are looked up only if a list names groups.
//
//   if (const std::string why = access_refusal(config, account, origin, group_names); !why.empty()) …
#pragma once

#include <string>
#include <string_view>

#include "auth/key_options.h"
#include "server/account.h"
#include "server/config/server_config.h"

namespace glassh {

// "listed in DenyUsers", for the log; empty: the user may try.
std::string access_refusal(const ServerConfig& config, const Account& account, const LoginOrigin& origin,
                           const GroupLookup& groups);

// PermitRootLogin, for user 0 only: with forced-commands-only the key must force a command.
bool root_may_log_in(const ServerConfig& config, std::string_view method, const KeyOptions& keys);

}  // namespace glassh
