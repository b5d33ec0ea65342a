#include "transport/key_derivation.h"

#include <algorithm>

#include "proto/wire.h"

namespace glassh {

SecretBytes encode_shared_secret(const KexMethod& method) {
  const auto encode_as = [](auto value) {
    Measurer measurer;
    measurer("K", value);
    SecretBytes encoded(measurer.size);
    Encoder encoder(encoded.reveal().data());
    encoder("K", value);
    return encoded;
  };
  const Bytes K = method.shared_secret().reveal();
  return method.shared_secret_is_mpint() ? encode_as(Mpint{K}) : encode_as(K);
}

// RFC 4253 section 7.2 [4253-7.2-3] [4253-7.2-4] [4253-7.2-5]:
//   K1 = HASH(K || H || letter || session_id), Kn = HASH(K || H || K1 || … || Kn-1); the key is their beginning.
SecretBytes derive_key(HashName hash, Bytes encoded_shared_secret, Bytes exchange_hash, char letter, Bytes session_id,
                       std::size_t size) {
  const std::size_t step = hash_size(hash);
  SecretBytes key((size + step - 1) / step * step);
  for (std::size_t done = 0; done < size; done += step) {
    Hash next(hash);
    next.raw(encoded_shared_secret).raw(exchange_hash);
    if (done == 0) {
      const std::uint8_t letter_byte = static_cast<std::uint8_t>(letter);
      next.raw({&letter_byte, 1}).raw(session_id);
    } else {
      next.raw(key.reveal().first(done));
    }
    Digest digest = next.finish();
    std::copy_n(digest.bytes().begin(), step, key.reveal().begin() + static_cast<std::ptrdiff_t>(done));
    wipe(digest.writable());
  }
  key.truncate(size);
  return key;
}

}  // namespace glassh
