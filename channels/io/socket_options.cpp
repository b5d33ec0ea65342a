#include "channels/io/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace glassh {

namespace {

constexpr int most_unsent = 128 * 1024;

void set(int socket, int level, int option, int value) {
  (void)::setsockopt(socket, level, option, &value, sizeof value);
}

}  // namespace

void prepare_connection(int socket, bool keep_alive) {
  set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, most_unsent);
  if (keep_alive) set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
}

void set_service_type(int socket, std::uint8_t type) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  // Sockets' functions take sockaddr*, whatever the family; void* is the way there that needs no cast.
  void* const generic = &address;
  if (::getsockname(socket, static_cast<sockaddr*>(generic), &size) < 0) return;
  if (address.ss_family == AF_INET) set(socket, IPPROTO_IP, IP_TOS, type);
  if (address.ss_family == AF_INET6) set(socket, IPPROTO_IPV6, IPV6_TCLASS, type);
}

}  // namespace glassh
