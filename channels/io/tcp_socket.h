// TCP as forwarding needs it: connecting to a host without blocking anybody, and listening.
//
// A host's addresses are tried one after the other, in the order in which the resolver gives them, until one answers.
// Data is sent at once (TCP_NODELAY): what is forwarded is often a dialogue. RFC 4254 section 7 says when any of this
// is done; who may is the callers' business.
//
//   auto connector = std::make_shared<TcpConnector>(executor);
//   Fd socket = co_await connector->connect("example.org", 80);  if (!socket) … connector->problem() …
#pragma once

#include <cstdint>
#include <string>

#include "channels/io/descriptor.h"
#include "channels/io/name_lookup.h"

namespace glassh {

// One attempt to connect. Whoever awaits connect() must keep it alive.
class TcpConnector {
 public:
  explicit TcpConnector(const asio::any_io_executor& executor, int family = AF_UNSPEC)
      : executor_(executor), family_(family), lookup_(executor) {}

  // Once. A connected socket, non-blocking; or none, see problem().
  asio::awaitable<Fd> connect(std::string host, std::uint16_t port);
  // Soon connect() returns no socket.
  void cancel();
  // In the words of the system: "Connection refused", "Name or service not known".
  const std::string& problem() const { return problem_; }

 private:
  asio::awaitable<int> finish(int socket);

  asio::any_io_executor executor_;
  int family_;
  NameLookup lookup_;
  Descriptor connecting_;
  bool cancelled_ = false;
  std::string problem_;
};

// Non-blocking, close-on-exec; IPv6 without IPv4 in it. Throws std::system_error.
Fd listen_at(const NetworkAddress& address);
// The digits and the port of this end and of the other; an empty host for what is no IP socket.
struct NetworkEndpoint {
  std::string host;
  std::uint16_t port = 0;
};
NetworkEndpoint own_endpoint(int socket);
NetworkEndpoint peer_endpoint(int socket);
// A small packet does not wait for the acknowledgement of the one before. Nothing happens to other sockets.
void send_at_once(int socket);

}  // namespace glassh
