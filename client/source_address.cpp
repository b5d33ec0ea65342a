#include "client/source_address.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "client/client_log.h"

namespace glassh {
namespace {

struct SourceAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

std::string error_text(int error) { return std::generic_category().message(error); }

SourceAddress store(const sockaddr& address, socklen_t size) {
  SourceAddress source;
  std::memcpy(&source.bytes, &address, size);
  source.size = size;
  return source;
}

SourceAddress named_address(const std::string& name, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int result = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (result != 0) {
    const std::string why = result == EAI_SYSTEM ? error_text(errno) : ::gai_strerror(result);
    throw SourceAddressError(fmt::format("getaddrinfo: {}: {}", printable(name), why));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  return store(*found->ai_addr, found->ai_addrlen);
}

// RFC 4291 sections 2.5.3 and 2.5.6, and 127.0.0.0/8: addresses that are of no use beyond this machine or this link.
bool stays_near(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    return (ntohl(in.sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &address, sizeof in);
  return IN6_IS_ADDR_LINKLOCAL(&in.sin6_addr) || IN6_IS_ADDR_LOOPBACK(&in.sin6_addr);
}

SourceAddress interface_address(const std::string& interface, int family) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    throw SourceAddressError(fmt::format("getifaddrs: {}: {}", printable(interface), error_text(errno)));
  }
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::optional<SourceAddress> near;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != family || interface != at->ifa_name) continue;
    if ((at->ifa_flags & IFF_UP) == 0) continue;
    const SourceAddress source = store(*at->ifa_addr, size);
    if (!stays_near(*at->ifa_addr)) return source;
    if (!near) near = source;
  }
  if (!near) throw SourceAddressError(fmt::format("getifaddrs: {}: no suitable addresses", printable(interface)));
  return *near;
}

}  // namespace

void bind_source(const ClientConfig& config, int socket, int family) {
  if (config.bind_address.empty() && config.bind_interface.empty()) return;
  // As ssh(1): of the two, the address counts.
  const bool by_address = !config.bind_address.empty();
  const SourceAddress source =
      by_address ? named_address(config.bind_address, family) : interface_address(config.bind_interface, family);
  const void* const generic = &source.bytes;  // whatever the family; void* is the way there that needs no cast
  if (::bind(socket, static_cast<const sockaddr*>(generic), source.size) != 0) {
    const int error = errno;
    const std::string& name = by_address ? config.bind_address : config.bind_interface;
    throw SourceAddressError(fmt::format("bind {}: {}", printable(name), error_text(error)));
  }
}

}  // namespace glassh
