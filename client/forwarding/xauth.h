// The real cookie of the user's display, from xauth(1): the list's for a trusted server, or a new one that the X server
// makes for an untrusted one (the SECURITY extension), which ends some time after we stop forwarding.
//
// xauth(1) is run without a shell and waited for. Whatever it prints is believed only as far as it parses
// (parse_x11_cookie). The new cookie is kept in a file of a directory of mode 0700, which is gone when this returns.
//
//   const auto cookie = find_x11_cookie({.program = "/usr/bin/xauth", .display = display, .trusted = true}, log);
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "channels/x11_setup.h"
#include "client/client_log.h"
#include "client/forwarding/x11_display.h"

namespace glassh {

struct XauthQuestion {
  std::string program;  // XAuthLocation; empty: none
  X11Display display;
  bool trusted = false;
  std::uint32_t timeout_seconds = 0;  // how long an untrusted server may connect; 0: as long as it likes
};

// Nothing: there is none, and the log says so only at debug.
std::optional<X11Cookie> find_x11_cookie(const XauthQuestion& question, ClientLog& log);

}  // namespace glassh
