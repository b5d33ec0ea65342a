// ecdsa-sha2-nistp256, -nistp384 and -nistp521: RFC 5656 sections 3 and 6, with uncompressed points only.
#include <fmt/format.h>
#include <openssl/obj_mac.h>

#include "crypto/keys/key_type.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

struct Curve {
  std::string_view type_name;
  std::string_view name;                  // RFC 5656 section 6.1
  std::string_view libcrypto_name;        // for making keys
  std::string_view libcrypto_group_name;  // that a key says it has
  std::size_t bits;
  HashName hash;

  std::size_t coordinate_size() const { return (bits + 7) / 8; }
  std::size_t point_size() const { return 1 + 2 * coordinate_size(); }
};
// RFC 5656 section 10.1 [5656-10.1-1]: all three that are required. Sections 3.1.1 and 6.2.1
// [5656-3.1.1-1] [5656-6.2.1-1]: up to 256 bits go with SHA-256, up to 384 with SHA-384, more with SHA-512.
constexpr Curve nistp256 = {"ecdsa-sha2-nistp256", "nistp256", "P-256", SN_X9_62_prime256v1, 256, HashName::sha256};
constexpr Curve nistp384 = {"ecdsa-sha2-nistp384", "nistp384", "P-384", SN_secp384r1, 384, HashName::sha384};
constexpr Curve nistp521 = {"ecdsa-sha2-nistp521", "nistp521", "P-521", SN_secp521r1, 521, HashName::sha512};

constexpr std::uint8_t uncompressed_point = 4;

// RFC 5656 section 3.1
struct EcdsaBlob {
  static constexpr std::string_view name = "ecdsa-sha2 key";
  std::string_view type;
  std::string_view identifier;
  Bytes Q;

  static void fields(auto& self, auto& field) {
    field("type", self.type);
    field("identifier", self.identifier);
    field("Q", self.Q);
  }
};

// RFC 5656 section 3.1.2 [5656-3.1.2-1]: r and then s, each an mpint.
struct EcdsaSignature {
  static constexpr std::string_view name = "ecdsa_signature_blob";
  Mpint r;
  Mpint s;

  static void fields(auto& self, auto& field) {
    field("r", self.r);
    field("s", self.s);
  }
};

// draft-miller-ssh-agent section 4.2.2
struct EcdsaPrivate {
  std::string_view curve_name;
  Bytes Q;
  Mpint d;

  static void fields(auto& self, auto& field) {
    field("curve name", self.curve_name);
    field("Q", self.Q);
    field("d", self.d);
  }
};

struct EcdsaPrivateBlob {
  std::string_view type;
  EcdsaPrivate key;

  static void fields(auto& self, auto& field) {
    field("type", self.type);
    EcdsaPrivate::fields(self.key, field);
  }
};

void check_curve(const Curve& curve, std::string_view identifier) {
  // RFC 5656 section 6.1 [5656-6.1-1]: the curve goes by its short name, which here must be the type's own.
  if (identifier != curve.name) {
    throw ProtocolError(fmt::format("{} key: the curve is '{}', must be {}", curve.type_name,
                                    made_safe(identifier, TextFor::name), curve.name));
  }
}

void add_public_parts(const Curve& curve, KeyParts& parts, Bytes Q) {
  // RFC 5656 section 3.1 [5656-3.1-1]: compressed points are a choice, and not ours. SEC 1 section 2.3.4: the point at
  // infinity (one byte) and compressed points have other sizes.
  if (Q.size() != curve.point_size() || Q[0] != uncompressed_point) {
    throw ProtocolError(fmt::format("{} key: Q has {} bytes, must be an uncompressed point of {}", curve.type_name,
                                    Q.size(), curve.point_size()));
  }
  parts.add_text(OSSL_PKEY_PARAM_GROUP_NAME, curve.libcrypto_name);
  parts.add_octets(OSSL_PKEY_PARAM_PUB_KEY, Q);
}

std::vector<std::uint8_t> point_of(const Curve& curve, EVP_PKEY* key) {
  const std::size_t size = curve.coordinate_size();
  const SecretBytes x = key_number(key, OSSL_PKEY_PARAM_EC_PUB_X, size);
  const SecretBytes y = key_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size);
  std::vector<std::uint8_t> point(curve.point_size());
  point[0] = uncompressed_point;
  std::memcpy(&point[1], x.reveal().data(), size);
  std::memcpy(&point[1 + size], y.reveal().data(), size);
  return point;
}

Bignum bignum_of(Bytes magnitude) {
  return Bignum(check_pointer(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr), "BN_bin2bn"));
}

class Ecdsa final : public KeyType {
 public:
  explicit Ecdsa(const Curve& curve) : curve_(curve) {}

  std::string_view name() const override { return curve_.type_name; }
  std::string_view short_name() const override { return "ECDSA"; }
  std::size_t bits(EVP_PKEY*) const override { return curve_.bits; }
  bool is_type_of(EVP_PKEY* key) const override {
    char group[32] = {};
    std::size_t size = 0;
    return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
           std::string_view(group) == curve_.libcrypto_group_name;
  }

  EvpPkey decode_public(Bytes blob) const override {
    const auto fields = decode<EcdsaBlob>(blob);
    check_curve(curve_, fields.identifier);
    KeyParts parts;
    add_public_parts(curve_, parts, fields.Q);
    return parts.assemble("EC", EVP_PKEY_PUBLIC_KEY);  // refuses a point that is not on the curve
  }

