#include "crypto/kex_ecdh_nist.h"

#include <cassert>

#include <fmt/format.h>

#include "crypto/libcrypto.h"
#include "proto/error.h"

namespace glassh {
namespace {

constexpr std::size_t field_size = 32;                  // a coordinate, and a scalar
constexpr std::size_t point_size = 1 + 2 * field_size;  // SEC 1 section 2.3.3, uncompressed

const EC_GROUP* p256() {
  static const EcGroup group(check_pointer(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1), "P-256"));
  return group.get();
}

Bignum scalar_of(Bytes bytes) {
  Bignum scalar(check_pointer(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr), "BN_bin2bn"));
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  return scalar;
}

EcPoint new_point() { return EcPoint(check_pointer(EC_POINT_new(p256()), "EC_POINT_new")); }

[[noreturn]] void refuse(const char* field, std::string_view why) {
  clear_libcrypto_errors();
  throw ProtocolError(DisconnectReason::key_exchange_failed, fmt::format("ecdh-sha2-nistp256: {} {}", field, why));
}

// RFC 5656 section 4 [5656-4-2] [5656-4-3], which means SEC 1 section 3.2.2.1: coordinates within the field, on the
// curve, not at infinity (its encoding has one byte). The cofactor is 1, so there is no smaller group to fall into.
EcPoint validated_point(Bytes share, const char* field) {
  if (share.size() != point_size) refuse(field, fmt::format("has {} bytes, not {}", share.size(), point_size));
  if (share[0] != POINT_CONVERSION_UNCOMPRESSED) {
    refuse(field, fmt::format("begins with {:#04x}; only uncompressed points, 0x04, are accepted", share[0]));
  }
  EcPoint point = new_point();
  const bool decoded = EC_POINT_oct2point(p256(), point.get(), share.data(), share.size(), nullptr) > 0;
  if (!decoded || EC_POINT_is_on_curve(p256(), point.get(), nullptr) <= 0) refuse(field, "is not a point of the curve");
  return point;
}

}  // namespace

// RFC 5656 section 9 [5656-9-2]: a fresh key for this exchange only; it is wiped with this object.
Bytes KexEcdhNist::start(Rng& rng) {
  private_key_ = SecretBytes(field_size);
  Bignum scalar;
  do {  // SEC 1 section 3.2.1: uniform in 1..n-1; a draw outside is thrown away (one in 2^32)
    rng.fill(private_key_.reveal());
    scalar = scalar_of(private_key_.reveal());
  } while (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(p256())) >= 0);
  const EcPoint point = new_point();
  check(EC_POINT_mul(p256(), point.get(), scalar.get(), nullptr, nullptr, nullptr), "EC_POINT_mul");
  const std::size_t written =
      EC_POINT_point2oct(p256(), point.get(), POINT_CONVERSION_UNCOMPRESSED, share_.data(), share_.size(), nullptr);
  check(written == share_.size(), "EC_POINT_point2oct");
  return share_;
}

Bytes KexEcdhNist::respond(Bytes client_share, Rng& rng) {
  start(rng);
  compute_shared_secret(client_share, "Q_C");
  return share_;
}

void KexEcdhNist::finish(Bytes server_share) { compute_shared_secret(server_share, "Q_S"); }

void KexEcdhNist::compute_shared_secret(Bytes peer_share, const char* field) {
  assert(!private_key_.empty());  // start() or respond() comes first
  const EcPoint theirs = validated_point(peer_share, field);
  const Bignum scalar = scalar_of(private_key_.reveal());
  const EcPoint shared = new_point();
  check(EC_POINT_mul(p256(), shared.get(), nullptr, theirs.get(), scalar.get(), nullptr), "EC_POINT_mul");
  const Bignum x(check_pointer(BN_new(), "BN_new"));
  check(EC_POINT_get_affine_coordinates(p256(), shared.get(), x.get(), nullptr, nullptr),
        "EC_POINT_get_affine_coordinates");
  SecretBytes result(field_size);
  check(BN_bn2binpad(x.get(), result.reveal().data(), field_size) == static_cast<int>(field_size), "BN_bn2binpad");
  shared_secret_ = std::move(result);
}

}  // namespace glassh
