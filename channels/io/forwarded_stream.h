// ForwardedStream joins a channel to a socket: the bytes that come on one go out on the other, in both directions.
//
// Every kind of forwarding has one at each of its ends. Lives as long as its channel. Job: move bytes and pass on the
// ends. An EOF becomes a half-closed socket, and the other way round (RFC 4254 section 5.3). When both directions have
// ended, it closes the channel. A slow reader on either side stops the other side (Source and Sink). The caller decides
// which streams may be opened.
//
//   users.add(ForwardedStream::join(hub->channel(channels, id), std::move(socket)));
//   users.add(ForwardedStream::open(hub->channel(channels, channels.open(type, details)), std::move(socket), refused));
#pragma once

#include <functional>
#include <memory>

#include "channels/io/channel_users.h"
#include "channels/io/sink.h"
#include "channels/io/source.h"

namespace glassh {

class ForwardedStream : public ChannelUser, public std::enable_shared_from_this<ForwardedStream> {
 public:
  using Refused = std::function<void(const ChannelOpenRefused&)>;

  // The channel is open. `socket` is a connected stream socket.
  static std::shared_ptr<ForwardedStream> join(const ChannelRef& channel, Fd socket);
  // We asked for the channel, and the socket waits for the peer's answer. If the peer refuses, the socket is closed and
  // `refused` (which may be empty) is called.
  static std::shared_ptr<ForwardedStream> open(const ChannelRef& channel, Fd socket, Refused refused);
  using ChannelUser::ChannelUser;  // join() or open() is meant

  using ChannelUser::on;
  void on(const ChannelOpened& event) override;
  void on(const ChannelOpenRefused& event) override;
  void on(const DataArrived& event) override;
  void on(const EofArrived& event) override;
  void on(const CloseArrived& event) override;
  void end() override;

 private:
  void start(Fd socket);
  void connect_pumps(Fd socket);
  void close_if_done();

  Fd waiting_;  // the socket, until the channel is open
  Refused refused_;
  std::shared_ptr<Source> source_;  // null until the channel is open, like sink_
  std::shared_ptr<Sink> sink_;
  bool socket_ended_ = false;   // no more bytes come from the socket
  bool channel_ended_ = false;  // no more bytes come from the channel, or the socket takes no more
};

}  // namespace glassh
