// Sets the options of a connection's socket, on both sides: TCP_NODELAY, TCPKeepAlive, IPQoS, and the limit of unsent
// bytes.
//
// A failure is ignored: the connection also works over a socket that is not TCP, or with a kernel that refuses an
// option. Reading and writing are Descriptor's job.
//
//   prepare_connection(socket.get(), config.tcp_keep_alive);  …  set_service_type(socket.get(), *config.ip_qos.bulk);
#pragma once

#include <cstdint>

namespace glassh {

// For a new connection. The kernel takes little more than it can send; the rest of a file's bytes stays in the pipe
// that it comes from. So a key press overtakes them.
void prepare_connection(int socket, bool keep_alive);

// Sets the type of service (or DSCP) of all later packets, for IPv4 or IPv6.
void set_service_type(int socket, std::uint8_t type);

}  // namespace glassh
