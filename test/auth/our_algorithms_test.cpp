#include "auth/our_algorithms.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glassh {
namespace {

TEST(OurAlgorithms, OursAreWhatCryptoHas) {
  for (const Role role : {Role::client, Role::server}) {
    const auto ours = our_algorithm_names(role);
    for (const auto* const names : {&ours.ciphers, &ours.macs, &ours.kex, &ours.signatures}) {
      EXPECT_FALSE(names->defaults.empty());
    }
    EXPECT_FALSE(ours.key_types.empty());
  }
}

// OpenSSH 10's order of preference (its UMACs and SHA-1 left out), and ssh -Q's for patterns.
TEST(OurAlgorithms, OursAreOfferedInTheOrderOfOpenSsh) {
  const auto ours = our_algorithm_names(Role::client);
  const auto joined = [](const std::vector<std::string_view>& names) {
    return fmt::format("{}", fmt::join(names, ","));
  };
  EXPECT_EQ(joined(ours.ciphers.defaults),
            "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
            "aes128-ctr,aes192-ctr,aes256-ctr");
  EXPECT_EQ(joined(ours.macs.defaults),
            "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512");
  EXPECT_EQ(joined(ours.signatures.defaults),
            "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256");
  std::vector<ConfigNote> notes;
  EXPECT_EQ(join_names(choose_algorithms("rsa*", "HostKeyAlgorithms", ours.signatures, notes)),
            "rsa-sha2-256,rsa-sha2-512");
  EXPECT_EQ(join_names(choose_algorithms("^rsa*", "HostKeyAlgorithms", ours.signatures, notes)),
            "rsa-sha2-256,rsa-sha2-512,ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521");
  EXPECT_EQ(join_names(choose_algorithms("aes*", "Ciphers", ours.ciphers, notes)),
            "aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com");
}

// Like OpenSSH since 10.0; what a server does not offer of itself it still takes by name.
TEST(OurAlgorithms, OnlyAClientOffersDiffieHellmanOverIntegersByDefault) {
  const auto count = [](const std::vector<std::string_view>& names) {
    return std::count_if(names.begin(), names.end(),
                         [](std::string_view name) { return name.starts_with("diffie-hellman-"); });
  };
  const AlgorithmSet client = our_algorithm_names(Role::client).kex;
  const AlgorithmSet server = our_algorithm_names(Role::server).kex;
  EXPECT_EQ(client.supported, server.supported);
  EXPECT_THAT(client.defaults, testing::UnorderedElementsAreArray(client.supported));
  EXPECT_EQ(count(server.defaults), 0);
  EXPECT_EQ(static_cast<std::size_t>(count(server.supported)), server.supported.size() - server.defaults.size());
}

}  // namespace
}  // namespace glassh
