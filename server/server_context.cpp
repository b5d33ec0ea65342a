#include "server/server_context.h"

#include "config/small_file.h"
#include "server/login/password_store.h"
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

ServerAuthSettings auth_settings(const ServerConfig& config) {
  ServerAuthSettings settings;
  settings.publickey = config.pubkey_authentication;
  settings.password = config.password_authentication && has_passwords(config);
  settings.keyboard_interactive = config.kbd_interactive_authentication && has_passwords(config);
  settings.empty_password = config.permit_empty_passwords;
  settings.methods = config.authentication_methods;
  settings.accepted_algorithms = config.pubkey_accepted_algorithms;
  settings.max_tries = config.max_auth_tries;
  return settings;
}

std::string banner_text(const ServerConfig& config, const Log& log) {
  // It has to fit into one packet, in which each line ends in two characters (RFC 4252 section 5.4 [4252-5.4-5]).
  constexpr std::size_t limit = 16 * 1024;
  if (config.banner.empty()) return {};
  try {
    return std::string(text_of(read_small_file(config.banner, limit).content.reveal()));
  } catch (const FileError& error) {
    log.verbose("Banner: {}", error.what());
    return {};
  }
}

bool has_passwords(const ServerConfig& config) { return !config.password_file.empty() || shadow_is_readable(); }

}  // namespace glassh
