// Binds a socket to the address that a connection comes from: BindAddress and BindInterface.
//
// It blocks, because the address may be a name. If an interface has several addresses, one that reaches further than
// this machine or this link is preferred. Connecting is client/connect's job.
//
//   bind_source(config, socket, address.ai_family);  // before connect(2)
#pragma once

#include <stdexcept>

#include "client/config/client_config.h"

namespace glassh {

// The socket cannot be bound. The text is for the log: "bind 192.0.2.1: Cannot assign requested address".
class SourceAddressError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Does nothing if the configuration names neither. Throws SourceAddressError.
void bind_source(const ClientConfig& config, int socket, int family);

}  // namespace glassh
