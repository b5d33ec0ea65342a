#include "crypto/kex/kex_dh.h"

#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "crypto/libcrypto.h"
#include "proto/error.h"

namespace glassh {

namespace {

// RFC 4419 section 6.2 [4419-6.2-1]: twice the longest key that is derived, which is chacha20-poly1305's and
// HMAC-SHA-512's with 64 bytes. It is far more than twice the strength of any of these groups (RFC 3526 section 8: 620
// bits for the largest), and shorter than any p, so that 1 < x < (p-1)/2.
constexpr std::size_t exponent_size = 128;

Bignum number_of(Bytes magnitude) {
  return Bignum(check_pointer(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr), "BN_bin2bn"));
}

}  // namespace

KexDh::KexDh(HashName hash, DhGroup group, std::string_view name) : hash_(hash), group_(std::move(group)), name_(name) {
  assert(group_.bits >= smallest_group);
}

// RFC 4253 section 8 [4253-8-1]: a random x, for this exchange only. Its top bit is set, so that every exponent is
// equally long.
Bytes KexDh::start(Rng& rng) {
  private_key_ = SecretBytes(exponent_size);
  rng.fill(private_key_.reveal());
  private_key_.reveal()[0] |= 0x80;
  const SecretBytes share = power(group_.g);
  share_ = copy_of(share.reveal());
  // RFC 8268 section 4 [8268-4-3], RFC 4253 section 8 [4253-8-2], RFC 4419 section 3 [4419-3-4]: nothing outside is
  // sent. Only in a group that a peer made for it can that happen.
  if (!in_open_range(share_)) refuse("g generates too small a group modulo p");
  return share_;
}

Bytes KexDh::respond(Bytes client_share, Rng& rng) {
  if (!in_open_range(client_share)) refuse("e is not in [2, p-2]");  // before any work
  start(rng);
  compute_shared_secret(client_share, "e");
  return share_;
}

void KexDh::finish(Bytes server_share) { compute_shared_secret(server_share, "f"); }

// RFC 8268 section 4 [8268-4-1] [8268-4-2] [8268-4-4]: the exchange fails unless 1 < e, f < p-1. RFC 4253 section 8
// [4253-8-3] [4253-8-4] and RFC 4419 section 3 [4419-3-5] allow 1 and p-1 as well. It also keeps what is raised below
// p.
void KexDh::compute_shared_secret(Bytes peer_share, const char* field) {
  assert(!private_key_.empty());  // start() or respond() comes first
  if (!in_open_range(peer_share)) refuse(fmt::format("{} is not in [2, p-2]", field));
  SecretBytes result = power(peer_share);
  // RFC 4419 section 3 [4419-3-6]: 1 < K < p-1. Modulo a safe prime no share of the right range can lead elsewhere.
  if (!in_open_range(result.reveal())) refuse(fmt::format("{} makes a shared secret of 0, 1 or p-1", field));
  shared_secret_ = std::move(result);
}

// base to the private key, modulo p, as many bytes as p has. Time does not depend on the exponent.
SecretBytes KexDh::power(Bytes base) const {
  const Bignum p = number_of(group_.p);
  const Bignum exponent = number_of(private_key_.reveal());
  BN_set_flags(exponent.get(), BN_FLG_CONSTTIME);
  const Bignum number = number_of(base);
  const Bignum result(check_pointer(BN_new(), "BN_new"));
  const BignumCtx context(check_pointer(BN_CTX_secure_new(), "BN_CTX_secure_new"));
  check(BN_mod_exp_mont_consttime(result.get(), number.get(), exponent.get(), p.get(), context.get(), nullptr),
        "BN_mod_exp_mont_consttime");
  SecretBytes bytes(group_.p.size());
  check(BN_bn2binpad(result.get(), bytes.reveal().data(), static_cast<int>(bytes.size())), "BN_bn2binpad");
  return bytes;
}

bool KexDh::in_open_range(Bytes number) const {
  const Bignum value = number_of(number);
  const Bignum p_less_one = number_of(group_.p);
  check(BN_sub_word(p_less_one.get(), 1), "BN_sub_word");
  return BN_cmp(value.get(), BN_value_one()) > 0 && BN_cmp(value.get(), p_less_one.get()) < 0;
}

void KexDh::refuse(std::string_view what) const {
  throw ProtocolError(DisconnectReason::key_exchange_failed, fmt::format("{}: {}", name_, what));
}

}  // namespace glassh
