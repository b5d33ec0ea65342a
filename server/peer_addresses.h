// Both ends of a connection, as text for logs, rules and the environment of programs.
//
// Where the connection is not a TCP connection (glasshd -i on a pipe), the hosts are "UNKNOWN".
//
//   const PeerAddresses addresses = addresses_of(socket.get());
#pragma once

#include <cstdint>
#include <string>

namespace glassh {

struct PeerAddresses {
  std::string remote_host;
  std::uint16_t remote_port = 0;
  std::string local_host;
  std::uint16_t local_port = 0;
};

}  // namespace glassh
