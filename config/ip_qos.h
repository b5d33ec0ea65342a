// The words of IPQoS, ssh_config(5) and sshd_config(5): names of RFC 2474, RFC 2597, RFC 3246 and RFC 8622, the older
// ones of RFC 1349, a number up to 255, or none.
//
//   config.ip_qos = parse_ip_qos(call.words);  …  add("ipqos", ip_qos_text(config.ip_qos));
#pragma once

#include <string>
#include <vector>

#include "config/syntax.h"

namespace glassh {

// One word is for both kinds of session. Throws ConfigError without a place.
IpQos parse_ip_qos(const std::vector<std::string>& words);
// As `ssh -G` prints it: "lowdelay throughput".
std::string ip_qos_text(const IpQos& value);

}  // namespace glassh
