// ProxyJump and -J: the hosts on the way to the server, and the glassh that goes to the last of them and on from there.
//
// Each hop is a glassh of its own with -W, and with a configuration of its own: from the last host of the list it
// reaches the target, and the hosts in front are its own -J. It is started without a shell, and a name that could be
// taken for a flag or means something to a shell is refused wherever it stands (client/config/destination.h).
//
//   const auto hops = parse_jump_hosts("a,bob@b:2222");  jump_arguments(hops, options, "target", 22)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/config/client_options.h"
#include "client/config/destination.h"

namespace glassh {

struct JumpHost : Destination {
  std::string as_written;
};

// "[user@]host[:port]" or "ssh://…", with commas between them; nothing for "none". Throws ConfigError without a place.
std::vector<JumpHost> parse_jump_hosts(std::string_view list);
// As glassh -G shows it. `hops` is not empty.
std::string jump_text(const std::vector<JumpHost>& hops);
// The arguments, without the program, that lead through all hops to a port of `host`. -F and -v are passed on.
std::vector<std::string> jump_arguments(const std::vector<JumpHost>& hops, const ClientOptions& options,
                                        std::string_view host, std::uint16_t port);

}  // namespace glassh
