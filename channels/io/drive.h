// Drive runs one connection: it reads bytes into the core, hands the core's events to a handler, writes the bytes that
// are ready, and tells the core the time. Core is ServerConnection or ClientConnection.
//
// Lives as long as the coroutine that calls run() for each handler. Job: the connection's only loop, whose turns are:
// read, deliver, write, wait. It does not know the meaning of an event. A handler has one `on(const E&)` for each event
// type E of Core::Event (a template catches the rest):
//   - one that returns void is a plain call; DataArrived should have this form;
//   - one that returns asio::awaitable<void> may wait. Until it returns, no byte is read and no event delivered, so the
//     event's views stay valid. Queued bytes are still written, and deadlines still count. If the connection ends
//     meanwhile, the handler is cancelled (Asio's terminal cancellation).
// A connection that keeps too much for its readers (channels/io/allowance.h) is not read from, and ends if that goes on
// for a minute in which they take nothing.
// Answers may also be given later from any code in the same thread: call the core, then wake().
//
// Handlers may take turns: one calls relieve(), and run() returns between two events, to be called with the next one.
//
//   Drive<ServerConnection> drive(executor, core, std::move(socket));  co_await drive.run(handler);
#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "channels/io/hub.h"
#include "channels/io/leftovers.h"
#include "transport/transport.h"

namespace glassh {

template <class Core>
class Drive {
 public:
  // Takes the descriptors and makes them non-blocking. Without `output`, `input` is a socket used both ways. `core`
  // must outlive the drive.
  Drive(const asio::any_io_executor& executor, Core& core, Fd input, Fd output = Fd())
      : core_(core), hub_(std::make_shared<Hub>(executor, std::move(input), std::move(output))) {}
  ~Drive() { hub_->finish(); }
  Drive(const Drive&) = delete;
  Drive& operator=(const Drive&) = delete;

  // Returns when the core is closed and its queued bytes are written (or cannot be, or five seconds have passed). The
  // descriptors are closed then. Returns also when the handler has called relieve(), and then relieved() is true.
  // Throws the exception of the core, a handler or a pump, after the peer has been told, except ProtocolError, which
  // ends the connection as it does in the core. On every way out but relieve()'s the hub is finished, and no handler
  // waits any more. The drive must outlive the call.
  template <class Handler>
  asio::awaitable<void> run(Handler& handler);
  // Called by a handler while it handles an event: it gets no further one, and run() returns when this one has been
  // dealt with. Nothing is read or written in between. Does nothing if the connection ends before.
  void relieve() { relief_wanted_ = true; }
  // run() has returned, and the connection goes on with the next handler.
  bool relieved() const { return relief_wanted_ && !core_.closed(); }

  void wake() { hub_->wake(); }
  Core& core() { return core_; }
  const std::shared_ptr<Hub>& hub() const { return hub_; }

 private:
  using Clock = Hub::Clock;
  using Event = typename Core::Event;

  // The next thing that run() does after a turn.
  enum class Next { wait, let_others, end, relieve };
  template <class Handler>
  Next go_on(Handler& handler);
  template <class Handler>
  bool take_turn(Handler& handler);
  template <class Handler>
  void deliver(Handler& handler);
  template <class Handler, class E>
  void hand_over(Handler& handler, const E& event);
  void on_failure(const std::exception_ptr& failure);
  void end_connection(DisconnectReason reason, std::string_view why);
  void mind_readers();
  void mind_departure();
  bool may_read() const;
  void read();
  void flush();
  bool finished();

  // If more than this many of our bytes still wait for the peer, we do not read from it.
  static constexpr std::size_t high_mark = 4 * 1024 * 1024;
  // Payloads, after decompression, before others have theirs.
  static constexpr std::size_t work_per_turn = 512 * 1024;
  static constexpr std::chrono::seconds look_for_departure{1};
  static constexpr std::chrono::seconds flush_time{5};
  static constexpr std::chrono::milliseconds leave_time{1000};
  // While the connection keeps too much: what others keep may have become less.
  static constexpr std::chrono::milliseconds look_again{200};

