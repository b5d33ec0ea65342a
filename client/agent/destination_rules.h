// Turns the argument of glassh-add -h, "host" or "host>[user@]host", into a rule with the hosts' keys from known_hosts.
//
// ssh-add(1), OpenSSH PROTOCOL.agent section 2. The agent knows a host only by its keys, so a host without a known key
// cannot be in a rule. The agent, not this code, enforces the rules (auth/agent_destinations.h).
//
//   const auto rule = parse_destination_rule("jump>me@host", files);
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "auth/agent_destinations.h"
#include "auth/known_hosts.h"

namespace glassh {

// Throws std::runtime_error if `text` is malformed, or if no key of a host is known.
DestinationRule parse_destination_rule(std::string_view text, std::span<const KnownHostsFile> files);

}  // namespace glassh
