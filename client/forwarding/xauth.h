// Gets the real cookie of the user's display from xauth(1).
//
// For a trusted server this is the cookie in xauth's list. For an untrusted server the X server makes a new cookie (the
// SECURITY extension), which stays valid for some time after we stop forwarding. xauth(1) is run without a shell, and
// the call blocks until it has ended. Its output is used only if parse_x11_cookie() accepts it. A new cookie is kept in
// a file in a directory of mode 0700, which is removed before the call returns. The fake cookie is channels/x11_setup's
// job.
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
  std::string program;  // XAuthLocation; empty if there is none
  X11Display display;
  bool trusted = false;
  std::uint32_t timeout_seconds = 0;  // the time in which an untrusted server may connect; 0: no limit
};

// Returns nullopt if there is no cookie; the log has the reason only at its debug levels.
std::optional<X11Cookie> find_x11_cookie(const XauthQuestion& question, ClientLog& log);

}  // namespace glassh
