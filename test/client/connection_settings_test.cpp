#include "client/connection_settings.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

TEST(ConnectionSettings, TheConfigurationsOrderIsTheProposals) {  // [4251-4.3-2] keeps, [4251-4.3-3]
  ClientConfig config;
  config.user = "ada";
  config.ciphers = {"aes256-ctr", "aes128-gcm@openssh.com"};
  config.macs = {"hmac-sha2-512", "hmac-sha2-256"};
  config.kex_algorithms = {"ecdh-sha2-nistp256", "curve25519-sha256"};
  config.pubkey_accepted_algorithms = {"rsa-sha2-512"};
  config.rekey_limit = {1 << 20, std::chrono::seconds(60)};
  config.server_alive_interval_seconds = 7;
  config.server_alive_count_max = 9;
  config.preferred_authentications = {"password", "keyboard-interactive", "hostbased", "publickey"};
  config.number_of_password_prompts = 2;
  config.kbd_interactive_devices = "pam";
  config.pubkey_authentication = PubkeyAuthentication::unbound;
  const std::vector<std::string> host_key = {"rsa-sha2-256", "ssh-ed25519"};
  const auto settings = connection_settings(config, host_key, {});
  const Proposal& proposal = settings->transport.kex.proposal;
  EXPECT_EQ(settings->transport.kex.role, Role::client);
  EXPECT_EQ(proposal.cipher_client_to_server, config.ciphers);
  EXPECT_EQ(proposal.cipher_server_to_client, config.ciphers);
  EXPECT_EQ(proposal.mac_client_to_server, config.macs);
  EXPECT_EQ(proposal.mac_server_to_client, config.macs);
  EXPECT_EQ(proposal.kex, config.kex_algorithms);
  EXPECT_EQ(proposal.host_key, host_key);
  EXPECT_EQ(settings->transport.rekey_limit.bytes, 1u << 20);
  EXPECT_EQ(settings->transport.rekey_limit.time, std::chrono::seconds(60));
  EXPECT_EQ(settings->auth.user, "ada");
  EXPECT_EQ(settings->auth.accepted_algorithms, config.pubkey_accepted_algorithms);
  EXPECT_EQ(settings->auth.methods, config.preferred_authentications);
  EXPECT_EQ(settings->auth.password_prompts, 2u);
  EXPECT_EQ(settings->auth.interactive_devices, "pam");
  EXPECT_FALSE(settings->auth.host_bound);
  EXPECT_EQ(settings->server_alive_interval, std::chrono::seconds(7));
  EXPECT_EQ(settings->server_alive_count_max, 9u);
}

// As ssh(1): compression is always on offer; the keyword says what is preferred.
TEST(ConnectionSettings, CompressionIsAMatterOfOrder) {
  ClientConfig config;
  for (const bool compression : {false, true}) {
    config.compression = compression;
    const auto settings = connection_settings(config, {}, {});
    const Proposal& proposal = settings->transport.kex.proposal;
    const std::vector<std::string> expected = compression ? std::vector<std::string>{"zlib@openssh.com", "none"}
                                                          : std::vector<std::string>{"none", "zlib@openssh.com"};
    EXPECT_EQ(proposal.compression_client_to_server, expected);
    EXPECT_EQ(proposal.compression_server_to_client, expected);
  }
}

}  // namespace
}  // namespace glassh
