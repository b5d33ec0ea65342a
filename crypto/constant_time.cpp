#include "crypto/constant_time.h"

#include <openssl/crypto.h>

namespace glassh {

bool equal_in_constant_time(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  return a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace glassh