  std::vector<std::uint8_t> encode_public(EVP_PKEY* key) const override {
    const std::vector<std::uint8_t> Q = point_of(curve_, key);
    return encode(EcdsaBlob{curve_.type_name, curve_.name, Q});
  }

  EvpPkey read_private(Decoder& decoder) const override {
    EcdsaPrivate fields;
    EcdsaPrivate::fields(fields, decoder);
    check_curve(curve_, fields.curve_name);
    if (fields.d.magnitude.size() > curve_.coordinate_size()) {
      throw ProtocolError(fmt::format("{} private key: d has {} bytes, may have {}", curve_.type_name,
                                      fields.d.magnitude.size(), curve_.coordinate_size()));
    }
    check_range(fields.d.magnitude);
    KeyParts parts;
    add_public_parts(curve_, parts, fields.Q);
    parts.add_number(OSSL_PKEY_PARAM_PRIV_KEY, fields.d.magnitude);
    EvpPkey key = parts.assemble("EC", EVP_PKEY_KEYPAIR);
    check_pair(key.get());
    return key;
  }

  SecretBytes write_private(EVP_PKEY* key) const override {
    const std::vector<std::uint8_t> Q = point_of(curve_, key);
    const SecretBytes d = key_number(key, OSSL_PKEY_PARAM_PRIV_KEY, curve_.coordinate_size());
    const EcdsaPrivateBlob fields{curve_.type_name, {curve_.name, Q, {d.reveal()}}};
    SecretBytes out(measure(fields));
    encode_into(fields, out.reveal());
    return out;
  }

  EvpPkey generate(Rng&, std::size_t) const override {
    const EvpPkeyCtx context(
        check_pointer(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), "EVP_PKEY_CTX_new_from_name"));
    check(EVP_PKEY_keygen_init(context.get()), "EVP_PKEY_keygen_init");
    check(EVP_PKEY_CTX_set_group_name(context.get(), curve_.libcrypto_name.data()), "EVP_PKEY_CTX_set_group_name");
    EVP_PKEY* key = nullptr;
    check(EVP_PKEY_generate(context.get(), &key), "EVP_PKEY_generate");
    return EvpPkey(key);
  }

  std::vector<std::uint8_t> sign(EVP_PKEY* key, std::string_view, Bytes message) const override {
    const std::vector<std::uint8_t> der = digest_sign(key, signature_hash(curve_.hash), message);
    const unsigned char* at = der.data();
    const EcdsaSig signature(
        check_pointer(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), "d2i_ECDSA_SIG"));
    SecretBytes r(curve_.coordinate_size());
    SecretBytes s(curve_.coordinate_size());
    const int size = static_cast<int>(curve_.coordinate_size());
    if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), r.reveal().data(), size) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), s.reveal().data(), size) < 0) {
      throw_libcrypto_error("BN_bn2binpad");
    }
    return encode(EcdsaSignature{{r.reveal()}, {s.reveal()}});
  }

  bool verify(EVP_PKEY* key, std::string_view, Bytes message, Bytes content) const override {
    const auto fields = decode<EcdsaSignature>(content);
    const std::size_t most = curve_.coordinate_size();
    if (fields.r.magnitude.size() > most || fields.s.magnitude.size() > most) return false;
    const EcdsaSig signature(check_pointer(ECDSA_SIG_new(), "ECDSA_SIG_new"));
    Bignum r = bignum_of(fields.r.magnitude);
    Bignum s = bignum_of(fields.s.magnitude);
    check(ECDSA_SIG_set0(signature.get(), r.get(), s.get()), "ECDSA_SIG_set0");
    static_cast<void>(r.release());  // ECDSA_SIG_set0 took both
    static_cast<void>(s.release());
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &der);
    check(size, "i2d_ECDSA_SIG");
    const std::vector<std::uint8_t> copy(der, der + size);
    OPENSSL_free(der);
    return digest_verify(key, signature_hash(curve_.hash), message, copy);
  }

 private:
  // No point belongs to a d outside of 1 to n-1. libcrypto 3.5 makes no key of such a d, 3.0 does.
  void check_range(Bytes d) const {
    const EcGroup group(
        check_pointer(EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve_.libcrypto_group_name.data())), "EC_GROUP"));
    const Bignum number = bignum_of(d);
    if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) >= 0) throw_mismatch();
  }

  // Q = d * G.
  void check_pair(EVP_PKEY* key) const {
    const EvpPkeyCtx context(
        check_pointer(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), "EVP_PKEY_CTX_new_from_pkey"));
    if (EVP_PKEY_check(context.get()) != 1) {
      clear_libcrypto_errors();
      throw_mismatch();
    }
  }

  [[noreturn]] void throw_mismatch() const {
    throw KeyMismatch(
        fmt::format("{} private key: the public half does not belong to the private one", curve_.type_name));
  }

  const Curve& curve_;
};

}  // namespace

const KeyType& ecdsa_nistp256_type() {
  static const Ecdsa type(nistp256);
  return type;
}
const KeyType& ecdsa_nistp384_type() {
  static const Ecdsa type(nistp384);
  return type;
}
const KeyType& ecdsa_nistp521_type() {
  static const Ecdsa type(nistp521);
  return type;
}

}  // namespace glassh
