// Apart from config_algorithms.cpp, so that reading a configuration does not need libcrypto.
#include "auth/config_algorithms.h"
#include "crypto/kex_method.h"
#include "crypto/key.h"
#include "crypto/packet_cipher.h"

namespace glassh {

AlgorithmNames our_algorithm_names(Role role) {
  AlgorithmNames names{cipher_names(), mac_names(), kex_names(), signature_algorithm_names(), key_type_names()};
  if (role == Role::server) {
    // Like OpenSSH since 10.0: a server offers Diffie-Hellman over integers only when KexAlgorithms says so.
    std::erase_if(names.kex.defaults, [](std::string_view name) { return name.starts_with("diffie-hellman-"); });
  }
  return names;
}

}  // namespace glassh
