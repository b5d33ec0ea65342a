#include "server/login/session_permissions.h"

#include <algorithm>

#include "config/patterns.h"

namespace glassh {
namespace {

using Lists = std::vector<std::vector<PermittedEndpoint>>;

template <class HostsAgree>
bool each_permits(const Lists& lists, std::uint16_t port, HostsAgree hosts_agree) {
  return std::all_of(lists.begin(), lists.end(), [&](const auto& list) {
    return std::any_of(list.begin(), list.end(), [&](const PermittedEndpoint& endpoint) {
      return (!endpoint.port || *endpoint.port == port) && hosts_agree(endpoint.host);
    });
  });
}

Forwardable forwardable(AllowForwarding allowed, bool by_everything_else) {
  const bool both = allowed == AllowForwarding::yes;
  return {by_everything_else && (both || allowed == AllowForwarding::local),
          by_everything_else && (both || allowed == AllowForwarding::remote)};
}

}  // namespace

// Names are compared, never what they stand for: a client must ask for what the list says. Those to listen on may be
// patterns.
bool SessionPermissions::may_open(std::string_view host, std::uint16_t port) const {
  return tcp.open && each_permits(permit_open, port, [host](const std::string& permitted) {
           return permitted == "*" || permitted == host;
         });
}

// As sshd: who may reach some places only may reach no socket, whose path could lead past all of them. The list that
// counts as none is one with "*:*".
bool SessionPermissions::may_open_socket() const {
  const PermittedEndpoint anywhere{"*", std::nullopt};
  return sockets.open && std::all_of(permit_open.begin(), permit_open.end(), [&](const auto& list) {
           return std::find(list.begin(), list.end(), anywhere) != list.end();
         });
}

bool SessionPermissions::may_listen(std::string_view host, std::uint16_t port) const {
  return tcp.listen && each_permits(permit_listen, port, [name = lower_case(host)](const std::string& permitted) {
           return match_pattern(name, permitted);
         });
}

bool user_may_set(const ServerConfig& config, std::string_view name) {
  if (config.permit_user_environment == "no") return false;
  if (config.permit_user_environment == "yes") return true;
  return match_pattern_list(name, config.permit_user_environment) == PatternMatch::match;
}

SessionPermissions session_permissions(const ServerConfig& config, const KeyOptions& keys) {
  SessionPermissions permissions;
  const bool forwarding = !config.disable_forwarding;
  permissions.pty = config.permit_tty && keys.pty;
  permissions.agent_forwarding = forwarding && config.allow_agent_forwarding && keys.agent_forwarding;
  permissions.tcp = forwardable(config.allow_tcp_forwarding, forwarding && keys.port_forwarding);
  permissions.sockets = forwardable(config.allow_stream_local_forwarding, forwarding && keys.port_forwarding);
  // As sshd does, whatever its manual says: a direction that AllowTcpForwarding closes is closed for sockets, too.
  permissions.sockets.open = permissions.sockets.open && permissions.tcp.open;
  permissions.sockets.listen = permissions.sockets.listen && permissions.tcp.listen;
  permissions.x11_forwarding = forwarding && config.x11_forwarding && keys.x11_forwarding;
  permissions.user_rc = keys.user_rc;
  permissions.permit_open = keys.permit_open;
  permissions.permit_listen = keys.permit_listen;
  if (!config.permit_open_any) permissions.permit_open.push_back(config.permit_open);
  if (!config.permit_listen_any) permissions.permit_listen.push_back(config.permit_listen);
  if (!config.force_command.empty()) {
    permissions.forced_command = config.force_command;
    permissions.forced_by = "config";
  } else if (keys.command) {
    permissions.forced_command = keys.command;
    permissions.forced_by = "key-option";
  }
  for (const KeyVariable& variable : keys.environment) {
    if (user_may_set(config, variable.name)) {
      permissions.environment.push_back({variable.name, variable.value});
    }
  }
  return permissions;
}

}  // namespace glassh
