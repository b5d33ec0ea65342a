// ProxyJump and -J: parses the list of hosts on the way to the server, and builds the command line of the glassh that
// connects through them.
//
// Each hop is a glassh of its own with -W and a configuration of its own. The one that we start logs in at the last
// host of the list and connects to the target from there; it gets the other hosts as its -J. It is started without a
// shell. A name that could be taken for a flag, or that means something to a shell, is refused
// (client/config/destination.h).
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

// Parses "[user@]host[:port]" or "ssh://…", with commas between them. Returns an empty list for "none". Throws
// ConfigError without a place.
std::vector<JumpHost> parse_jump_hosts(std::string_view list);
// Returns the text that glassh -G prints. `hops` must not be empty.
std::string jump_text(const std::vector<JumpHost>& hops);
// Returns the arguments (without the program) that lead through all hops to a port of `host`. -F and -v are passed on.
std::vector<std::string> jump_arguments(const std::vector<JumpHost>& hops, const ClientOptions& options,
                                        std::string_view host, std::uint16_t port);

}  // namespace glassh
