#include "client/connection_settings.h"

#include <chrono>
#include <utility>

namespace glassh {

// RFC 4251 section 4.3 [4251-4.3-2]: the configuration's order is the order of preference that KEXINIT shows.
std::shared_ptr<const ClientConnectionSettings> connection_settings(const ClientConfig& config,
                                                                    std::vector<std::string> host_key_algorithms,
                                                                    KeyLog key_log) {
  auto settings = std::make_shared<ClientConnectionSettings>();
  KexSettings& kex = settings->transport.kex;
  kex.role = Role::client;
  kex.proposal.kex = config.kex_algorithms;
  kex.proposal.host_key = std::move(host_key_algorithms);
  kex.proposal.cipher_client_to_server = kex.proposal.cipher_server_to_client = config.ciphers;
  kex.proposal.mac_client_to_server = kex.proposal.mac_server_to_client = config.macs;
  std::vector<std::string> compression = {"none", std::string(delayed_zlib)};
  if (config.compression) std::swap(compression[0], compression[1]);
  kex.proposal.compression_client_to_server = kex.proposal.compression_server_to_client = std::move(compression);
  kex.key_log = std::move(key_log);
  settings->transport.rekey_limit = config.rekey_limit;
  settings->auth.user = config.user;
  settings->auth.methods = config.authentication_methods();
  settings->auth.accepted_algorithms = config.pubkey_accepted_algorithms;
  settings->auth.password_prompts = config.number_of_password_prompts;
  settings->auth.interactive_devices = config.kbd_interactive_devices;
  settings->auth.host_bound = config.pubkey_authentication != PubkeyAuthentication::unbound;
  settings->server_alive_interval = std::chrono::seconds(config.server_alive_interval_seconds);
  settings->server_alive_count_max = config.server_alive_count_max;
  return settings;
}

}  // namespace glassh
