// Listener accepts glasshd's connections: it has the listening sockets and calls accept(2), and waits a moment if the
// process has no descriptor left.
//
// Lives as long as the server, or until SIGHUP brings other sockets. Job: accept each connection as long as it lives,
// whatever goes wrong with one of them, let
// server/admission/startups decide whether it may come in, and hand it on as a descriptor: non-blocking, close-on-exec,
// TCP_NODELAY. listen_on() runs before glasshd leaves the foreground, so its user sees the error if a port is busy.
//
//   Listener listener(io.get_executor(), listen_on(config, log), startups, rng, log, take);  listener.start();
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <vector>

#include "channels/io/descriptor.h"
#include "crypto/rng.h"
#include "server/admission/startups.h"
#include "server/config/server_config.h"
#include "server/log.h"
#include "server/peer_addresses.h"

namespace glassh {

struct AddressInUse : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Returns a socket for each endpoint and family that the configuration asks for. Logs each with its port, which the
// system chose if the configuration says 0. `existing` are listening sockets; one with the right address is duplicated
// instead of being made anew. Throws std::runtime_error: "Bind to port 22 on 0.0.0.0 failed: …", and AddressInUse if
// that is the reason.
std::vector<Fd> listen_on(const ServerConfig& config, const Log& log, const std::vector<int>& existing = {});

// Returns the addresses of both ends of a connected socket in digits; "UNKNOWN" and 65535 if it is not an IP socket
// (glasshd -i over pipes).
PeerAddresses addresses_of(int socket);

struct Accepted {
  Fd socket;
  PeerAddresses addresses;
  Startups::Place place;
};

// Accepts on all sockets, on one io_context. After close(), connections that were accepted before go on.
class Listener {
 public:
  // Calls `take` for each connection that may come in. The references, and this Listener, must outlive the coroutines
  // that start() leaves in the executor.
  Listener(const asio::any_io_executor& executor, std::vector<Fd> sockets, Startups& startups, Rng& rng, const Log& log,
           std::function<void(Accepted)> take);
  void start();
  void close();
  void say_where() const;            // logs the endpoints, as listen_on() does
  std::vector<int> sockets() const;  // borrowed until close(), after which there are none

 private:
  void accept_on(Descriptor& socket);
  asio::awaitable<void> accept_loop(Descriptor& socket);
  // Returns what went wrong, or "" if nothing did.
  std::string accept_some(const Descriptor& socket);
  // Returns 0 or errno.
  int accept_one(int socket);
  void refuse(const Fd& socket, const PeerAddresses& addresses, const Startups::Admission& admission) const;

  asio::any_io_executor executor_;
  std::vector<Descriptor> sockets_;
  Startups& startups_;
  Rng& rng_;
  const Log& log_;
  std::function<void(Accepted)> take_;
};

}  // namespace glassh
