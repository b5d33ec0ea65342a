#include "crypto/kex_method.h"

#include <stdexcept>

#include <fmt/format.h>

#include "crypto/kex_curve25519.h"
#include "crypto/kex_ecdh_nist.h"
#include "crypto/kex_hybrid.h"

namespace glassh {

const std::vector<std::string_view>& kex_names() {
  // RFC 5656 section 4 [5656-4-1] and RFC 9142 section 3.1 [9142-3.1.1-1] [9142-3.1.3-1]. RFC 8731 section 1:
  // the name at libssh.org is an older one.
  static const std::vector<std::string_view> names = {
      "mlkem768x25519-sha256", "sntrup761x25519-sha512",       "sntrup761x25519-sha512@openssh.com",
      "curve25519-sha256",     "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256",
  };
  return names;
}

std::unique_ptr<KexMethod> make_kex_method(std::string_view name) {
  if (name == "curve25519-sha256" || name == "curve25519-sha256@libssh.org") return std::make_unique<KexCurve25519>();
  if (name == "ecdh-sha2-nistp256") return std::make_unique<KexEcdhNist>();
  if (auto hybrid = make_kex_hybrid(name)) return hybrid;
  throw std::invalid_argument(fmt::format("no key exchange method is called \"{}\"", name));
}

}  // namespace glassh
