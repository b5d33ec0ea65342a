// From a configuration to a byte stream to the server: a TCP connection, or the standard input and output of
// ProxyCommand or of the glassh that goes through ProxyJump's hosts.
//
// Blocking, in the order of ssh(1): each address of the name in turn, ConnectionAttempts rounds, ConnectTimeout shared
// by the addresses that are left. Nothing of SSH happens here; who the server is, client/host_key_check finds out.
//
//   ServerStream stream = connect_to_server(config, log, {});  Drive<…> drive(executor, core, stream.release());
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include <sys/types.h>

#include "channels/io/fd.h"
#include "client/client_log.h"
#include "client/config/client_config.h"

namespace glassh {

// The text is ready to print after "glassh: ".
class ConnectError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ServerStream {
 public:
  // `proxy` is 0 or the process at the socket's other end, which gets a SIGHUP at the end of this.
  ServerStream(Fd socket, std::optional<std::string> address, std::uint16_t port, pid_t proxy = 0);
  ~ServerStream();
  ServerStream(ServerStream&& other) noexcept;
  ServerStream(const ServerStream&) = delete;
  ServerStream& operator=(const ServerStream&) = delete;

  Fd release() { return std::move(socket_); }
  // Numeric; nothing behind a ProxyCommand.
  const std::optional<std::string>& address() const { return address_; }
  // "192.0.2.1 port 22", or "UNKNOWN port 65535" behind a ProxyCommand, as ssh(1) says it.
  std::string text() const;

 private:
  Fd socket_;
  std::optional<std::string> address_;
  std::uint16_t port_;
  pid_t proxy_;
};

// Throws ConnectError. `deadline`: when ConnectTimeout will have passed.
ServerStream connect_to_server(const ClientConfig& config, ClientLog& log,
                               std::optional<std::chrono::steady_clock::time_point> deadline);

}  // namespace glassh
