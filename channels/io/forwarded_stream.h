// A channel joined to a socket: what comes on the one goes out on the other, both ways, each with its own end.
//
// This is what forwarding is at each of its ends, whatever is forwarded. An EOF becomes a half-closed socket and the
// other way round (RFC 4254 section 5.3); when both directions have ended the channel is closed. Pace is kept by the
// pumps: a slow reader on either side stops the other. Who may open what is the caller's business.
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
  // We asked for the channel: the socket waits for the peer's answer. If that is no it is closed, and `refused` (which
  // may be empty) is called.
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

  Fd waiting_;  // until the channel is open
  Refused refused_;
  std::shared_ptr<Source> source_;  // null until then, as the next
  std::shared_ptr<Sink> sink_;
  bool socket_ended_ = false;   // nothing more comes from it
  bool channel_ended_ = false;  // nothing more comes from the channel, or nobody takes it
};

}  // namespace glassh
