#include "channels/io/tcp_connector.h"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace glassh {

namespace {

constexpr int listen_backlog = 128;

// Sockets' functions take sockaddr*, whatever the family; void* is the way there that needs no cast.
const sockaddr* generic(const NetworkAddress& address) {
  const void* const bytes = &address.bytes;
  return static_cast<const sockaddr*>(bytes);
}

Fd new_socket(int family) { return Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP)); }

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void switch_on(const Fd& socket, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(socket.get(), level, option, &on, sizeof on) < 0) fail(name);
}

int error_of(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

template <class Ask>
NetworkEndpoint endpoint_by(Ask ask, int socket) {
  NetworkAddress address;
  address.size = sizeof address.bytes;
  void* const bytes = &address.bytes;
  if (ask(socket, static_cast<sockaddr*>(bytes), &address.size) < 0) return {};
  return {address.host(), address.port()};
}

}  // namespace

asio::awaitable<Fd> TcpConnector::connect(std::string host, std::uint16_t port) {
  const LookupResult found = co_await lookup_.find(std::move(host), port, family_);
  problem_ = found.problem;
  for (const NetworkAddress& address : found.addresses) {
    if (cancelled_) break;
    Fd socket = new_socket(address.family());
    int error = socket && ::connect(socket.get(), generic(address), address.size) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = co_await finish(socket);
    if (error == 0) {
      send_at_once(socket.get());
      co_return socket;
    }
    error_ = error;
    problem_ = std::strerror(error);
  }
  co_return Fd();
}

// Waits for a connect(2) that is on its way. The result is an errno value, 0 when connected.
asio::awaitable<int> TcpConnector::finish(Fd& socket) {
  try {
    connecting_ = Descriptor::own(executor_, std::move(socket));
  } catch (const std::system_error& error) {
    co_return error.code().value();
  }
  co_await connecting_.writable();
  if (cancelled_) co_return ECANCELED;
  socket = connecting_.release();
  co_return error_of(socket.get());
}

void TcpConnector::cancel() {
  cancelled_ = true;
  lookup_.cancel();
  connecting_.close();
}

Fd listen_at(const NetworkAddress& address) {
  Fd socket = new_socket(address.family());
  if (!socket) fail("socket");
  switch_on(socket, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR");
  if (address.family() == AF_INET6) switch_on(socket, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY");
  if (::bind(socket.get(), generic(address), address.size) < 0) fail("bind");
  if (::listen(socket.get(), listen_backlog) < 0) fail("listen");
  return socket;
}

NetworkEndpoint own_endpoint(int socket) { return endpoint_by(::getsockname, socket); }
NetworkEndpoint peer_endpoint(int socket) { return endpoint_by(::getpeername, socket); }

void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace glassh
