#include "channels/io/name_lookup.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <strings.h>

namespace glassh {

namespace {

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};

LookupResult look_up(const std::string& host, std::uint16_t port, int family, int flags) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* first = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &first);
  const int system_error = errno;
  if (error != 0) return {{}, error == EAI_SYSTEM ? std::strerror(system_error) : ::gai_strerror(error)};
  const std::unique_ptr<addrinfo, FreeAddresses> owned(first);
  LookupResult result;
  for (const addrinfo* each = first; each != nullptr; each = each->ai_next) {
    NetworkAddress address;
    if (each->ai_addrlen > sizeof address.bytes) continue;
    std::memcpy(&address.bytes, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
    result.addresses.push_back(address);
  }
  return result;
}

bool is_localhost(std::string_view host) {
  constexpr std::string_view localhost = "localhost";
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < localhost.size()) return false;
  const std::string_view last = host.substr(host.size() - localhost.size());
  const bool whole = last.size() == host.size() || host[host.size() - localhost.size() - 1] == '.';
  return whole && ::strncasecmp(last.data(), localhost.data(), localhost.size()) == 0;
}

// In the order in which getaddrinfo(3) has them.
LookupResult loopback(std::uint16_t port, int family) {
  LookupResult result;
  for (const char* const digits : {"::1", "127.0.0.1"}) {
    LookupResult one = look_up(digits, port, family, AI_NUMERICHOST);
    result.addresses.insert(result.addresses.end(), one.addresses.begin(), one.addresses.end());
  }
  return result;
}

}  // namespace

std::uint16_t NetworkAddress::port() const {
  // Both families have it in the same place, but the standard does not say so.
  if (family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &bytes, sizeof v4);
    return ntohs(v4.sin_port);
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &bytes, sizeof v6);
  return family() == AF_INET6 ? ntohs(v6.sin6_port) : std::uint16_t{0};
}

void NetworkAddress::set_port(std::uint16_t port) {
  if (family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &bytes, sizeof v4);
    v4.sin_port = htons(port);
    std::memcpy(&bytes, &v4, sizeof v4);
  } else if (family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &bytes, sizeof v6);
    v6.sin6_port = htons(port);
    std::memcpy(&bytes, &v6, sizeof v6);
  }
}

std::string NetworkAddress::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &bytes, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &bytes, sizeof v6);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    const void* const digits = mapped ? &v6.sin6_addr.s6_addr[12] : &v6.sin6_addr.s6_addr[0];
    ::inet_ntop(mapped ? AF_INET : AF_INET6, digits, text, sizeof text);
  }
  return text;
}

LookupResult look_up_here(const std::string& host, std::uint16_t port, int family) {
  return look_up(host, port, family, 0);
}

std::optional<LookupResult> look_up_at_once(const std::string& host, std::uint16_t port, int family) {
  if (is_localhost(host)) return loopback(port, family);
  LookupResult result = look_up(host, port, family, AI_NUMERICHOST);
  return result.addresses.empty() ? std::nullopt : std::optional(std::move(result));
}

asio::awaitable<LookupResult> NameLookup::find(std::string host, std::uint16_t port, int family) {
  if (auto at_once = look_up_at_once(host, port, family)) co_return std::move(*at_once);
  if (cancelled_) co_return LookupResult{{}, std::strerror(ECANCELED)};
  const auto result = std::make_shared<LookupResult>();
  SlowCall& call = call_.emplace(executor_, caller_, SlowKind::names);
  const auto look = [result, host = std::move(host), port, family] { *result = look_up(host, port, family, 0); };
  const std::error_code error = co_await call.run(look);
  call_.reset();
  if (error == std::errc::device_or_resource_busy) co_return LookupResult{{}, "too many lookups are pending"};
  if (error) co_return LookupResult{{}, error.message()};
  co_return std::move(*result);
}

void NameLookup::cancel() {
  cancelled_ = true;
  if (call_) call_->cancel();
}

}  // namespace glassh
