// Bytes between a descriptor and a channel: Source reads a descriptor into a channel, Sink writes a channel's data to a
// descriptor. Neither holds more than the channel's window.
//
// A Source read(2)s straight into the packet that will be sealed, and stops reading when the channel has no room. A
// Sink write(2)s straight from the packet that was opened; only what the descriptor does not take at once is copied,
// and given back to the peer's window when it has left. Both live as long as they have work, whoever else holds them. A
// Source ends by itself when its channel or the connection is gone; a Sink goes on, for what has arrived is still to be
// delivered (RFC 4254 section 5.3), until all is written, the reader is gone, or stop().
//
//   source_ = Source::start(channel, Descriptor::own(executor, std::move(out)), {.ended = [this] { … }});
//   sink_ = Sink::create(channel, Descriptor::own(executor, std::move(in)));  …  sink_->write(event.data);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "channels/io/hub.h"
#include "transport/block_pool.h"

namespace glassh {

// Where a Source reads, if that is more than a descriptor: what is typed is looked at before it is sent.
class SourceInput {
 public:
  virtual ~SourceInput() = default;
  // As Descriptor's. Nothing may be sent on the channel meanwhile, for `place` is inside a packet; what has to be done
  // besides is done in readable(), which returns when it is worth trying again.
  virtual IoResult read(MutableBytes place) = 0;
  virtual asio::awaitable<void> readable() = 0;
  // While the channel takes nothing: returns when `room` is raised, which it is after close(), too.
  virtual asio::awaitable<void> await_room(Signal& room) { return room.wait(); }
  virtual void close() = 0;  // ends every wait
};

struct SourceSettings {
  std::uint32_t extended_type = 0;  // 1: stderr
  // Called once, when the descriptor came to its end (an error counts as one) and everything read is queued; not after
  // stop(), nor when the channel is gone. Without it, Channel::send_eof() is called.
  std::function<void()> ended = {};
  // Called each time when all that the descriptor has for now is queued. May be empty.
  std::function<void()> emptied = {};
};

class Source : public std::enable_shared_from_this<Source> {
 public:
  static std::shared_ptr<Source> start(ChannelRef channel, Descriptor input, SourceSettings settings = {});
  static std::shared_ptr<Source> start(ChannelRef channel, std::unique_ptr<SourceInput> input,
                                       SourceSettings settings = {});
  Source(ChannelRef channel, std::unique_ptr<SourceInput> input, SourceSettings settings);  // start() is meant

  // Closes the descriptor; nothing more is sent. (What the writer of a pipe then gets is SIGPIPE.)
  void stop();
  bool running() const { return running_; }

 private:
  friend class Hub;
  static asio::awaitable<void> run(std::shared_ptr<Source> self);
  void on_end_of_file();
  Channel* open_channel() const;
  bool can_go_on() const;
  void stop_if_channel_gone();

  ChannelRef channel_;
  std::unique_ptr<SourceInput> input_;
  SourceSettings settings_;
  Signal room_;
  bool running_ = true;
};

class Sink : public std::enable_shared_from_this<Sink> {
 public:
  // How the reader learns that nothing more comes. `half_close` is for a socket that is still read from, through
  // another descriptor: only its sending direction is shut down.
  enum class End { close, half_close };

  static std::shared_ptr<Sink> create(ChannelRef channel, Descriptor output, End end = End::close);
  Sink(ChannelRef channel, Descriptor output, End end);  // create() is meant

  // What arrived on the channel. After the reader went away, or after stop(), it is discarded; it counts as consumed in
  // any case.
  void write(Bytes data);
  // Nothing more will come (EofArrived, CloseArrived): the descriptor is closed when all is written.
  void end();
  void stop();  // closes now; what is left is discarded
  // Returns when nothing is left to write: all was written, or the reader went away, or stop(). One waiter at a time.
  asio::awaitable<void> drained();

  std::size_t pending() const { return pending_; }  // bytes kept because the descriptor would block
  bool broken() const { return broken_; }           // the reader went away (EPIPE), or another error of write(2)
  // Called once when it becomes broken. (OpenSSH PROTOCOL section 2.1: a client then sends eow@openssh.com.)
  std::function<void()> on_broken;

 private:
  struct Piece {
    BlockLease memory;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  void keep(Bytes data);
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
  Signal drained_;
  bool draining_ = false;
  bool ended_ = false;
  bool broken_ = false;
};

}  // namespace glassh
