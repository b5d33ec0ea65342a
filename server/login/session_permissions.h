// SessionPermissions says what a session may do after the login: by the configuration and by the options of the keys.
//
// Each of the two can only take permissions away. ForceCommand comes before command=, as in sshd. DisableForwarding and
// `restrict` forbid every kind of forwarding, also kinds that later versions add (past vulnerability 84). Sessions,
// forwarding and agents ask here; no other code reads the two sources.
//
//   const SessionPermissions permissions = session_permissions(config, key_options);  if (permissions.pty) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/key_options.h"
#include "server/config/server_config.h"
#include "server/sessions/environment.h"

namespace glassh {

// AllowTcpForwarding, AllowStreamLocalForwarding, and what may close both.
struct Forwardable {
  bool open = true;    // direct-tcpip and its like: the client opens
  bool listen = true;  // tcpip-forward and its like: we listen for the client
};

struct SessionPermissions {
  bool pty = true;
  bool agent_forwarding = true;
  // Forwarding of ports, which may_open() and may_listen() judge one by one, and of Unix sockets: may_open_socket().
  Forwardable tcp, sockets;
  bool x11_forwarding = true;
  bool user_rc = true;
  // Instead of what the client asks for, shell and subsystem included (past vulnerability 10).
  std::optional<std::string> forced_command;
  std::string_view forced_by;                    // "config" or "key-option", for the log
  std::vector<EnvironmentVariable> environment;  // environment= of the keys, as far as PermitUserEnvironment lets it in

  // For direct-tcpip, for direct-streamlocal, and for tcpip-forward.
  bool may_open(std::string_view host, std::uint16_t port) const;
  bool may_open_socket() const;
  bool may_listen(std::string_view host, std::uint16_t port) const;

  // Each of these lists must permit an endpoint.
  std::vector<std::vector<PermittedEndpoint>> permit_open, permit_listen;
};

// sshd_config(5), PermitUserEnvironment: no, yes, or a pattern list of names.
bool user_may_set(const ServerConfig& config, std::string_view name);

// `config` is the one that applies to the user (config_for), `keys` what all keys of the login leave.
SessionPermissions session_permissions(const ServerConfig& config, const KeyOptions& keys);

}  // namespace glassh
