// X11Display is a parsed DISPLAY variable: which X server the user means. connect_to_display() connects to it.
//
// "host:number.screen" is reached over TCP; ":number" and "unix:number" over a Unix socket. The forwarded display of
// another hop is one of the first kind, "localhost:10.0". Parsing looks up no name and opens no socket. Cookies are in
// client/forwarding/xauth.
//
//   const auto display = X11Display::parse(":0.1");  display->screen == 1
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "channels/io/tcp_connector.h"

namespace glassh {

struct X11Display {
  std::string text;  // as written
  std::string host;  // empty: a Unix socket
  std::uint32_t number = 0;
  std::uint32_t screen = 0;

  // Returns nullopt if `text` is not a display, or has a character that a shell or xauth(1) could misunderstand.
  static std::optional<X11Display> parse(std::string_view text);
  // Returns its name in xauth(1)'s list, where a display of localhost is called a display of this machine.
  std::string authority_name() const;
  bool operator==(const X11Display&) const = default;
};

// A connection to the X server; or no socket, and the reason in words.
struct X11Connection {
  Fd socket;
  std::string problem;
};
asio::awaitable<X11Connection> connect_to_display(asio::any_io_executor executor, X11Display display);

}  // namespace glassh
