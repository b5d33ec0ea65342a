// One thread that serves connections: an io_context, and the connections on it. A connection stays in the thread where
// it was begun.
//
// Lives as long as the server. Job: runs connections, counts them, and ends with the last one after drain().
//
//   ConnectionThread serving(log);  std::thread thread([&] { serving.run(); });
//   serving.take(context, std::move(accepted), number);
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <unordered_set>

#include "server/accepted_connection.h"
#include "server/listener.h"
#include "server/server_context.h"

namespace glassh {

class ConnectionThread {
 public:
  explicit ConnectionThread(const Log& log);

  asio::io_context& io() { return io_; }
  // Serves; returns after drain(), when the last connection has ended.
  void run();

  // From any thread. `output` is empty where the connection is a socket. The context lives as long as the connection.
  void take(std::shared_ptr<const ServerContext> context, Accepted accepted, std::uint64_t number, Fd output = Fd());
  void drain();      // no more connections will come
  void shut_down();  // those that are there are told to end

 private:
  struct Listed;

  asio::awaitable<void> serve(std::shared_ptr<const ServerContext> context, Accepted accepted, std::uint64_t number,
                              Fd output);
  void stop_if_idle();

  const Log& log_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unordered_set<AcceptedConnection*> connections_;
  std::size_t serving_ = 0;  // also those that have not begun yet
  bool draining_ = false;
};

}  // namespace glassh
