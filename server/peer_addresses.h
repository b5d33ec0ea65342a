// Both ends of a connection, as text for logs, rules and the environment of programs.
//
// The hosts are "UNKNOWN" if the connection is not a TCP connection (glasshd -i on a pipe).
//
//   const PeerAddresses addresses = addresses_of(socket.get());  log.info("Connection from {}",
//   text_of_peer(addresses));
#pragma once

#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace glassh {

struct PeerAddresses {
  std::string remote_host;
  std::uint16_t remote_port = 0;
  std::string local_host;
  std::uint16_t local_port = 0;
};

// "192.0.2.1 port 50000"
inline std::string text_of_peer(const PeerAddresses& addresses) {
  return fmt::format("{} port {}", addresses.remote_host, addresses.remote_port);
}

}  // namespace glassh
