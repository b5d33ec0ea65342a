// From a host's name to its addresses, without making anybody wait who has nothing to do with it.
//
// getaddrinfo(3) blocks, for half a minute if a name server is silent, so names are looked up in threads of their own;
// an address written in digits is understood at once. A lookup that nobody waits for any more runs on and is forgotten:
// its thread has nothing of the connection, and no end of a program waits for it.
//
//   NameLookup lookup(executor);  const LookupResult found = co_await lookup.find("example.org", 80);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "channels/io/descriptor.h"

namespace glassh {

// One address and port of IPv4 or IPv6, as sockets' functions want it.
struct NetworkAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  int family() const { return bytes.ss_family; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  std::string host() const;  // in digits; IPv4 inside IPv6 as the IPv4 address that it is
};

struct LookupResult {
  std::vector<NetworkAddress> addresses;  // in the order in which to try them
  std::string problem;                    // why there is none: "Name or service not known"
};

// Blocking. `family` is AF_UNSPEC, AF_INET or AF_INET6.
LookupResult look_up_here(const std::string& host, std::uint16_t port, int family);

class NameLookup {
 public:
  explicit NameLookup(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // One at a time. After cancel() it returns a problem. The object must live until it returns.
  asio::awaitable<LookupResult> find(std::string host, std::uint16_t port, int family = AF_UNSPEC);
  void cancel();

  struct Lookup;

 private:
  std::string start(const std::shared_ptr<Lookup>& lookup);

  asio::any_io_executor executor_;
  Descriptor answered_;
  bool cancelled_ = false;
};

}  // namespace glassh