  Core& core_;
  std::shared_ptr<Hub> hub_;
  std::optional<Event> event_;                // the last one; a waiting handler has a reference to it
  std::optional<Event> end_;                  // Disconnected, to be handed over when no handler waits
  asio::cancellation_signal stop_;            // for the waiting handler
  std::exception_ptr failure_;                // for run() to throw
  std::optional<Clock::time_point> give_up_;  // set when the core is closed
  std::optional<Clock::time_point> keeps_too_much_since_;
  bool handling_ = false;       // a handler is waiting
  bool relief_wanted_ = false;  // it wants to be the last event of its handler
  bool all_delivered_ = true;
  bool output_broken_ = false;
  bool input_is_empty_ = false;  // for now: at the end of the turn we begin to wait for more
  bool peer_left_ = false;       // it sends nothing any more; there may be bytes that were not read yet
  bool core_broken_ = false;     // it throws though it is closed, so nothing is expected of it any more
  bool last_words_ = false;      // we ended the connection because of the peer, and sent it the reason
};

template <class Core>
template <class Handler>
asio::awaitable<void> Drive<Core>::run(Handler& handler) {
  struct HubEnd {
    ~HubEnd() {
      if (due) hub->finish();
    }
    const std::shared_ptr<Hub> hub;  // the drive may be gone when an io_context that ends destroys this coroutine
    bool due = true;
  } hub_end{hub_};
  // Called by wake_here(), in the stack of its caller. If the next thing is not to wait again, the coroutine does it.
  const std::function<void()> here = [this, &handler] {
    if (go_on(handler) != Next::wait) hub_->wake();
  };
  relief_wanted_ = false;
  Next next = go_on(handler);
  while (next == Next::wait || next == Next::let_others) {
    if (next == Next::wait) {
      co_await hub_->turn(here);
    } else {
      co_await asio::post(hub_->executor(), asio::use_awaitable);
    }
    next = go_on(handler);
  }
  if (next == Next::relieve) {
    hub_end.due = false;
    co_return;
  }
  if (last_words_ && !output_broken_ && !core_broken_) co_await hub_->take_leave(leave_time);
  if (failure_ != nullptr) std::rethrow_exception(failure_);
}

// One block is read in a turn: what is typed, and other connections, do not wait for more.
template <class Core>
template <class Handler>
typename Drive<Core>::Next Drive<Core>::go_on(Handler& handler) {
  const bool all_done = take_turn(handler);  // if not, the next turn writes what is left to say
  if (relieved() && !handling_) return Next::relieve;
  if (finished()) return Next::end;
  const bool paused = !handling_ && core_.paused() && core_.backlog() <= high_mark;
  return !all_done || paused || may_read() ? Next::let_others : Next::wait;
}

// Reads, delivers, writes. Returns false after an exception, which ends the connection.
template <class Core>
template <class Handler>
bool Drive<Core>::take_turn(Handler& handler) {
  try {
    core_.set_now(Clock::now());
    core_.begin_turn({work_per_turn, high_mark});
    deliver(handler);
    if (relieved() && !handling_) return true;
    flush();  // what was queued meanwhile, a key press perhaps, does not wait for a block of bulk
    if (may_read()) {
      read();
      deliver(handler);
    }
    if (relieved() && !handling_) return true;
    hub_->lower();  // the next two lines do all that was asked for until here
    flush();
    if (std::exchange(input_is_empty_, false)) hub_->await_input();  // after what was read has gone on its way
    hub_->offer_room();
    mind_readers();
    mind_departure();
    if (finished()) return true;
    if (const auto deadline = give_up_ ? give_up_ : core_.next_deadline()) hub_->await_time(*deadline);
    return true;
  } catch (...) {
    if (give_up_) core_broken_ = true;
    on_failure(std::current_exception());
    return false;
  }
}

// Hands over the core's events, until it has no more, a handler has to wait, or an event was the handler's last one.
template <class Core>
template <class Handler>
void Drive<Core>::deliver(Handler& handler) {
  if (auto failure = hub_->take_failure()) on_failure(failure);
  // The only event of a core that waits for an answer is that the time is up.
  if (handling_ && core_.waiting() && !end_) end_ = core_.next_event();
  while (!handling_ && !relieved()) {
    event_ = end_ ? std::exchange(end_, std::nullopt) : core_.next_event();
    if (!event_) {
      all_delivered_ = !core_.waiting() && !core_.paused();
      return;
    }
    all_delivered_ = false;
    std::visit([&](const auto& event) { hand_over(handler, event); }, *event_);
  }
}

template <class Core>
template <class Handler, class E>
void Drive<Core>::hand_over(Handler& handler, const E& event) {
  if constexpr (std::is_same_v<E, Disconnected>) {
    last_words_ = !event.by_peer && event.reason != DisconnectReason::by_application;
  }
  if constexpr (std::is_void_v<decltype(handler.on(event))>) {
    handler.on(event);
  } else {
    const auto done = [this, hub = hub_](const std::exception_ptr& failure) {
      handling_ = false;
      if (failure != nullptr) hub->fail(failure);
      hub->wake();
    };
    handling_ = true;
    try {
      asio::co_spawn(hub_->executor(), handler.on(event), asio::bind_cancellation_slot(stop_.slot(), done));
    } catch (...) {
      handling_ = false;  // there was no memory for it
      throw;
    }
  }
  if constexpr (std::is_same_v<E, CloseArrived>) hub_->channels_closed();
}

// A ProtocolError outside next_event() (an answer that no longer fits) is the peer's fault. It ends the connection in
// the same way, as soon as no handler uses the last event. run() throws every other exception.
template <class Core>
void Drive<Core>::on_failure(const std::exception_ptr& failure) {
  if (core_.closed()) return;  // one end is enough; a cancelled handler ends up here as well
  try {
    std::rethrow_exception(failure);
  } catch (const ProtocolError& error) {
    end_connection(error.reason(), error.what());
    end_ = Disconnected{error.reason(), error.what(), false};
  } catch (...) {
    if (failure_ == nullptr) failure_ = failure;
    end_connection(DisconnectReason::by_application, "internal error");
  }
}

// If there is not even memory for the last message, the connection ends without it.
template <class Core>
void Drive<Core>::end_connection(DisconnectReason reason, std::string_view why) {
  try {
    core_.disconnect(reason, why);
  } catch (...) {
    core_broken_ = true;
  }
}

// A peer whose readers keep too much cannot be told to send less, and its peer's end would not be seen while nothing is
// read.
template <class Core>
void Drive<Core>::mind_readers() {
  if (core_.closed() || !hub_->allowance().keeps_too_much()) return keeps_too_much_since_.reset();
  const Clock::time_point now = Clock::now();
  if (!keeps_too_much_since_) keeps_too_much_since_ = now;
  hub_->await_time(now + look_again);
  if (now - std::max(*keeps_too_much_since_, hub_->allowance().last_let_go()) < leftover_limits().patience) return;
  constexpr const char* reason = "too much of what was sent is not read here";
  core_.disconnect(DisconnectReason::by_application, reason);
  end_ = Disconnected{DisconnectReason::by_application, reason, false};
  hub_->wake();
}

// While a handler waits nothing is read, so the end of the input would not be seen.
template <class Core>
void Drive<Core>::mind_departure() {
  if (!handling_ || peer_left_ || core_.closed()) return;
  peer_left_ = hub_->peer_has_left();
  if (!peer_left_) return hub_->await_time(Clock::now() + look_for_departure);
  if (hub_->on_peer_left) hub_->on_peer_left();
}

template <class Core>
bool Drive<Core>::may_read() const {
  if (handling_ || !all_delivered_ || core_.waiting() || core_.closed()) return false;
  if (hub_->allowance().keeps_too_much()) return false;
  return output_broken_ || (!input_is_empty_ && !hub_->input_awaited() && core_.backlog() <= high_mark);
}

template <class Core>
void Drive<Core>::read() {
  const IoResult got = hub_->input().read(core_.space());
  core_.filled(got.size);  // with 0 the block goes back to the pool
  if (got.nothing_left() && !output_broken_) {
    input_is_empty_ = true;
  } else if (got.size == 0) {
    core_.end_of_input();
  }
}

template <class Core>
void Drive<Core>::flush() {
  while (core_.backlog() > 0 && !hub_->output_awaited()) {
    const IoResult put = output_broken_ ? IoResult{core_.backlog(), 0} : hub_->output().write(core_.ready());
    if (put.would_block()) {
      hub_->await_output();
    } else if (put.failed()) {
      output_broken_ = true;  // the bytes that the peer sent before it went are still read
    } else {
      core_.written(put.size);
    }
  }
  if (core_.backlog() == 0) core_.written(0);  // gives back a block that a source began and left empty
}

template <class Core>
bool Drive<Core>::finished() {
  if (!core_.closed() && !core_broken_) return false;
  if (!give_up_) {
    give_up_ = Clock::now() + flush_time;
    if (handling_) stop_.emit(asio::cancellation_type::terminal);
  }
  if (handling_ || (end_ && !core_broken_)) return false;
  return core_broken_ || core_.backlog() == 0 || Clock::now() >= *give_up_;
}

}  // namespace glassh
