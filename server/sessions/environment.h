// The environment of a session's programs, and where each of its variables comes from: RFC 4254 section 6.4.
//
// Later sources replace earlier ones, in the order of sshd: the client, the account, the user's files, the server's
// configuration, and at last the connection itself, whose variables nothing overrides.
//
//   const auto environment = session_environment(account, addresses, {.from_client = {{"LANG", "C.UTF-8"}}});
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/account.h"
#include "server/peer_addresses.h"

namespace glassh {

struct EnvironmentVariable {
  std::string name, value;
};
// The sources of variables, beside the account and the connection.
struct EnvironmentSources {
  std::vector<EnvironmentVariable> from_client = {};  // RFC 4254 section 6.4, as far as AcceptEnv lets in
  std::vector<EnvironmentVariable> from_keys = {};    // environment= of authorized_keys, and ~/.ssh/environment
  std::optional<std::string> original_command = {};   // what the client asked for, if another command is forced
  std::string auth_info_file = {};                    // ExposeAuthInfo; empty: none
  std::string agent_socket = {};                      // of a forwarded agent; empty: none
  std::string display = {};                           // DISPLAY, of a forwarded X server; empty: none
  std::vector<std::pair<std::string, std::string>> from_config = {};  // SetEnv: goes before all of the above
  std::string terminal = {};                                          // its name; empty: none
  std::string term = {};                                              // the kind of it, TERM
  std::string complaints = {};                                        // about where these come from; no variable
};
// The environment of a session's program. The client never overrides anything; the keys' owner may set
// what the account says, such as PATH, but not what is true of the connection.
std::vector<std::string> session_environment(const Account& account, const PeerAddresses& addresses,
                                             const EnvironmentSources& sources);

}  // namespace glassh
