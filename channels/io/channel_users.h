// ChannelUsers routes the events of each channel to its user: RFC 4254 section 5 from the programs' side of a
// connection.
//
// A connection has one ChannelUsers, which lives from the login to the end of the connection. Job: keep one ChannelUser
// for each channel and hand it the events. Sessions, forwarded streams, agents and displays add their users, and the
// connection's handler calls route(). A ChannelUser lives until its channel is gone, or longer if another object holds
// it. Whether a channel may be opened is decided elsewhere.
//
//   users.add(ForwardedStream::join(channel, std::move(socket)));  …  if (users.route(event)) return;
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "channels/io/holdings.h"
#include "channels/io/hub.h"

namespace glassh {

class ChannelUser {
 public:
  explicit ChannelUser(ChannelRef channel) : channel_(std::move(channel)) {}
  virtual ~ChannelUser() = default;
  ChannelUser(const ChannelUser&) = delete;
  ChannelUser& operator=(const ChannelUser&) = delete;

  virtual void on(const ChannelOpened&) {}
  virtual void on(const ChannelOpenRefused&) {}  // the last event
  virtual void on(const DataArrived& event) = 0;
  virtual void on(const EofArrived& event) = 0;
  virtual void on(const CloseArrived& event) = 0;  // the last event
  virtual void on(const ChannelRequested& event);  // refused, unless overridden
  virtual void on(const ChannelRequestAnswered&) {}
  virtual void end() {}  // the connection is over; data that has arrived may still be written

  const ChannelRef& channel() const { return channel_; }

 private:
  const ChannelRef channel_;
  const Holding counted_{holdings().channels};
};

class ChannelUsers {
 public:
  // The channel must exist: opening, wanted by the peer, or open. The new user replaces a user that the channel has.
  void add(std::shared_ptr<ChannelUser> user);
  bool has(std::uint32_t channel) const { return users_.contains(channel); }
  std::size_t count() const { return users_.size(); }

  // Each returns false if the channel does not have a user.
  bool route(const ChannelOpened& event);
  bool route(const ChannelOpenRefused& event);
  bool route(const DataArrived& event);
  bool route(const EofArrived& event);
  bool route(const CloseArrived& event);
  bool route(const ChannelRequested& event);
  bool route(const ChannelRequestAnswered& event);
  // The connection is over. All users learn it, also if one of them throws; its exception leaves this at the end.
  void end();

 private:
  template <class Event>
  bool hand_over(const Event& event);

  std::unordered_map<std::uint32_t, std::shared_ptr<ChannelUser>> users_;
};

}  // namespace glassh
