// Where connections come from: listening sockets, and accept(2) without spinning. Who may come in says
// server/admission/startups.
//
// listen_on() runs before glasshd leaves the foreground, so a busy port is an error that its user sees. A connection is
// accepted on the listener's io_context and handed on as a descriptor: non-blocking, close-on-exec, TCP_NODELAY.
//
//   Listener listener(io.get_executor(), listen_on(config, log), …, take);  listener.start();
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <vector>

#include "channels/io/descriptor.h"
#include "crypto/rng.h"
#include "server/admission/startups.h"
#include "server/config/server_config.h"
#include "server/log.h"
#include "server/sessions/spawn.h"

namespace glassh {

// A socket for each endpoint and family that the configuration asks for. Each is logged with its port, which the system
// chose if the configuration says 0. Throws std::runtime_error: "Bind to port 22 on 0.0.0.0 failed: …".
std::vector<Fd> listen_on(const ServerConfig& config, const Log& log);

// Both ends of a connected socket, as numbers; "UNKNOWN" and 65535 for what is no IP socket (glasshd -i over pipes).
PeerAddresses addresses_of(int socket);

struct Accepted {
  Fd socket;
  PeerAddresses addresses;
  Startups::Place place;
};

// Accepts on all sockets, on one io_context. close() ends that; what was accepted before lives on.
class Listener {
 public:
  // `take` is called for each connection that may come in. The references must outlive the coroutines that start()
  // leaves in the executor; so must the Listener.
  Listener(const asio::any_io_executor& executor, std::vector<Fd> sockets, Startups& startups, Rng& rng, const Log& log,
           std::function<void(Accepted)> take);
  void start();
  void close();
  void say_where() const;  // in the log, as listen_on() did

 private:
  asio::awaitable<void> accept_loop(Descriptor& socket);
  // 0, or errno.
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
