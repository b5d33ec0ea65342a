// ForwardedDisplay makes the user's X11 display available to the server's programs: ForwardX11, -X and -Y (RFC 4254
// section 6.3).
//
// Lives from the login to the end of the connection. Job: the display of all sessions that ask for it.
// RFC 4254 section 6.3. The server is given a fake cookie (channels/x11_setup.h); the real one stays here. Each x11
// channel is a connection of its own to the display, which learns nothing before the fake cookie has come over that
// channel. An untrusted server (ForwardX11Trusted no) gets a cookie with less rights, and for ForwardX11Timeout only.
//
//   if (display->offer(session)) …  if (display->open(channels, event)) return;
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "channels/io/channel_users.h"
#include "channels/x11_setup.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/forwarding/x11_display.h"

namespace glassh {

class ForwardedDisplay : public std::enable_shared_from_this<ForwardedDisplay> {
 public:
  // `display` is the variable DISPLAY, if it is set. The references must outlive this object. The connection may
  // already be over.
  ForwardedDisplay(std::shared_ptr<Hub> hub, ChannelUsers& users, const ClientConfig& config,
                   std::optional<std::string> display, Rng& rng, ClientLog& log);

  // To be called if the server's identity is not proved (HostKeyCheck::unsafe()): the display is not forwarded, and the
  // user is told.
  void forbid();
  // On a session's channel, before its program starts: asks the server for a display that leads here. False if that is
  // not wanted or not possible. The server's answer comes as ChannelRequestAnswered. The first call waits for xauth(1);
  // later sessions get the same fake cookie.
  bool offer(Channel& session);
  // The server opens a channel. Returns true if its type is "x11"; it is answered at once or a little later.
  bool open(Channels& channels, const ChannelOpenWanted& event);
  // Whether there are channels that are not answered yet.
  bool connecting() const { return connecting_ > 0; }
  // Called when the last of these channels is refused.
  std::function<void()> on_refused;
  // The clock for ForwardX11Timeout. Tests set their own.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;

 private:
  struct Cookies {
    X11Cookie fake, real;
  };
  class Visitor;

  bool find_display();
  std::optional<X11Cookie> find_cookie();
  static asio::awaitable<void> connect(std::shared_ptr<ForwardedDisplay> self, Channels& channels, ChannelRef channel);

  std::shared_ptr<Hub> hub_;
  ChannelUsers& users_;
  const ClientConfig& config_;
  bool wanted_;
  std::optional<std::string> display_text_;
  Rng& rng_;
  ClientLog& log_;
  std::size_t connecting_ = 0;
  std::optional<X11Display> display_;  // set by offer(), like the next two
  std::optional<Cookies> cookies_;
  std::optional<std::chrono::steady_clock::time_point> open_until_;  // nullopt: as long as the connection lives
};

}  // namespace glassh
