// The keywords about X11 (server/forwarding/x11_forwarding.h).
#include <array>

#include <fmt/format.h>

#include "server/config/keywords.h"

namespace glassh {
namespace {

using Call = ServerKeyword::Call;

void handle_display_offset(Call& call) {
  const auto offset = parse_number(call.words[0], 0x7fffffff);
  if (!offset) throw ConfigError(fmt::format("bad value '{}': expected a number of displays", call.words[0]));
  call.target.x11_display_offset = static_cast<std::uint32_t>(*offset);
}

void handle_xauth_location(Call& call) {
  const std::string& path = call.words[0];
  const bool none = equal_ignoring_case(path, "none");
  if (!none && !path.starts_with('/')) {
    throw ConfigError(fmt::format("bad path '{}': expected an absolute one, or none", path));
  }
  call.target.xauth_location = none ? "" : path;
}

constexpr std::array table{
    ServerKeyword{"X11Forwarding", 1, 1, false, [](Call& call) { call.target.x11_forwarding = yes_or_no(call); }},
    ServerKeyword{"X11DisplayOffset", 1, 1, false, handle_display_offset},
    ServerKeyword{"X11UseLocalhost", 1, 1, false, [](Call& call) { call.target.x11_use_localhost = yes_or_no(call); }},
    ServerKeyword{"XAuthLocation", 1, 1, false, handle_xauth_location},
};

}  // namespace

std::span<const ServerKeyword> x11_keywords() { return table; }

}  // namespace glassh
