// A flag that one coroutine waits on and anybody in the same thread raises.
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

  // Returns when raised; at once if that happened since the last wait(). One waiter at a time. A wait that is cancelled
  // takes nothing: what is raised at that moment is there for the next one.
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
