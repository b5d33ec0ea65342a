// TCP for forwarding (RFC 4254 section 7): TcpConnector connects to a host without blocking the thread; functions
// listen and name the ends of a socket.
//
// A host's addresses are tried one after the other, in the resolver's order, until one answers. Data is sent at once
// (TCP_NODELAY), because a forwarded stream is often a dialogue. The callers decide which connections are permitted.
//
//   auto connector = std::make_shared<TcpConnector>(executor);
//   Fd socket = co_await connector->connect("example.org", 80);  if (!socket) … connector->problem() …
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "channels/io/descriptor.h"
#include "channels/io/name_lookup.h"

namespace glassh {

// Lives for one attempt to connect; the coroutine that awaits connect() must keep it alive. Job: look the name up and
// try each address.
class TcpConnector {
 public:
  // `caller` of the lookup; null: this process itself.
  explicit TcpConnector(const asio::any_io_executor& executor, int family = AF_UNSPEC,
                        std::shared_ptr<SlowCaller> caller = nullptr)
      : executor_(executor), family_(family), lookup_(executor, std::move(caller)) {}

  // Must be called once. Returns a connected, non-blocking socket; or no socket, and problem() has the reason.
  asio::awaitable<Fd> connect(std::string host, std::uint16_t port);
  // Makes connect() return soon, without a socket.
  void cancel();
  // The reason in the words of the system: "Connection refused", "Name or service not known".
  const std::string& problem() const { return problem_; }
  int error() const { return error_; }  // errno of the last address; 0 if none was tried

 private:
  asio::awaitable<int> finish(Fd& socket);

  asio::any_io_executor executor_;
  int family_;
  NameLookup lookup_;
  Descriptor connecting_;
  bool cancelled_ = false;
  std::string problem_;
  int error_ = 0;
};

// Returns a listening socket: non-blocking, close-on-exec. An IPv6 socket does not accept IPv4. Throws
// std::system_error.
Fd listen_at(const NetworkAddress& address);
// The address in digits and the port of our end, or of the peer's; the host is empty if it is not an IP socket.
struct NetworkEndpoint {
  std::string host;
  std::uint16_t port = 0;
};
NetworkEndpoint own_endpoint(int socket);
NetworkEndpoint peer_endpoint(int socket);
// Sets TCP_NODELAY: a small packet does not wait for the acknowledgement of the one before. Does nothing to a socket
// that is not TCP.
void send_at_once(int socket);

}  // namespace glassh
