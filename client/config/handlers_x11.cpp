// The keywords about the user's X11 display (client/forwarding/forwarded_display.h).
#include <array>

#include <fmt/format.h>

#include "client/config/keywords.h"
#include "client/config/values.h"

namespace glassh {
namespace {

using Call = ClientKeyword::Call;

// "none" is what is not said, as with ssh(1); 0 is without end.
void handle_timeout(Call& call) {
  if (equal_ignoring_case(call.words[0], "none")) return;
  const auto value = parse_time(call.words[0]);
  if (!value) throw ConfigError(fmt::format("bad time '{}': expected seconds or 1h30m", call.words[0]));
  call.target.config.forward_x11_timeout_seconds = *value;
}

constexpr std::array table{
    ClientKeyword{"ForwardX11", 1, 1, false, [](Call& call) { call.target.config.forward_x11 = yes_no(call); }},
    ClientKeyword{"ForwardX11Trusted", 1, 1, false,
                  [](Call& call) { call.target.config.forward_x11_trusted = yes_no(call); }},
    ClientKeyword{"ForwardX11Timeout", 1, 1, false, handle_timeout},
    ClientKeyword{"XAuthLocation", 1, 1, false, [](Call& call) { call.target.config.xauth_location = call.words[0]; }},
};

}  // namespace

std::span<const ClientKeyword> x11_client_keywords() { return table; }

}  // namespace glassh
