#include "server/server_context.h"

#include "server/moduli_file.h"

namespace glassh {

std::shared_ptr<const ServerConnectionSettings> connection_settings(const ServerConfig& config,
                                                                    const HostKeys& host_keys, KeyLog key_log,
                                                                    const Log& log) {
  ServerConnectionSettings settings;
  TransportSettings& transport = settings.transport;
  transport.kex.role = Role::server;
  transport.kex.proposal.kex = config.kex_algorithms;
  transport.kex.proposal.host_key = host_keys.usable(config.host_key_algorithms);
  transport.kex.proposal.cipher_client_to_server = config.ciphers;
  transport.kex.proposal.cipher_server_to_client = config.ciphers;
  transport.kex.proposal.mac_client_to_server = config.macs;
  transport.kex.proposal.mac_server_to_client = config.macs;
  if (config.compression) {
    transport.kex.proposal.compression_client_to_server = {"none", std::string(delayed_zlib)};
    transport.kex.proposal.compression_server_to_client = {"none", std::string(delayed_zlib)};
  }
  transport.kex.host_keys = host_keys.offered();
  transport.kex.groups = read_moduli_file(config, log);
  transport.kex.key_log = std::move(key_log);
  transport.rekey_limit = config.rekey_limit;
  transport.version_comment = config.version_addendum;
  transport.server_sig_algs = config.pubkey_accepted_algorithms;
  settings.login_grace = std::chrono::seconds(config.login_grace_seconds);
  settings.client_alive_interval = std::chrono::seconds(config.client_alive_interval_seconds);
  settings.client_alive_count_max = config.client_alive_count_max;
  return std::make_shared<const ServerConnectionSettings>(std::move(settings));
}

}  // namespace glassh
