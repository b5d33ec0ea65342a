// What is to be forwarded: -L, -R, -D and -W, or LocalForward and its like; RFC 4254 section 7, OpenSSH PROTOCOL
// section 2.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace glassh {

// One end of a forwarding: a host and a port, or a Unix socket.
struct ForwardEndpoint {
  // To listen: empty is the default (loopback, or everywhere with GatewayPorts), "*" is every address.
  std::string host;
  std::uint16_t port = 0;  // to listen, on the server only: 0 lets it choose
  std::string path;        // of the socket; not empty: host and port do not count
  bool operator==(const ForwardEndpoint&) const = default;
};

struct Forward {
  enum class Kind { local, remote, dynamic };  // -L, -R, -D
  Kind kind = Kind::local;
  ForwardEndpoint listen;                  // here; with -R at the server
  std::optional<ForwardEndpoint> connect;  // there; with -R here. Nothing: whoever connects says where to, by SOCKS
  bool operator==(const Forward&) const = default;
};

}  // namespace glassh
