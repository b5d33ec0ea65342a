#include "server/setup.h"

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <unistd.h>

#include "auth/our_algorithms.h"
#include "server/host_key_files.h"
#include "server/login/login_terms.h"
#include "server/login/password_store.h"
#include "transport/version_exchange.h"

namespace glassh {

namespace {
constexpr const char* default_config_file = "/etc/ssh/sshd_config";
constexpr const char* system_host_key_directory = "/etc/ssh";
}  // namespace

Configuration read_configuration(const ServerOptions& options) {
  ServerConfigReader reader(our_algorithm_names(Role::server));
  reader.options(options);
  if (!options.config_file) {
    if (::access(default_config_file, R_OK) == 0) reader.file(default_config_file);
  } else if (!equal_ignoring_case(*options.config_file, "none")) {
    reader.file(*options.config_file);
  }
  ServerConfig config = reader.finish();
  return {std::move(config), reader.notes()};
}

HostKeySigner read_host_keys(const ServerConfig& config, const Account& account, Rng* rng, const Log& log) {
  if (!config.host_keys.empty()) return load_host_keys(config.host_keys, log, config.required_rsa_size);
  return default_host_keys(system_host_key_directory, state_directory(account, std::getenv("XDG_STATE_HOME")), rng, log,
                           config.required_rsa_size);
}

void check_authentication(const ServerConfig& config, const Account& account) {
  const ServerAuthSettings settings = auth_settings(config);
  if (AuthenticationProgress(settings.methods, enabled_methods(settings)).impossible()) {
    throw std::runtime_error("AuthenticationMethods cannot be satisfied by enabled authentication methods");
  }
  if (config.password_file.empty()) return;
  const StoredPassword stored = find_in_password_file(config.password_file, account.name, account.uid);
  if (!stored.problem.empty()) throw std::runtime_error(fmt::format("PasswordFile: {}", stored.problem));
}

void check_host_keys(const ServerConfig& config, const HostKeys& host_keys) {
  if (host_keys.usable(config.host_key_algorithms).empty()) {
    throw std::runtime_error("HostKeyAlgorithms names no algorithm that one of the host keys has");
  }
}

Generation::Generation(const Lasting& lasting, ServerConfig its_config, HostKeySigner its_host_keys)
    : config(std::make_shared<const ServerConfig>(std::move(its_config))),
      host_keys(its_host_keys.public_keys()),
      settings(connection_settings(*config, host_keys, lasting.key_log.write, lasting.log)),
      keeper({config, std::move(its_host_keys),
              identification(settings->transport.software_version, settings->transport.version_comment),
              settings->transport.kex.proposal.host_key, lasting.account, lasting.log, lasting.passwords}),
      context{*config,
              lasting.log,
              host_keys,
              keeper,
              lasting.rng,
              settings,
              lasting.open_files,
              lasting.trace.write,
              lasting.trace.style} {}

}  // namespace glassh
