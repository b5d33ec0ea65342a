// A display on this machine that leads to the client's X server: connections to its ports become x11 channels.
//
// RFC 4254 section 6.3. One for each session that asks, at the first number that is free in every address family; where
// one family's port is taken by somebody else, the next number is tried (past vulnerability 90). Whoever connects must
// know the cookie, which the client checks; what is said is not looked at here. The display goes with this object and
// its session; connections that are open by then go on. Whether it is permitted is decided before
// (server/login/permissions.h).
//
//   auto forwarding = X11Forwarding::create(hub, channels, users, *config, wish, log);
//   environment ← forwarding->display()
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "channels/io/acceptor.h"
#include "channels/io/forwarded_stream.h"
#include "channels/x11_setup.h"
#include "server/config/server_config.h"
#include "server/log.h"

namespace glassh {

// What x11-req asks for.
struct X11Wish {
  bool single_connection = false;
  X11Cookie cookie;
  std::uint32_t screen = 0;
};

class X11Forwarding : public std::enable_shared_from_this<X11Forwarding> {
 public:
  // Listens. Throws std::system_error if no display is free. `channels`, `users` and `log` must outlive it, or rather
  // the hub's connection.
  static std::shared_ptr<X11Forwarding> create(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                                               const ServerConfig& config, X11Wish wish, const Log& log);
  X11Forwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users, X11Wish wish,
                const Log& log);  // create() is meant

  const std::string& display() const { return display_; }  // the variable DISPLAY
  std::uint32_t display_number() const { return number_; }
  // For xauth(1): the cookie is the display's from now on.
  std::string xauth_commands() const;
  // For an rc file: protocol and cookie.
  std::string cookie_line() const;

 private:
  void stop();
  bool listen(const ServerConfig& config, std::uint32_t number);
  std::shared_ptr<Acceptor> accept_at(Fd socket);
  void take(Fd peer);
  void open_channel(Fd peer);

  std::shared_ptr<Hub> hub_;
  Channels& channels_;
  ChannelUsers& users_;
  const X11Wish wish_;
  const Log& log_;
  std::uint32_t number_ = 0;
  std::string display_;
  std::string authority_name_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;     // of each address
  std::vector<std::weak_ptr<ForwardedStream>> streams_;  // of which some may be gone
};

}  // namespace glassh
