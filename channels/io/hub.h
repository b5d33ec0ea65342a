// Hub is the part of a connection that its Drive, its Sources and its Sinks share: the socket, the wake-up, and the
// list of Sources that wait for room.
//
// Lives until the last object that shares it is gone, which may be a moment after the connection. Job: let these
// objects reach the connection safely. They need wake() after they have queued something, over() to learn that the
// connection has ended, a ChannelRef, which stays safe when the channel dies and its number is used again, and the
// connection's Allowance. The rest is for drive.h. The protocol itself is in the core.
//
//   auto channel = drive.hub()->channel(core.channels(), event.channel);
//   if (Channel* open = channel.get()) …
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "channels/channels.h"
#include "channels/io/allowance.h"
#include "channels/io/descriptor.h"
#include "channels/io/signal.h"

namespace glassh {

class Hub;
class Source;

// One channel of one connection, for code that waits. Copy freely.
class ChannelRef {
 public:
  ChannelRef() = default;
  ChannelRef(std::shared_ptr<Hub> hub, Channels& channels, ChannelHandle handle)
      : hub_(std::move(hub)), channels_(&channels), handle_(handle) {}

  Channel* get() const;  // null once the channel, or the connection, is gone
  std::uint32_t id() const { return handle_.id; }
  const std::shared_ptr<Hub>& hub() const { return hub_; }
  // The channel is of this kind from now on, for ChannelTimeout (channels/idle_channels.h). Does nothing if it is gone.
  void watch_idle_as(std::string_view kind) const;

 private:
  std::shared_ptr<Hub> hub_;
  Channels* channels_ = nullptr;
  ChannelHandle handle_;
};

class Hub : public std::enable_shared_from_this<Hub> {
 public:
  using Clock = std::chrono::steady_clock;

  // Without `output`, `input` is a socket used both ways.
  Hub(const asio::any_io_executor& executor, Fd input, Fd output);

  const asio::any_io_executor& executor() const { return executor_; }
  // To be called when something was queued or an answer given: the drive takes a turn soon. Many calls make one turn.
  void wake() { wake_.raise(); }
  // As wake(), but a drive that waits takes its turn before this returns, which spares a round of the event loop. The
  // channel or the connection may be gone when it returns: look them up again.
  void wake_here();
  bool over() const { return over_; }
  Allowance& allowance() { return allowance_; }              // what the connection may hold
  ChannelRef channel(Channels& channels, std::uint32_t id);  // throws std::out_of_range if there is none
  // To be called after an error outside the drive's own stack: the connection ends, and Drive::run() throws `failure`.
  void fail(std::exception_ptr failure);
  // Runs `work`, which the event loop has called: a timer, a descriptor, a process. An exception that leaves it goes to
  // fail(), so it ends this connection and not the program.
  template <class Work>
  void guard(const Work& work) noexcept {
    try {
      work();
    } catch (...) {
      fail(std::current_exception());
    }
  }
  // Runs a coroutine on the connection's executor. An exception that leaves it goes to fail(), so it ends this
  // connection and not the program. The coroutine's frame must own all that it uses: it may run on after the
  // connection's end.
  void spawn(asio::awaitable<void> work);

  // Called once if a handler waits and the peer has said, meanwhile, that it sends nothing any more: calls that it
  // asked for need not be waited for. May be empty.
  std::function<void()> on_peer_left;

  // ---- for Drive
  bool peer_has_left() const;
  Descriptor& input() { return input_; }
  Descriptor& output() { return output_ ? *output_ : input_; }
  void await_input();  // wakes when there are bytes to read
  bool input_awaited() const { return input_awaited_; }
  void await_output();  // wakes when the descriptor takes more
  bool output_awaited() const { return output_awaited_; }
  void await_time(Clock::time_point deadline);
  asio::awaitable<void> turn() { return wake_.wait(); }
  // The same; `here` is how the drive takes a turn meanwhile. It must live as long as the wait.
  asio::awaitable<void> turn(const std::function<void()>& here);
  void lower() { wake_.lower(); }  // the drive is doing all that it was woken for so far
  std::exception_ptr take_failure() { return std::exchange(failure_, nullptr); }
  void offer_room();       // resumes sources whose channels have room, or are gone
  void channels_closed();  // a channel died: sources that wait for their input learn whether it was theirs
  asio::awaitable<void> take_leave(std::chrono::milliseconds at_most);
  // The connection has ended: closes its descriptors, stops its sources, and gives its leftovers a deadline.
  void finish();
  // The connection goes on elsewhere: finish(), but the socket is given out, open, and no reactor watches it any more.
  // Empty if the connection has ended. Throws std::logic_error if there are two descriptors (glasshd -i over pipes).
  Fd release();

  // ---- for Source
  void add(Source& source) { sources_.push_back(&source); }
  void remove(Source& source);
  void wait_for_room(Source& source) { waiting_for_room_.push_back(&source); }
  // A few bytes came by themselves, as a key press or its echo does.
  void on_typed() { typed_ = Clock::now(); }
  bool user_types() const { return Clock::now() - typed_ < still_typing; }

 private:
  asio::any_io_executor executor_;
  Allowance allowance_;
  Descriptor input_;
  std::optional<Descriptor> output_;
  Signal wake_;
  const std::function<void()>* here_ = nullptr;  // set while the drive waits
  asio::steady_timer timer_;
  std::optional<Clock::time_point> armed_;  // the time at which timer_ will fire
  bool input_awaited_ = false;
  bool output_awaited_ = false;
  bool over_ = false;
  std::exception_ptr failure_;
  static constexpr std::chrono::seconds still_typing{10};  // since the last key press
  Clock::time_point typed_{};                              // when a few bytes came last
  std::vector<Source*> sources_;
  std::vector<Source*> waiting_for_room_;  // longest first
};

}  // namespace glassh
