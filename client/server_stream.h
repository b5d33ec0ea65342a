// The byte stream to the server, and how the server is named by it.
//
// Lives as long as the run of glassh: SshClient owns it, connect_to_server() makes it. Job: to keep the process that
// the stream leads through (ProxyCommand, ProxyJump) until the end, and to end it then. The descriptor itself goes to
// the connection's Drive.
//
//   ServerStream stream = connect_to_server(config, log, {});  Drive<…> drive(executor, core, stream.release());
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>

#include "channels/io/fd.h"

namespace glassh {

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

}  // namespace glassh
