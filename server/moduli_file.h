// ModuliFile: the groups for diffie-hellman-group-exchange-sha256, read once at the start and at SIGHUP.
//
// A file that cannot be read and lines that break moduli(5) are logged; the server goes on with RFC 3526's groups.
//
//   settings.groups = read_moduli_file(config, log);
#pragma once

#include <memory>
#include <vector>

#include "crypto/kex/dh_group.h"
#include "server/config/server_config.h"
#include "server/log.h"

namespace glassh {

// Null where KexAlgorithms has no group exchange, or no group can be had from the file.
std::shared_ptr<const std::vector<DhGroup>> read_moduli_file(const ServerConfig& config, const Log& log);

}  // namespace glassh
