// Reads ModuliFile (sshd_config(5)): the groups for diffie-hellman-group-exchange-sha256. It is read at the start and
// at SIGHUP.
//
// If the file cannot be read, or lines break moduli(5), the log says so; the server then uses RFC 3526's groups.
// crypto/kex/moduli parses the text.
//
//   settings.groups = read_moduli_file(config, log);
#pragma once

#include <memory>
#include <vector>

#include "crypto/kex/dh_group.h"
#include "server/config/server_config.h"
#include "server/log.h"

namespace glassh {

// Returns null if KexAlgorithms has no group exchange, or if the file has no usable group.
std::shared_ptr<const std::vector<DhGroup>> read_moduli_file(const ServerConfig& config, const Log& log);

}  // namespace glassh
