// The part of forwarding that needs no socket: it interprets the addresses, ports and paths in the client's requests
// (RFC 4254 section 7 and OpenSSH PROTOCOL section 2.4).
//
// Whether a request is permitted is decided in server/login/session_permissions.h.
//
//   for (const std::string& host : hosts_to_bind("localhost", GatewayPorts::no, AddressFamily::any)) …
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/server_config.h"

namespace glassh {

// Whether the number fits into a port. On the wire a port has 32 bits.
bool is_port(std::uint32_t number);
bool has_nul(std::string_view text);
int family_number(AddressFamily family);  // AF_UNSPEC, …

// Returns the addresses that a tcpip-forward's address_to_bind stands for: in digits, or in the client's words if it
// may choose. Returns an empty list if the address family has none of them.
std::vector<std::string> hosts_to_bind(std::string_view address_to_bind, GatewayPorts gateway_ports,
                                       AddressFamily family);
// Makes a path absolute. A relative path begins at the root, because the root is sshd's current directory.
std::string absolute_socket_path(std::string_view path);

}  // namespace glassh
