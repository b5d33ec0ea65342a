// One connection of glasshd from the accept to its end.
//
// Lives exactly as long as the connection. Job: owns what lasts for all of it (trace, core, drive, the keeper's record)
// and puts the right handler before the core's events: ArrivingConnection until the login is complete, then
// ServedConnection. All of it is in one thread.
//
//   AcceptedConnection connection(context, number, executor, std::move(accepted), Fd());  co_await connection.run();
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>

#include "channels/io/holdings.h"
#include "proto/trace_writer.h"
#include "server/connection_parts.h"
#include "server/listener.h"

namespace glassh {

class AcceptedConnection {
 public:
  // `number` tells the connections of one trace apart. `output` is empty where the accepted descriptor is a socket.
  AcceptedConnection(std::shared_ptr<const ServerContext> context, std::uint64_t number,
                     const asio::any_io_executor& executor, Accepted accepted, Fd output);

  // Returns when the connection has ended. It must be called once.
  asio::awaitable<void> run();
  // The server ends: says so to the peer; run() returns soon.
  void shut_down();

 private:
  asio::awaitable<std::optional<Welcome>> arrive();  // nothing: the connection has ended
  asio::awaitable<void> serve(Welcome welcome);

  const Holding counted_{holdings().connections};
  const std::shared_ptr<const ServerContext> context_;
  std::unique_ptr<TraceWriter> trace_;
  ServerConnection core_;
  Drive<ServerConnection> drive_;
  std::unique_ptr<KeeperRecord> record_;
  ConnectionParts parts_;
};

}  // namespace glassh
