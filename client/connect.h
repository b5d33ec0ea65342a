// From a configuration to a byte stream to the server: a TCP connection, or the standard input and output of
// ProxyCommand or of the glassh that goes through ProxyJump's hosts.
//
// Blocking, in the order of ssh(1): each address of the name in turn, ConnectionAttempts rounds, ConnectTimeout shared
// by the addresses that are left. Nothing of SSH happens here; who the server is, client/host_key_check finds out.
//
//   ServerStream stream = connect_to_server(config, log, {});  Drive<…> drive(executor, core, stream.release());
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/server_stream.h"

namespace glassh {

// The text is ready to print after "glassh: ".
class ConnectError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws ConnectError. `deadline`: when ConnectTimeout will have passed.
ServerStream connect_to_server(const ClientConfig& config, ClientLog& log,
                               std::optional<std::chrono::steady_clock::time_point> deadline);

}  // namespace glassh
