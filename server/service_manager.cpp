#include "server/service_manager.h"

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "channels/io/fd.h"

namespace glassh {

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager;
  if (const char* const name = std::getenv("NOTIFY_SOCKET")) manager.socket_ = name;
  ::unsetenv("NOTIFY_SOCKET");
  return manager;
}

void ServiceManager::ready() const { send(fmt::format("READY=1\nMAINPID={}", ::getpid())); }

void ServiceManager::reloading() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();  // CLOCK_MONOTONIC
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                   std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void ServiceManager::stopping() const { send("STOPPING=1"); }

void ServiceManager::send(std::string_view state) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() < 2 || socket_.size() > sizeof address.sun_path) return;
  if (socket_.front() != '/' && socket_.front() != '@') return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // Sockets' functions take sockaddr*, whatever the family; void* is the way there that needs no cast.
  const void* const generic = &address;
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  (void)::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, static_cast<const sockaddr*>(generic), size);
}

}  // namespace glassh
