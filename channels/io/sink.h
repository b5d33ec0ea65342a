// Writes a channel's data to a descriptor: the receiving end of a pump. Source is the sending end.
//
// A Sink write(2)s straight from the packet that was opened. It copies only the bytes that the descriptor does not take
// at once, and gives them back to the peer's window when they have left, so it never holds more than the channel's
// window. Lives from create() until all is written after end() or leave(), the reader is gone, or stop(): what has
// arrived is delivered even after the channel or the connection is gone (RFC 4254 section 5.3), after leave() within
// the limits of a Leftover. While it waits for the reader, its coroutine keeps it alive. Job: deliver every byte in
// order and count it as consumed. It does not read from the channel by itself: its owner hands it each DataArrived.
//
//   sink_ = Sink::create(channel, Descriptor::own(executor, std::move(in)));  …  sink_->write(event.data);
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "channels/io/hub.h"
#include "channels/io/leftovers.h"
#include "transport/block_pool.h"

namespace glassh {

class Sink : public std::enable_shared_from_this<Sink> {
 public:
  // The way in which the reader learns of the end. `half_close` is for a socket that is still read through another
  // descriptor: only its sending direction is shut down.
  enum class End { close, half_close };

  static std::shared_ptr<Sink> create(ChannelRef channel, Descriptor output, End end = End::close);
  Sink(ChannelRef channel, Descriptor output, End end);  // create() is meant
  ~Sink();

  // Takes data that arrived on the channel. If the reader is gone, or after stop(), the data is discarded; it counts as
  // consumed in any case.
  void write(Bytes data);
  // No more data will come (EofArrived, CloseArrived): the descriptor is closed when all is written.
  void end();
  // As end(); the channel is closed, or the connection has ended, and the reader is not ours to wait for without limit.
  void leave();
  void stop();  // closes now and discards the rest
  // Returns when all data is written, the reader is gone, or stop() was called. One waiter at a time.
  asio::awaitable<void> drained();

  std::size_t pending() const { return pending_; }  // bytes kept because the descriptor would block
  bool broken() const { return broken_; }           // the reader is gone (EPIPE), or write(2) failed in another way
  // Called once when it becomes broken. (OpenSSH PROTOCOL section 2.1: a client then sends eow@openssh.com.)
  std::function<void()> on_broken;

  // ---- for Hub and Leftover
  void on_connection_end();
  void drop();  // stop(), and the log says how much was lost

 private:
  struct Piece {
    BlockLease memory;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  void keep(Bytes data);
  Piece piece_for(std::size_t size);
  void await_progress();
  static asio::awaitable<void> drain(std::shared_ptr<Sink> self);
  bool write_kept();
  void fail();
  void consumed(std::size_t size);
  void drop_pieces(std::size_t count);
  void close_output();

  ChannelRef channel_;
  Descriptor output_;
  const End how_it_ends_;
  std::vector<Piece> pieces_;
  std::size_t pending_ = 0;
  std::size_t held_ = 0;  // the memory of pieces_
  Leftover leftover_;
  asio::steady_timer patience_;  // after the connection's end
  Hub::Clock::time_point progress_{};
  Signal drained_;
  bool draining_ = false;
  bool ended_ = false;
  bool broken_ = false;
};

}  // namespace glassh
