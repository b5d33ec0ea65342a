#include "crypto/kex/kex_method.h"

#include <stdexcept>

#include <fmt/format.h>

#include "crypto/kex/kex_curve25519.h"
#include "crypto/kex/kex_dh.h"
#include "crypto/kex/kex_ecdh_nist.h"
#include "crypto/kex/kex_hybrid.h"

namespace glassh {

namespace {

constexpr std::string_view group14 = "diffie-hellman-group14-sha256";
constexpr std::string_view group16 = "diffie-hellman-group16-sha512";
constexpr std::string_view group18 = "diffie-hellman-group18-sha512";

}  // namespace

const std::vector<std::string_view>& kex_names() {
  // Best first. RFC 9142 sections 3.2.1 and 3.4 [9142-3.2.1-3] [9142-3.4-2] [9142-3.4-3]: methods with SHA-1 are
  // advised against, so none is here. Section 3.3 [9142-3.3-1]: the exchange of keys by RSA is forbidden.
  static const std::vector<std::string_view> names = {
      "mlkem768x25519-sha256",
      "sntrup761x25519-sha512",
      "sntrup761x25519-sha512@openssh.com",
      // RFC 9142 section 3.1.1 [9142-3.1.1-1]: it should be there. RFC 8731 section 1: libssh.org's is its older name.
      "curve25519-sha256",
      "curve25519-sha256@libssh.org",
      // RFC 5656 section 4 [5656-4-1]: an implementation with elliptic curves has these methods. RFC 9142 section 3.1.3
      // [9142-3.1.3-1] [9142-3.1.3-2] [9142-3.1.3-3]: all three of them should be there.
      nistp256.kex_name,
      nistp384.kex_name,
      nistp521.kex_name,
      group_exchange_name,  // RFC 9142 section 3.2.1 [9142-3.2.1-4]: it may be used
      group16,              // RFC 9142 section 3.2.2 [9142-3.2.2-3]: it should be there
      group18,              // RFC 9142 section 3.2.2 [9142-3.2.2-4]: it may be there
      // RFC 9142 section 3.2.2 [9142-3.2.2-1] and RFC 8268 section 3 [8268-3-1]: every implementation has this one.
      group14,
  };
  return names;
}

std::unique_ptr<KexMethod> make_kex_method(std::string_view name) {
  if (name == "curve25519-sha256" || name == "curve25519-sha256@libssh.org") return std::make_unique<KexCurve25519>();
  if (name == nistp256.kex_name) return std::make_unique<KexEcdhNist>(nistp256);
  if (name == nistp384.kex_name) return std::make_unique<KexEcdhNist>(nistp384);
  if (name == nistp521.kex_name) return std::make_unique<KexEcdhNist>(nistp521);
  // RFC 8268 section 3 [8268-3-2]: groups above group14 hash with SHA-512.
  if (name == group14) return std::make_unique<KexDh>(HashName::sha256, rfc3526_group(2048), group14);
  if (name == group16) return std::make_unique<KexDh>(HashName::sha512, rfc3526_group(4096), group16);
  if (name == group18) return std::make_unique<KexDh>(HashName::sha512, rfc3526_group(8192), group18);
  if (auto hybrid = make_kex_hybrid(name)) return hybrid;
  throw std::invalid_argument(fmt::format("no key exchange method is called \"{}\"", name));
}

// RFC 4419 section 4.2 [4419-4.2-1]: the keys are derived with SHA-256 as well.
std::unique_ptr<KexMethod> make_group_exchange_method(const DhGroup& group) {
  return std::make_unique<KexDh>(HashName::sha256, group, group_exchange_name);
}

}  // namespace glassh
