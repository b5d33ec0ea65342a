#include "crypto/kex/kex_curve25519.h"

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

Bytes KexCurve25519::respond(Bytes client_share, Rng& rng) {
  const Bytes share = start(rng);
  compute_shared_secret(client_share, "Q_C");
  return share;
}

void KexCurve25519::finish(Bytes server_share) { compute_shared_secret(server_share, "Q_S"); }

void KexCurve25519::compute_shared_secret(Bytes peer_share, const char* field) {
  // RFC 8731 section 3 [8731-3-4]: a share has exactly 32 bytes.
  if (peer_share.size() != X25519::key_size) {
    throw ProtocolError(DisconnectReason::key_exchange_failed, fmt::format("curve25519-sha256: {} has {} bytes, not {}",
                                                                           field, peer_share.size(), X25519::key_size));
  }
  std::optional<SecretBytes> result = key_.agree(peer_share);
  // RFC 8731 section 3 [8731-3-2] [8731-3-3]: a shared secret of zeros ends the key exchange. [8731-3-5]: the reason
  // that we give is key_exchange_failed.
  if (!result) {
    throw ProtocolError(DisconnectReason::key_exchange_failed,
                        fmt::format("curve25519-sha256: {} is a point of small order", field));
  }
  // RFC 8731 section 3.1 [8731-3.1-1]: these bytes, first one most significant, are K.
  shared_secret_ = std::move(*result);
}

}  // namespace glassh
