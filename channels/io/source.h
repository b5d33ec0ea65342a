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

// The input of a Source, if it is more than a descriptor: TypedInput looks at typed bytes before they are sent. Lives
// as long as its Source.
class SourceInput {
 public:
  virtual ~SourceInput() = default;
  // Like Descriptor's. During the call no message may be sent on the channel, because `place` is inside a packet. Other
  // work is done in readable(), which returns when read() is worth trying again.
  virtual IoResult read(MutableBytes place) = 0;
  virtual asio::awaitable<void> readable() = 0;
  // Called while the channel has no room: returns when `room` is raised, which also happens after close().
  virtual asio::awaitable<void> await_room(Signal& room) { return room.wait(); }
  virtual void close() = 0;  // ends every wait
};

struct SourceSettings {
  std::uint32_t extended_type = 0;  // 1: stderr
  // Called once, when the input is at its end (an error counts as the end) and all its bytes are queued. It is not
  // called after stop(), or when the channel is gone. If empty, Channel::send_eof() is called instead.
  std::function<void()> ended = {};
  // Called each time that all bytes which the input has for now are queued. May be empty.
  std::function<void()> emptied = {};
};

class Source : public std::enable_shared_from_this<Source> {
 public:
  static std::shared_ptr<Source> start(ChannelRef channel, Descriptor input, SourceSettings settings = {});
  static std::shared_ptr<Source> start(ChannelRef channel, std::unique_ptr<SourceInput> input,
                                       SourceSettings settings = {});
  Source(ChannelRef channel, std::unique_ptr<SourceInput> input, SourceSettings settings);  // start() is meant

  // Closes the input; no more bytes are sent. (The writer of a pipe then gets SIGPIPE.)
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
