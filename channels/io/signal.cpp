#include "channels/io/signal.h"

#include <cassert>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace glassh {

asio::awaitable<void> Signal::wait() {
  if (!raised_) {
    assert(!waiting_);
    waiting_ = true;
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    waiting_ = false;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
  }
  raised_ = false;
}

void Signal::raise() {
  if (raised_) return;
  raised_ = true;
  if (waiting_) timer_.cancel();
}

}  // namespace glassh
