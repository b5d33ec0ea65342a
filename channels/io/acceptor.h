// Accepts connections at a listening socket, one for each turn of the event loop, until it is closed.
//
// Where forwarding listens, on either side of a connection: RFC 4254 section 7.1, OpenSSH PROTOCOL section 2.4. A
// process that has no descriptor left waits a moment instead of asking again at once, and the connection waits in the
// kernel's queue. Who may connect, and what becomes of it, is the caller's business.
//
//   auto acceptor = Acceptor::start(hub, listen_at(address), [weak](Fd peer) { … }, [&log](int error) { … });
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "channels/io/hub.h"

namespace glassh {

class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  using Take = std::function<void(Fd peer)>;      // connected, non-blocking
  using Failed = std::function<void(int error)>;  // accept(2) said so; it is tried again; may be empty

  // `listener` is non-blocking. Ends with the connection, with close(), or when nobody holds it any more; `take` and
  // `failed` are not called after that. Throws std::system_error.
  static std::shared_ptr<Acceptor> start(std::shared_ptr<Hub> hub, Fd listener, Take take, Failed failed = {});
  Acceptor(std::shared_ptr<Hub> hub, Fd listener, Take take, Failed failed);  // start() is meant

  void close();
  int number() const { return listener_.number(); }  // of the listening socket

 private:
  void await_connection();
  void await_descriptors();
  void accept_one();

  std::shared_ptr<Hub> hub_;
  Descriptor listener_;
  asio::steady_timer pause_;
  Take take_;
  Failed failed_;
};

}  // namespace glassh
