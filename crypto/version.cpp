#include "crypto/version.h"

#include <openssl/crypto.h>

namespace glassh {

std::string_view libcrypto_version() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace glassh
