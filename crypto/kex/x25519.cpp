#include "crypto/kex/x25519.h"

#include <cassert>

#include "crypto/constant_time.h"
#include "crypto/libcrypto.h"

namespace glassh {

// RFC 5656 section 9 [5656-9-2]: a fresh key for this exchange only; it is wiped with this object.
Bytes X25519::generate(Rng& rng) {
  private_key_ = SecretBytes(key_size);
  rng.fill(private_key_.reveal());
  key_ = EvpPkey(
      check_pointer(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, private_key_.reveal().data(), key_size),
                    "X25519 private key"));
  std::size_t size = public_key_.size();
  check(EVP_PKEY_get_raw_public_key(key_.get(), public_key_.data(), &size), "EVP_PKEY_get_raw_public_key");
  return public_key_;
}

std::optional<SecretBytes> X25519::agree(Bytes peer) const {
  assert(!private_key_.empty() && peer.size() == key_size);
  const EvpPkey theirs(check_pointer(EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, peer.data(), key_size),
                                     "X25519 public key"));
  const EvpPkeyCtx context(
      check_pointer(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr), "EVP_PKEY_CTX_new_from_pkey"));
  check(EVP_PKEY_derive_init(context.get()), "EVP_PKEY_derive_init");
  check(EVP_PKEY_derive_set_peer_ex(context.get(), theirs.get(), 0), "EVP_PKEY_derive_set_peer_ex");
  // RFC 7748 section 5 as RFC 8731 section 3 [8731-3-1] wants it.
  SecretBytes result(key_size);
  std::size_t size = result.size();
  const bool derived = EVP_PKEY_derive(context.get(), result.reveal().data(), &size) > 0 && size == key_size;
  // RFC 8731 section 3 [8731-3-2] [8731-3-3]: a point of small order makes the result zero, whatever our key.
  // libcrypto reports that as a failure; we do not rely on it.
  const std::array<std::uint8_t, key_size> zero{};
  if (derived && !equal_in_constant_time(result.reveal(), zero)) return result;
  clear_libcrypto_errors();
  return std::nullopt;
}

}  // namespace glassh
