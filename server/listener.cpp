#include "server/listener.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace glassh {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int listen_backlog = 4096;  // the kernel lowers it to net.core.somaxconn
constexpr int accepts_in_a_row = 64;  // before other work of this thread has its turn

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
};

struct NumericAddress {
  std::string host;
  std::uint16_t port = 0;
};

// IPv4 inside IPv6 ("::ffff:192.0.2.1") is shown as the IPv4 address that it is.
NumericAddress numeric(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
    } else {
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    }
    return {text, ntohs(v6.sin6_port)};
  }
  return {"UNKNOWN", 65535};
}

void set_option(const Fd& socket, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(socket.get(), level, option, &on, sizeof on) < 0) {
    throw std::runtime_error(fmt::format("setsockopt {}: {}", name, std::strerror(errno)));
  }
}

// Where no IPv6 (or no IPv4) is, a wildcard stands for what is there.
bool family_is_missing(int error) { return error == EAFNOSUPPORT || error == EADDRNOTAVAIL; }

bool is_wildcard(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

bool has_address(int socket, const addrinfo& where) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  void* const generic = &address;
  return ::getsockname(socket, static_cast<sockaddr*>(generic), &size) == 0 && size == where.ai_addrlen &&
         std::memcmp(&address, where.ai_addr, size) == 0;
}

// Nothing if the family does not exist here.
Fd listen_at(const addrinfo& where, const ListenEndpoint& endpoint, const std::vector<int>& existing) {
  for (const int socket : existing) {
    if (has_address(socket, where)) return Fd::duplicate(socket);
  }
  const auto failed = [&](int error) {
    if (is_wildcard(endpoint.host) && family_is_missing(error)) return Fd();
    const std::string text =
        fmt::format("Bind to port {} on {} failed: {}.", endpoint.port, endpoint.host, std::strerror(error));
    if (error == EADDRINUSE) throw AddressInUse(text);
    throw std::runtime_error(text);
  };
  Fd socket(::socket(where.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!socket) return failed(errno);
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR");
  if (where.ai_family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY");
  if (::bind(socket.get(), where.ai_addr, where.ai_addrlen) < 0) return failed(errno);
  if (::listen(socket.get(), listen_backlog) < 0) return failed(errno);
  return socket;
}

int family_number(AddressFamily family) {
  if (family == AddressFamily::inet) return AF_INET;
  return family == AddressFamily::inet6 ? AF_INET6 : AF_UNSPEC;
}

NumericAddress local_address(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  // Sockets' functions take sockaddr*, whatever the family; void* is the way there that needs no cast.
  void* const generic = &address;
  if (::getsockname(socket, static_cast<sockaddr*>(generic), &size) < 0) address.ss_family = AF_UNSPEC;
  return numeric(address);
}

NumericAddress remote_address(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  void* const generic = &address;
  if (::getpeername(socket, static_cast<sockaddr*>(generic), &size) < 0) address.ss_family = AF_UNSPEC;
  return numeric(address);
}

void say_listening(int socket, const Log& log) {
  const NumericAddress address = local_address(socket);
  log.info("Server listening on {} port {}.", address.host, address.port);
}

void listen_on_endpoint(const ListenEndpoint& endpoint, AddressFamily family, const std::vector<int>& existing,
                        std::vector<Fd>& sockets) {
  addrinfo hints{};
  hints.ai_family = family_number(family);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  AddressList found;
  const int error = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found.first);
  if (error != 0)
    throw std::runtime_error(fmt::format("bad addr or host: {} ({})", endpoint.host, gai_strerror(error)));

  for (const addrinfo* each = found.first; each != nullptr; each = each->ai_next) {
    if (Fd socket = listen_at(*each, endpoint, existing)) sockets.push_back(std::move(socket));
  }
}

}  // namespace

