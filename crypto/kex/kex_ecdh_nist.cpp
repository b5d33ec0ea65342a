#include "crypto/kex/kex_ecdh_nist.h"

#include <cassert>

#include <fmt/format.h>

#include "crypto/libcrypto.h"
#include "proto/error.h"

namespace glassh {
namespace {

// SEC 1 section 2.3.3, uncompressed.
std::size_t point_size(const NistCurve& curve) { return 1 + 2 * curve.field_size; }

EcGroup new_group(const NistCurve& curve) {
  const int curve_number = EC_curve_nist2nid(curve.libcrypto_name);
  return EcGroup(check_pointer(EC_GROUP_new_by_curve_name(curve_number), curve.libcrypto_name));
}

const EC_GROUP* group_of(const NistCurve& curve) {
  static const EcGroup p256 = new_group(nistp256);
  static const EcGroup p384 = new_group(nistp384);
  static const EcGroup p521 = new_group(nistp521);
  if (curve.field_size == nistp256.field_size) return p256.get();
  return curve.field_size == nistp384.field_size ? p384.get() : p521.get();
}

Bignum scalar_of(Bytes bytes) {
  Bignum scalar(check_pointer(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr), "BN_bin2bn"));
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  return scalar;
}

EcPoint new_point(const EC_GROUP* group) { return EcPoint(check_pointer(EC_POINT_new(group), "EC_POINT_new")); }

[[noreturn]] void refuse(const NistCurve& curve, const char* field, std::string_view why) {
  clear_libcrypto_errors();
  throw ProtocolError(DisconnectReason::key_exchange_failed, fmt::format("{}: {} {}", curve.kex_name, field, why));
}

// RFC 5656 section 4 [5656-4-2] [5656-4-3], which means SEC 1 section 3.2.2.1: coordinates within the field, on the
// curve, not at infinity (its encoding has one byte). The cofactor is 1, so there is no smaller group to fall into.
EcPoint validated_point(const NistCurve& curve, const EC_GROUP* group, Bytes share, const char* field) {
  if (share.size() != point_size(curve)) {
    refuse(curve, field, fmt::format("has {} bytes, not {}", share.size(), point_size(curve)));
  }
  if (share[0] != POINT_CONVERSION_UNCOMPRESSED) {
    refuse(curve, field, fmt::format("begins with {:#04x}; only uncompressed points, 0x04, are accepted", share[0]));
  }
  EcPoint point = new_point(group);
  const bool decoded = EC_POINT_oct2point(group, point.get(), share.data(), share.size(), nullptr) > 0;
  if (!decoded || EC_POINT_is_on_curve(group, point.get(), nullptr) <= 0) {
    refuse(curve, field, "is not a point of the curve");
  }
  return point;
}

}  // namespace

KexEcdhNist::KexEcdhNist(const NistCurve& curve) : curve_(curve), group_(group_of(curve)) {}

// RFC 5656 section 9 [5656-9-2]: a fresh key for this exchange only; it is wiped with this object.
Bytes KexEcdhNist::start(Rng& rng) {
  private_key_ = SecretBytes(curve_.field_size);
  // nistp521: 66 bytes have 528 bits, and 521 of them count.
  const auto top_mask = static_cast<std::uint8_t>(0xff >> (curve_.field_size * 8 - curve_.scalar_bits));
  Bignum scalar;
  do {  // SEC 1 section 3.2.1: uniform in 1..n-1; a draw outside is thrown away (one in 2^32 for P-256)
    rng.fill(private_key_.reveal());
    private_key_.reveal()[0] &= top_mask;
    scalar = scalar_of(private_key_.reveal());
  } while (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(group_)) >= 0);
  const EcPoint point = new_point(group_);
  check(EC_POINT_mul(group_, point.get(), scalar.get(), nullptr, nullptr, nullptr), "EC_POINT_mul");
  share_.resize(point_size(curve_));
  const std::size_t written =
      EC_POINT_point2oct(group_, point.get(), POINT_CONVERSION_UNCOMPRESSED, share_.data(), share_.size(), nullptr);
  check(written == share_.size(), "EC_POINT_point2oct");
  return share_;
}

Bytes KexEcdhNist::respond(Bytes client_share, Rng& rng) {
  // Checked before any costly work: known attack 47 (conformance/known_attacks) lets a few clients exhaust a server.
  validated_point(curve_, group_, client_share, "Q_C");
  start(rng);
  compute_shared_secret(client_share, "Q_C");
  return share_;
}

void KexEcdhNist::finish(Bytes server_share) { compute_shared_secret(server_share, "Q_S"); }

void KexEcdhNist::compute_shared_secret(Bytes peer_share, const char* field) {
  assert(!private_key_.empty());  // start() or respond() comes first
  const EcPoint theirs = validated_point(curve_, group_, peer_share, field);
  const Bignum scalar = scalar_of(private_key_.reveal());
  const EcPoint shared = new_point(group_);
  check(EC_POINT_mul(group_, shared.get(), nullptr, theirs.get(), scalar.get(), nullptr), "EC_POINT_mul");
  const Bignum x(check_pointer(BN_new(), "BN_new"));
  check(EC_POINT_get_affine_coordinates(group_, shared.get(), x.get(), nullptr, nullptr),
        "EC_POINT_get_affine_coordinates");
  SecretBytes result(curve_.field_size);
  check(
      BN_bn2binpad(x.get(), result.reveal().data(), static_cast<int>(result.size())) == static_cast<int>(result.size()),
      "BN_bn2binpad");
  shared_secret_ = std::move(result);
}

}  // namespace glassh
