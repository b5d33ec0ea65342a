// What forwarding's requests mean, as far as that is decided without a socket: addresses, ports and paths of RFC 4254
// section 7 and OpenSSH PROTOCOL section 2.4.
//
//   for (const std::string& host : hosts_to_bind("localhost", GatewayPorts::no, AddressFamily::any)) …
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/server_config.h"

namespace glassh {

// On the wire a port has 32 bits.
bool is_port(std::uint32_t number);
bool has_nul(std::string_view text);
int family_number(AddressFamily family);  // AF_UNSPEC, …

// Which addresses a tcpip-forward's address_to_bind stands for, in digits or, if the client may choose, as it said it.
// Empty if the address family has none of them.
std::vector<std::string> hosts_to_bind(std::string_view address_to_bind, GatewayPorts gateway_ports,
                                       AddressFamily family);
// sshd's current directory is the root, so that is where a relative path begins.
std::string absolute_socket_path(std::string_view path);

}  // namespace glassh
