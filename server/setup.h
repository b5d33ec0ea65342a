// Reads the configuration and the host keys, and checks that a user could log in with them. glasshd reads them at its
// start, and again at SIGHUP; a connection keeps those that were read when it began.
//
//   Configuration read = read_configuration(options);
//   const Generation generation(lasting, read.config, read_host_keys(read.config, account, &rng, log));
#pragma once

#include <memory>
#include <vector>

#include "server/config/server_options.h"
#include "server/login/local_keeper.h"
#include "server/server_context.h"
#include "server/trace_output.h"

namespace glassh {

struct Configuration {
  ServerConfig config;
  std::vector<ConfigNote> notes;
};
// Without -f: sshd's own file, if there is one that we may read. Throws std::runtime_error with file and line.
Configuration read_configuration(const ServerOptions& options);

// Without HostKey: the system's, or else our own, which `rng` makes if there are none; null: nothing is made.
HostKeySigner read_host_keys(const ServerConfig& config, const Account& account, Rng* rng, const Log& log);

// Throw std::runtime_error if no user could log in, before one tries. (A Match block may still change that.)
void check_authentication(const ServerConfig& config, const Account& account);
void check_host_keys(const ServerConfig& config, const HostKeys& host_keys);

// The parts of glasshd that stay the same while the process lives.
struct Lasting {
  const Account& account;
  Log& log;
  Rng& rng;
  Passwords& passwords;
  KeyLogOutput key_log = {};
  TraceOutput trace = {};
  std::uint64_t open_files = 0;
};

// The configuration and host keys that were read at one time, and the context of the connections that began then.
struct Generation {
  Generation(const Lasting& lasting, ServerConfig its_config, HostKeySigner its_host_keys);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  const std::shared_ptr<const ServerConfig> config;  // sessions may outlive the rest
  const HostKeys host_keys;
  const std::shared_ptr<const ServerConnectionSettings> settings;
  const LocalKeeper keeper;
  const ServerContext context;
};

}  // namespace glassh
