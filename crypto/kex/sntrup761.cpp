#include "crypto/kex/sntrup761.h"

#include <algorithm>
#include <initializer_list>
#include <stdexcept>

#include <fmt/format.h>

#include "crypto/constant_time.h"
#include "crypto/hash.h"
#include "crypto/kex/sntrup761_encoding.h"
#include "crypto/kex/sntrup761_ring.h"

namespace glassh::sntrup761 {
namespace {

constexpr std::size_t hash_bytes = 32;
static_assert(public_key_size == rq_size);
static_assert(ciphertext_size == rounded_size + hash_bytes);
static_assert(secret_key_size == 2 * small_size + public_key_size + small_size + hash_bytes);

// ---- The hashes, section 3.4: SHA-512's first half, with a byte in front that tells their uses apart.

void hash(std::uint8_t b, std::initializer_list<Bytes> input, MutableBytes out) {
  Hash sha512(HashName::sha512);
  sha512.raw(std::array{b});
  for (const Bytes part : input) sha512.raw(part);
  Digest digest = sha512.finish();
  std::copy_n(digest.bytes().begin(), hash_bytes, out.begin());
  glassh::wipe(digest.writable());
}

// HashConfirm: proves that the maker of the ciphertext knew r. `key_hash` is Hash_4 of the public key.
void hash_confirm(Bytes r, Bytes key_hash, MutableBytes out) {
  SecretBytes hash_of_r(hash_bytes);
  hash(3, {r}, hash_of_r.reveal());
  hash(2, {hash_of_r.reveal(), key_hash}, out);
}

// HashSession: b is 1, or 0 for a ciphertext that is rejected.
SecretBytes hash_session(std::uint8_t b, Bytes r, Bytes ciphertext) {
  SecretBytes hash_of_r(hash_bytes);
  hash(3, {r}, hash_of_r.reveal());
  SecretBytes secret(shared_secret_size);
  hash(b, {hash_of_r.reveal(), ciphertext}, secret.reveal());
  return secret;
}

// ---- Streamlined NTRU Prime Core, section 3.2

// Decrypt: r, if the ciphertext was made of one; else something of weight w that is no secret.
Small decrypt(const Small& f, const Small& reciprocal_of_g, const Rq& c) {
  const Small e = modulo_3(three_times(multiply(c, f)));
  Small r = multiply3(e, reciprocal_of_g);
  const std::int8_t wrong = weight_is_not_w(r);
  for (std::size_t i = 0; i < p; ++i) {
    const std::int8_t instead = i < w ? 1 : 0;
    r.at[i] = static_cast<std::int8_t>(r.at[i] ^ (wrong & (r.at[i] ^ instead)));
  }
  return r;
}

// Hide: the whole ciphertext, Encrypt's Round(h r) and the confirmation, for r in both of its forms.
std::array<std::uint8_t, ciphertext_size> hide(const Small& r, Bytes encoded_r, const Rq& h, Bytes key_hash) {
  std::array<std::uint8_t, ciphertext_size> ciphertext;
  encode_rounded(round(multiply(h, r)), MutableBytes(ciphertext).first(rounded_size));
  hash_confirm(encoded_r, key_hash, MutableBytes(ciphertext).last(hash_bytes));
  return ciphertext;
}

SecretBytes encoded(const Small& r) {
  SecretBytes bytes(small_size);
  encode_small(r, bytes.reveal());
  return bytes;
}

void check_size(Bytes bytes, std::size_t size, const char* what) {
  if (bytes.size() == size) return;
  throw std::invalid_argument(fmt::format("sntrup761: {} has {} bytes, not {}", what, bytes.size(), size));
}

}  // namespace

// The secret key is f || 1/g || public key || rho || Hash_4(public key).
KeyPair key_gen(Rng& rng) {
  Small g = random_small(rng);
  std::optional<Small> reciprocal_of_g = reciprocal3(g);
  while (!reciprocal_of_g) {  // thrown away, so that nothing of the next one shows in the time
    g = random_small(rng);
    reciprocal_of_g = reciprocal3(g);
  }
  const Small f = random_short(rng);
  const Rq h = multiply(reciprocal_of_3f(f), g);

  KeyPair keys{{}, SecretBytes(secret_key_size)};
  const Bytes public_key = keys.public_key;
  encode_rq(h, keys.public_key);
  const MutableBytes sk = keys.secret_key.reveal();
  encode_small(f, sk.first(small_size));
  encode_small(*reciprocal_of_g, sk.subspan(small_size, small_size));
  std::copy(public_key.begin(), public_key.end(), sk.begin() + 2 * small_size);
  rng.fill(sk.subspan(2 * small_size + public_key_size, small_size));
  hash(4, {public_key}, sk.last(hash_bytes));
  return keys;
}

Encapsulated encap(Bytes public_key, Rng& rng) {
  check_size(public_key, public_key_size, "the public key");
  std::array<std::uint8_t, hash_bytes> key_hash;
  hash(4, {public_key}, key_hash);
  const Small r = random_short(rng);
  const SecretBytes encoded_r = encoded(r);
  Encapsulated result{hide(r, encoded_r.reveal(), decode_rq(public_key), key_hash), {}};
  result.shared_secret = hash_session(1, encoded_r.reveal(), result.ciphertext);
  return result;
}

// Whether the ciphertext was a good one shows in nothing but which secret comes out.
SecretBytes decap(Bytes secret_key, Bytes ciphertext) {
  check_size(secret_key, secret_key_size, "the secret key");
  check_size(ciphertext, ciphertext_size, "the ciphertext");
  const Small f = decode_small(secret_key.first(small_size));
  const Small reciprocal_of_g = decode_small(secret_key.subspan(small_size, small_size));
  const Bytes public_key = secret_key.subspan(2 * small_size, public_key_size);
  const Bytes rho = secret_key.subspan(2 * small_size + public_key_size, small_size);
  const Bytes key_hash = secret_key.last(hash_bytes);

  const Small r = decrypt(f, reciprocal_of_g, decode_rounded(ciphertext.first(rounded_size)));
  SecretBytes encoded_r = encoded(r);
  std::array<std::uint8_t, ciphertext_size> expected = hide(r, encoded_r.reveal(), decode_rq(public_key), key_hash);
  const std::uint8_t differs = mask_if_different(ciphertext, expected);
  glassh::wipe(expected);
  choose(differs, rho, encoded_r.reveal());
  return hash_session(static_cast<std::uint8_t>(1 + differs), encoded_r.reveal(), ciphertext);
}

}  // namespace glassh::sntrup761
