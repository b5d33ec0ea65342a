// DISPLAY: which X server the user means, and the way to it.
//
// "host:number.screen" over TCP; ":number" and "unix:number" over a Unix socket. A forwarded display of another hop is
// one of the first kind, "localhost:10.0". Nothing is looked up or opened by parsing.
//
//   const auto display = X11Display::parse(":0.1");  display->screen == 1
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "channels/io/tcp_socket.h"

namespace glassh {

struct X11Display {
  std::string text;  // as written
  std::string host;  // empty: a Unix socket
  std::uint32_t number = 0;
  std::uint32_t screen = 0;

  // Nothing for what is no display, or has a character that a shell or xauth(1) could take for something else.
  static std::optional<X11Display> parse(std::string_view text);
  // What xauth(1) calls it in its list: there a display of localhost is one of this machine.
  std::string authority_name() const;
  bool operator==(const X11Display&) const = default;
};

// A connection to the X server; or none, and the problem in words.
struct X11Connection {
  Fd socket;
  std::string problem;
};
asio::awaitable<X11Connection> connect_to_display(asio::any_io_executor executor, X11Display display);

}  // namespace glassh
