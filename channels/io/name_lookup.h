// NameLookup looks up the addresses of a host without blocking the other connections of its thread.
//
// Lives as long as the code that needs addresses. Job: run getaddrinfo(3), which blocks for half a minute if a name
// server is silent, as a slow call (slow_calls.h). An address in digits and localhost need no thread, so they are found
// also while a name server is silent.
//
//   NameLookup lookup(executor);  const LookupResult found = co_await lookup.find("example.org", 80);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "channels/io/slow_calls.h"

namespace glassh {

// One address and port of IPv4 or IPv6, in the form that the socket functions take.
struct NetworkAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  int family() const { return bytes.ss_family; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  std::string host() const;  // in digits; an IPv4 address inside IPv6 is written as IPv4
};

struct LookupResult {
  std::vector<NetworkAddress> addresses;  // in the order in which to try them
  std::string problem;                    // the reason, if there are none: "Name or service not known"
};

// Looks up and blocks. `family` is AF_UNSPEC, AF_INET or AF_INET6.
LookupResult look_up_here(const std::string& host, std::uint16_t port, int family);

// The answer for an address in digits, "localhost", or a name that ends in ".localhost" (RFC 6761 section 6.3), which
// no name service is asked for; nullopt for another name.
std::optional<LookupResult> look_up_at_once(const std::string& host, std::uint16_t port, int family);

class NameLookup {
 public:
  // `caller` may be null: this process itself.
  explicit NameLookup(asio::any_io_executor executor, std::shared_ptr<SlowCaller> caller = nullptr)
      : executor_(std::move(executor)), caller_(std::move(caller)) {}

  // One call at a time. After cancel() it returns a problem. This object must live until it returns.
  asio::awaitable<LookupResult> find(std::string host, std::uint16_t port, int family = AF_UNSPEC);
  void cancel();

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<SlowCaller> caller_;
  std::optional<SlowCall> call_;  // the one that is waited for
  bool cancelled_ = false;
};

}  // namespace glassh
