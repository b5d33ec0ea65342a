// What all connections of one glasshd share. It is made at the start, handed down, and never changed after that; SIGHUP
// makes another one for the connections that come later.
//
//   const ServerContext context{config, account, log, host_keys, rng, passwords, connection_settings(config, …)};
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "crypto/rng.h"
#include "proto/trace.h"
#include "server/account.h"
#include "server/config/server_config.h"
#include "server/host_keys.h"
#include "server/log.h"
#include "server/login/passwords.h"
#include "server/server_connection.h"

namespace glassh {

struct ServerContext {
  const ServerConfig& config;
  const Account& account;
  const Log& log;
  const HostKeys& host_keys;
  Rng& rng;  // safe from several threads
  Passwords& passwords;
  std::shared_ptr<const ServerConnectionSettings> settings;
  std::uint64_t open_files = 0;  // what programs get as their limit of descriptors
  // --trace: whole lines, safe from several threads; empty: off.
  std::function<void(std::string_view)> trace = {};
  TraceStyle trace_style = {};
};

// What the core needs of a configuration: for a connection, and for the user who logs in. ModuliFile is read for the
// former, and the log says what is wrong with it.
std::shared_ptr<const ServerConnectionSettings> connection_settings(const ServerConfig& config,
                                                                    const HostKeys& host_keys, KeyLog key_log,
                                                                    const Log& log);
ServerAuthSettings auth_settings(const ServerConfig& config);
// What Banner's file says now; empty if there is none, or none that can be sent, which the log then says.
std::string banner_text(const ServerConfig& config, const Log& log);
// PasswordFile, or a shadow(5) that we may read; without either no password can be right, and none is asked for.
bool has_passwords(const ServerConfig& config);

}  // namespace glassh
