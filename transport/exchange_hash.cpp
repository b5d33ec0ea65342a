#include "transport/exchange_hash.h"

namespace glassh {

// RFC 4253 section 8 [4253-8-5]: H = hash(V_C, V_S, I_C, I_S, K_S, e, f, K). The versions are lines without their ends
// [4253-4.2-10]. RFC 5656 section 4 [5656-4-7]: the shares are strings there. RFC 4419 section 3 [4419-3-10]: what was
// said about the group stands between K_S and e.
Digest exchange_hash(const ExchangeParts& parts, HashName hash_name, bool shares_are_mpints) {
  Hash hash(hash_name);
  hash.string(bytes_of(parts.client_version));
  hash.string(bytes_of(parts.server_version));
  hash.string(parts.client_kexinit);
  hash.string(parts.server_kexinit);
  hash.string(parts.host_key);
  hash.raw(parts.group);
  if (shares_are_mpints) {
    hash.mpint(parts.client_share);
    hash.mpint(parts.server_share);
  } else {
    hash.string(parts.client_share);
    hash.string(parts.server_share);
  }
  hash.raw(parts.shared_secret);
  return hash.finish();
}

}  // namespace glassh
