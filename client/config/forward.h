// Forward is one forwarding that the user asked for by -L, -R, -D or LocalForward and its like: RFC 4254 section 7,
// OpenSSH PROTOCOL section 2.4. ForwardEndpoint is one end of it, and also the argument of -W.
//
// Only data: client/config/forward_spec parses it, client/forwarding/client_forwarding carries it out.
//
//   Forward forward;  forward.listen.port = 8080;  forward.connect = ForwardEndpoint{"localhost", 80, ""};
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace glassh {

// One end of a forwarding: a host and a port, or a Unix socket.
struct ForwardEndpoint {
  // For listening, empty is the default (loopback, or all addresses with GatewayPorts), and "*" is all addresses.
  std::string host;
  std::uint16_t port = 0;  // for listening on the server, 0 lets the server choose
  std::string path;        // the path of a Unix socket; if it is not empty, host and port do not count
  bool operator==(const ForwardEndpoint&) const = default;
};

struct Forward {
  enum class Kind { local, remote, dynamic };  // -L, -R, -D
  Kind kind = Kind::local;
  ForwardEndpoint listen;  // on this machine; with -R on the server
  // On the server's side; with -R on ours. nullopt: the program that connects names it by SOCKS.
  std::optional<ForwardEndpoint> connect;
  bool operator==(const Forward&) const = default;
};

}  // namespace glassh
