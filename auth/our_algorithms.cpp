#include "auth/our_algorithms.h"

#include <algorithm>

#include "crypto/ciphers/packet_cipher.h"
#include "crypto/kex/kex_method.h"
#include "crypto/keys/key.h"

namespace glassh {
namespace {

// What we have, in the order in which ssh -Q lists it. It is another one than that of preference, and patterns follow
// it: "rsa-*" is rsa-sha2-256, then rsa-sha2-512.
constexpr std::string_view in_openssh_order[] = {
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",

    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",

    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    "mlkem768x25519-sha256",

    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "rsa-sha2-256",
    "rsa-sha2-512",
};

AlgorithmSet ordered(const std::vector<std::string_view>& by_preference) {
  AlgorithmSet names(by_preference);
  std::stable_sort(names.supported.begin(), names.supported.end(), [](std::string_view a, std::string_view b) {
    return std::find(std::begin(in_openssh_order), std::end(in_openssh_order), a) <
           std::find(std::begin(in_openssh_order), std::end(in_openssh_order), b);
  });
  return names;
}

}  // namespace

AlgorithmNames our_algorithm_names(Role role) {
  AlgorithmNames names{ordered(cipher_names()), ordered(mac_names()), ordered(kex_names()),
                       ordered(signature_algorithm_names()), ordered(key_type_names()).supported};
  if (role == Role::server) {
    // Like OpenSSH since 10.0: a server offers Diffie-Hellman over integers only when KexAlgorithms says so.
    std::erase_if(names.kex.defaults, [](std::string_view name) { return name.starts_with("diffie-hellman-"); });
  }
  return names;
}

}  // namespace glassh
