// What glassh-add -h says, "host" or "host>[user@]host", made into rules with the hosts' keys from known_hosts.
//
// ssh-add(1), OpenSSH PROTOCOL.agent section 2. The agent knows hosts by their keys only, so a host without a known key
// cannot be in a rule.
//
//   const auto rule = parse_destination_rule("jump>me@host", files);
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "auth/agent_destinations.h"
#include "auth/known_hosts.h"

namespace glassh {

// Throws std::runtime_error: malformed, or no key of a host is known.
DestinationRule parse_destination_rule(std::string_view text, std::span<const KnownHostsFile> files);

}  // namespace glassh
