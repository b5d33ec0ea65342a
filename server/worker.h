// One thread's connections: an io_context, and what is served on it. A connection stays where it was begun.
//
//   Worker worker(context);  std::thread thread([&] { worker.run(); });  worker.take(std::move(accepted));
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <unordered_set>

#include "server/context.h"
#include "server/listener.h"
#include "server/served_connection.h"

namespace glassh {

class Worker {
 public:
  explicit Worker(const ServerContext& context);

  asio::io_context& io() { return io_; }
  // Serves; returns after drain() or shut_down(), when the last connection has ended.
  void run();

  // From any thread. `output` is empty where the connection is a socket.
  void take(Accepted accepted, std::uint64_t number, Fd output = Fd());
  void drain();      // no more connections will come
  void shut_down();  // the same, and those that are there are told to end

 private:
  asio::awaitable<void> serve(Accepted accepted, std::uint64_t number, Fd output);
  void stop_if_idle();

  const ServerContext& context_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unordered_set<ServedConnection*> connections_;
  std::size_t serving_ = 0;  // also those that have not begun yet
  bool draining_ = false;
};

}  // namespace glassh