std::vector<Fd> listen_on(const ServerConfig& config, const Log& log, const std::vector<int>& existing) {
  std::vector<Fd> sockets;
  for (const ListenEndpoint& endpoint : config.endpoints()) {
    listen_on_endpoint(endpoint, config.address_family, existing, sockets);
  }
  if (sockets.empty()) throw std::runtime_error("Cannot bind any address.");
  for (const Fd& socket : sockets) say_listening(socket.get(), log);
  return sockets;
}

PeerAddresses addresses_of(int socket) {
  const NumericAddress remote = remote_address(socket);
  const NumericAddress local = local_address(socket);
  return {remote.host, remote.port, local.host, local.port};
}

namespace {

// These end the one connection that was to be accepted, not the listening socket: accept(2), "Error handling".
bool only_that_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
      return true;
    default:
      return false;
  }
}

std::string text_of(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

Listener::Listener(const asio::any_io_executor& executor, std::vector<Fd> sockets, Startups& startups, Rng& rng,
                   const Log& log, std::function<void(Accepted)> take)
    : executor_(executor), startups_(startups), rng_(rng), log_(log), take_(std::move(take)) {
  for (Fd& socket : sockets) sockets_.push_back(Descriptor::own(executor, std::move(socket)));
}

void Listener::start() {
  for (Descriptor& socket : sockets_) accept_on(socket);
}

void Listener::accept_on(Descriptor& socket) {
  asio::co_spawn(executor_, accept_loop(socket), [this, &socket](const std::exception_ptr& problem) {
    if (!problem || !socket.is_open()) return;
    log_.error("accept: {}", text_of(problem));
    accept_on(socket);
  });
}

void Listener::close() {
  for (Descriptor& socket : sockets_) socket.close();
}

void Listener::say_where() const {
  for (const Descriptor& socket : sockets_) say_listening(socket.number(), log_);
}

std::vector<int> Listener::sockets() const {
  std::vector<int> numbers;
  for (const Descriptor& socket : sockets_) {
    if (socket.is_open()) numbers.push_back(socket.number());
  }
  return numbers;
}

asio::awaitable<void> Listener::accept_loop(Descriptor& socket) {
  asio::steady_timer pause(executor_);
  while (socket.is_open()) {
    const std::string problem = accept_some(socket);
    if (problem.empty()) {
      co_await socket.readable();
      continue;
    }
    // Descriptors or memory are used up, here or in the system: trying again at once would spin.
    log_.error("accept: {}", problem);
    pause.expires_after(std::chrono::milliseconds(100));
    co_await pause.async_wait(asio::use_awaitable);
  }
}

std::string Listener::accept_some(const Descriptor& socket) {
  try {
    for (int i = 0; i < accepts_in_a_row && socket.is_open(); ++i) {
      const int error = accept_one(socket.number());
      if (error == EAGAIN) break;
      if (error != 0 && !only_that_connection(error)) return std::strerror(error);
    }
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

int Listener::accept_one(int listening) {
  Fd socket(::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) return errno;
  const int on = 1;
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // slower without it, not wrong
  PeerAddresses addresses = addresses_of(socket.get());
  std::uint8_t random[4];
  rng_.fill(random);
  Startups::Admission admission = startups_.enter(addresses.remote_host, get_u32(random), Clock::now());
  if (!admission.throttling.empty()) log_.write(admission.throttling_level, admission.throttling);
  if (admission.place) {
    take_({std::move(socket), std::move(addresses), std::move(*admission.place)});
  } else {
    refuse(socket, addresses, admission);
  }
  return 0;
}

void Listener::refuse(const Fd& socket, const PeerAddresses& addresses, const Startups::Admission& admission) const {
  // RFC 4253 section 4.2 lets a server send lines before its identification; this one is OpenSSH's, and says no more.
  constexpr std::string_view line = "Not allowed at this time\r\n";
  (void)::send(socket.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  log_.print(admission.level, "drop connection #{} from [{}]:{} on [{}]:{} {}", admission.others, addresses.remote_host,
             addresses.remote_port, addresses.local_host, addresses.local_port, admission.reason);
}

}  // namespace glassh
