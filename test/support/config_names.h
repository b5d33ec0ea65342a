// A small set of algorithms for tests of configurations, so that they stay true when the programs learn more.
#pragma once

#include "config/algorithm_lists.h"

namespace glassh::test {

inline AlgorithmNames few_algorithms() {
  return {{"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr", "aes128-ctr"},
          {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512"},
          {"curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256"},
          {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"},
          {"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"}};
}

// The text of the ConfigError that `act` throws; "" if it throws none.
template <class Act>
std::string config_error_of(Act act) {
  try {
    act();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace glassh::test
