// Turns the values of ssh_config into the settings of the core: the proposal, the limits, the login methods.
//
// It reads no file and asks no person: client/config has read the values before.
//
//   auto settings = connection_settings(config, check.algorithms(), key_log);
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/client_connection.h"
#include "client/config/client_config.h"

namespace glassh {

// `host_key_algorithms` is in the order in which they are proposed. `key_log` may be empty.
std::shared_ptr<const ClientConnectionSettings> connection_settings(const ClientConfig& config,
                                                                    std::vector<std::string> host_key_algorithms,
                                                                    KeyLog key_log);

}  // namespace glassh
