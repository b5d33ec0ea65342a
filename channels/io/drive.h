// Drives one connection: reads what arrives into the core, hands its events to a handler, writes what is ready, and
// tells the core the time. Core is ServerConnection or ClientConnection.
//
// run() is one loop whose turns are: read, deliver, write, wait. A handler has one `on(const E&)` per event type E of
// Core::Event (a template catches the rest):
//   - one that returns void is a plain call, which is what DataArrived should have;
//   - one that returns asio::awaitable<void> may wait. Until it returns nothing more is read or delivered, so the
//     event's views stay valid; what is queued is still written and deadlines still count. If the connection ends
//     meanwhile, it is cancelled (Asio's terminal cancellation).
// Answers may also be given later from anywhere in the same thread: call the core, then wake().
//
//   Drive<ServerConnection> drive(executor, core, std::move(socket));  co_await drive.run(handler);
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <variant>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "channels/io/hub.h"

namespace glassh {

template <class Core>
class Drive {
 public:
  // Takes the descriptors; without `output`, `input` is a socket used both ways. Both are made non-blocking. `core`
  // must outlive the drive.
  Drive(const asio::any_io_executor& executor, Core& core, Fd input, Fd output = Fd());
  ~Drive() { hub_->finish(); }
  Drive(const Drive&) = delete;
  Drive& operator=(const Drive&) = delete;

  // Returns when the core is closed and what it queued is written (or cannot be, or five seconds have passed). The
  // descriptors are closed then. Rethrows what a handler throws. Call it once; the drive must outlive it.
  template <class Handler>
  asio::awaitable<void> run(Handler& handler);

  void wake() { hub_->wake(); }
  Core& core() { return core_; }
  const std::shared_ptr<Hub>& hub() const { return hub_; }

 private:
  Core& core_;
  std::shared_ptr<Hub> hub_;
};

}  // namespace glassh
