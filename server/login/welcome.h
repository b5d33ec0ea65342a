// Welcome is the keeper's answer to a complete login: all that serving the user needs to know.
//
// Made by LoginDesk::complete(), moved into ServedConnection. It is plain data, so that it can cross to another process
// one day (docs/ARCHITECTURE.md, The rim's objects).
#pragma once

#include <memory>
#include <string>

#include "server/account.h"
#include "server/config/server_config.h"
#include "server/login/session_permissions.h"
#include "server/peer_addresses.h"

namespace glassh {

struct Welcome {
  Account account;
  std::shared_ptr<const ServerConfig> config;  // that applies to the user
  SessionPermissions permissions;
  std::string auth_info;  // ExposeAuthInfo's lines, one for each method that succeeded
  PeerAddresses addresses;
};

}  // namespace glassh
