// Signal is a flag that one coroutine waits for, and that other code in the same thread raises.
//
// Lives as long as the object whose coroutine waits. Job: wake that coroutine. It has nothing to do with signal(7), and
// it is not safe between threads.
//
//   co_await signal.wait();  …  signal.raise();
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace glassh {

namespace asio = boost::asio;

class Signal {
 public:
  explicit Signal(const asio::any_io_executor& executor) : timer_(executor, asio::steady_timer::time_point::max()) {}

  // Returns when the flag is raised; at once if it was raised since the last wait(). One waiter at a time. A wait that
  // is cancelled leaves the flag as it is: if it is raised at that moment, the next wait() returns at once.
  asio::awaitable<void> wait();
  void raise();
  void lower() { raised_ = false; }
  bool raised() const { return raised_; }

 private:
  asio::steady_timer timer_;  // never expires: its cancellation is the wake-up
  bool raised_ = false;
  bool waiting_ = false;
};

}  // namespace glassh
