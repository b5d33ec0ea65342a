// Reads and prints the words of IPQoS (ssh_config(5) and sshd_config(5)).
//
// A word is a name from RFC 2474, RFC 2597, RFC 3246 or RFC 8622, an older one from RFC 1349, a number up to 255, or
// "none". Setting the value on a socket is channels/io/socket_options.h's job.
//
//   config.ip_qos = parse_ip_qos(call.words);  …  add("ipqos", ip_qos_text(config.ip_qos));
#pragma once

#include <string>
#include <vector>

#include "config/syntax.h"

namespace glassh {

// `words` has one or two words: for interactive sessions and for all other traffic. One word stands for both. Throws
// ConfigError without a place.
IpQos parse_ip_qos(const std::vector<std::string>& words);
// Returns the text that `ssh -G` prints: "lowdelay throughput".
std::string ip_qos_text(const IpQos& value);

}  // namespace glassh
