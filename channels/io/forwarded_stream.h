// A channel joined to a socket: what comes on the one goes out on the other, both ways, each with its own end.
//
// This is what forwarding is at each of its ends, whatever is forwarded. An EOF becomes a half-closed socket and the
// other way round (RFC 4254 section 5.3); when both directions have ended the channel is closed. Pace is kept by the
// pumps: a slow reader on either side stops the other. Who may open what is the caller's business.
//
//   streams.join(hub->channel(channels, id), std::move(socket));  …  if (auto* stream = streams.find(id)) …
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "channels/io/pump.h"

namespace glassh {

class ForwardedStream : public std::enable_shared_from_this<ForwardedStream> {
 public:
  // The channel is open. `socket` is a connected stream socket.
  static std::shared_ptr<ForwardedStream> join(const ChannelRef& channel, Fd socket);
  explicit ForwardedStream(ChannelRef channel) : channel_(std::move(channel)) {}  // join() is meant

  // The channel's events.
  void on_data(const DataArrived& event);
  void on_eof();
  void on_close();

  std::uint32_t channel() const { return channel_.id(); }

 private:
  void close_if_done();

  ChannelRef channel_;
  std::shared_ptr<Source> source_;
  std::shared_ptr<Sink> sink_;
  bool socket_ended_ = false;   // nothing more comes from it
  bool channel_ended_ = false;  // nothing more comes from the channel, or nobody takes it
};

// All of one connection, by channel.
class ForwardedStreams {
 public:
  void join(const ChannelRef& channel, Fd socket);
  bool has(std::uint32_t channel) const { return find(channel) != nullptr; }
  std::size_t count() const { return streams_.size(); }

  // Each says whether the event was for one of these.
  bool on(const DataArrived& event);
  bool on(const EofArrived& event);
  bool on(const CloseArrived& event);
  // The connection has ended: what arrived is still written.
  void end();

 private:
  ForwardedStream* find(std::uint32_t channel) const;

  std::vector<std::shared_ptr<ForwardedStream>> streams_;
};

}  // namespace glassh
