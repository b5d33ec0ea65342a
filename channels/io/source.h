// Reads a descriptor into a channel: the sending end of a pump. Sink is the receiving end.
//
// A Source read(2)s straight into the packet that will be sealed, and stops reading while the channel has no room, so
// it holds nothing itself. Lives from start() until its input ends, the channel or the connection is gone, or stop();
// its coroutine keeps it alive until then, even if its owner lets go of it. Job: move bytes and pass on the end of the
// input (EOF, RFC 4254 section 5.3). It does not open or close the channel.
//
//   source_ = Source::start(channel, Descriptor::own(executor, std::move(out)), {.ended = [this] { … }});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "channels/io/hub.h"

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

}  // namespace glassh
