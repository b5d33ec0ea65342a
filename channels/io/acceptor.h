// Acceptor accepts connections at a listening socket, one for each turn of the event loop, until it is closed.
//
// Forwarding uses it, on either side of a connection: RFC 4254 section 7.1, OpenSSH PROTOCOL section 2.4. Lives until
// close(), the end of the connection, or the death of its owner. Job: accept, and hand each socket to the caller, who
// decides who may connect and what to do with it. The listening socket and each connection count in the connection's
// Allowance; a connection beyond that is closed at once. If the process has no descriptor left, it waits a moment
// before it tries again; the connection waits in the kernel's queue.
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
  using Failed = std::function<void(int error)>;  // accept(2) failed and will be tried again; may be empty

  // `listener` is non-blocking. Ends with the connection, with close(), or when the last shared_ptr is gone; `take` and
  // `failed` are not called after that. Throws std::system_error, also if the connection may have no more descriptors.
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
