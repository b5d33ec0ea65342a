// NameLookup looks up the addresses of a host without blocking the other connections of its thread.
//
// Lives as long as the code that needs addresses. Job: run getaddrinfo(3), which blocks for half a minute if a name
// server is silent, in a thread of its own; an address in digits needs no thread. A lookup that is cancelled runs to
// its end and is forgotten: its thread shares nothing with the connection, and the program does not wait for it when it
// ends.
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

class NameLookup {
 public:
  explicit NameLookup(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // One call at a time. After cancel() it returns a problem. This object must live until it returns.
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
