// X11Forwarding is a display on this machine that leads to the client's X server: each connection to its ports becomes
// an x11 channel (RFC 4254 section 6.3).
//
// Lives as long as the session that asked for it; connections that are open by then go on. Job: listen at the first
// number that is free in every address family, and open the channels. If another program has the port of one family,
// the next number is tried: in known attack 90 (conformance/known_attacks) that program could have been taken for the
// display. A program that connects must know the cookie, which the client checks; the data is not looked at here.
// Whether a display is permitted is decided before (server/login/session_permissions.h).
//
//   const auto forwarding = X11Forwarding::create(hub, channels, users, *config, wish, log);  forwarding->display() …
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "channels/io/acceptor.h"
#include "channels/io/forwarded_stream.h"
#include "channels/io/name_lookup.h"
#include "channels/x11_setup.h"
#include "server/config/server_config.h"
#include "server/log.h"

namespace glassh {

// The fields of the request x11-req.
struct X11Wish {
  bool single_connection = false;
  X11Cookie cookie;
  std::uint32_t screen = 0;
};

class X11Forwarding : public std::enable_shared_from_this<X11Forwarding> {
 public:
  // Listens. Throws std::system_error if no display is free. `channels`, `users` and `log` must live as long as the
  // hub's connection.
  static std::shared_ptr<X11Forwarding> create(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                                               const ServerConfig& config, X11Wish wish, const Log& log);
  X11Forwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users, X11Wish wish,
                const Log& log);  // create() is meant

  const std::string& display() const { return display_; }  // the variable DISPLAY
  std::uint32_t display_number() const { return number_; }
  // Returns the commands for xauth(1) that give the display its cookie.
  std::string xauth_commands() const;
  // Returns the line for an rc file: protocol and cookie.
  std::string cookie_line() const;

 private:
  void stop();
  bool listen(const ServerConfig& config, const std::vector<NetworkAddress>& addresses, std::uint32_t number);
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
  std::vector<std::shared_ptr<Acceptor>> acceptors_;     // one for each address
  std::vector<std::weak_ptr<ForwardedStream>> streams_;  // some of them may be gone
};

}  // namespace glassh
