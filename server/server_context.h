// ServerContext is shared by all connections of one glasshd. It does not have accounts, passwords and private host
// keys: only the keeper knows these (server/login/keeper.h).
//
// Lives as long as its Generation (server/setup.h), the files as they were read at one time. It never changes; SIGHUP
// makes another one for the connections that come later.
//
//   const ServerContext context{config, log, host_keys, keeper, rng, connection_settings(config, …)};
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "crypto/rng.h"
#include "proto/trace.h"
#include "server/config/server_config.h"
#include "server/host_keys.h"
#include "server/log.h"
#include "server/login/keeper.h"
#include "server/server_connection.h"

namespace glassh {

struct ServerContext {
  const ServerConfig& config;  // before anybody is known, so without what Match adds
  const Log& log;
  const HostKeys& host_keys;
  const Keeper& keeper;
  Rng& rng;  // safe from several threads
  std::shared_ptr<const ServerConnectionSettings> settings;
  std::uint64_t open_files = 0;  // what programs get as their limit of descriptors
  // --trace: whole lines, safe from several threads; empty: off.
  std::function<void(std::string_view)> trace = {};
  TraceStyle trace_style = {};
};

// Returns the part of a configuration that the core of a connection needs. Reads ModuliFile; the log says what is wrong
// with that file.
std::shared_ptr<const ServerConnectionSettings> connection_settings(const ServerConfig& config,
                                                                    const HostKeys& host_keys, KeyLog key_log,
                                                                    const Log& log);

}  // namespace glassh
