#include "client/server_stream.h"

#include <csignal>

#include <fmt/format.h>

namespace glassh {

ServerStream::ServerStream(Fd socket, std::optional<std::string> address, std::uint16_t port, pid_t proxy)
    : socket_(std::move(socket)), address_(std::move(address)), port_(port), proxy_(proxy) {}

ServerStream::ServerStream(ServerStream&& other) noexcept
    : socket_(std::move(other.socket_)),
      address_(std::move(other.address_)),
      port_(other.port_),
      proxy_(std::exchange(other.proxy_, 0)) {}

ServerStream::~ServerStream() {
  socket_.close();
  if (proxy_ > 0) ::kill(proxy_, SIGHUP);
}

std::string ServerStream::text() const {
  return address_ ? fmt::format("{} port {}", *address_, port_) : "UNKNOWN port 65535";
}

}  // namespace glassh
