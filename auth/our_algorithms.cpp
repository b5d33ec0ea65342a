// Apart from config_algorithms.cpp, so that reading a configuration does not need libcrypto.
#include "auth/config_algorithms.h"
#include "crypto/kex_method.h"
#include "crypto/key.h"
#include "crypto/packet_cipher.h"

namespace glassh {

AlgorithmNames our_algorithm_names() {
  return {cipher_names(), mac_names(), kex_names(), signature_algorithm_names(), key_type_names()};
}

}  // namespace glassh
