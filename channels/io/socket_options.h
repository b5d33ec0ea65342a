// What the socket of a connection is told, on both sides: TCP_NODELAY, TCPKeepAlive, IPQoS, and how much it may hold
// back. Each is asked for and not insisted on: a socket that is no TCP socket, or a kernel that knows better, serves as
// well. Reading and writing are descriptor.h's.
//
//   prepare_connection(socket.get(), config.tcp_keep_alive);  …  set_service_type(socket.get(), *config.ip_qos.bulk);
#pragma once

#include <cstdint>

namespace glassh {

// For a new connection. So that a key press overtakes what is still to be sent of a file, the kernel takes little more
// than it can send; the rest stays with us, in the pipes that it comes from.
void prepare_connection(int socket, bool keep_alive);

// The type of service (or DSCP) of the packets from now on, IPv4 or IPv6.
void set_service_type(int socket, std::uint8_t type);

}  // namespace glassh
