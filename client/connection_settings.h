// From what ssh_config says to what the core wants: the proposal, the limits, the ways to log in.
//
//   auto settings = connection_settings(config, check.algorithms(), key_log);
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/client_connection.h"
#include "client/config/client_config.h"

namespace glassh {

// `host_key_algorithms` in the order to propose. `key_log` may be empty.
std::shared_ptr<const ClientConnectionSettings> connection_settings(const ClientConfig& config,
                                                                    std::vector<std::string> host_key_algorithms,
                                                                    KeyLog key_log);

}  // namespace glassh
