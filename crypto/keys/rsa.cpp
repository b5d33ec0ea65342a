// ssh-rsa keys (RFC 4253 section 6.6) with the signature algorithms rsa-sha2-256 and rsa-sha2-512 (RFC 8332).
// Signatures with SHA-1, the algorithm "ssh-rsa", do not exist here.
#include <bit>

#include <fmt/format.h>
#include <openssl/rsa.h>

#include "crypto/keys/key_type.h"

namespace glassh {
namespace {

constexpr std::string_view type_name = "ssh-rsa";
constexpr std::size_t least_bits = 1024;  // what a peer's key may have; below lies what can be factored
constexpr std::size_t least_own_bits = 2048;
constexpr std::size_t most_bits = 16384;  // above, one signature check would take too long
constexpr std::size_t most_exponent_bytes = 8;

// RFC 4253 section 6.6 [4253-6.6-11]: e and then n. (Its signatures are replaced by RFC 8332's.)
struct RsaBlob {
  static constexpr std::string_view name = "ssh-rsa key";
  std::string_view type;
  Mpint e;
  Mpint n;

  static void fields(auto& self, auto& field) {
    field("type", self.type);
    field("e", self.e);
    field("n", self.n);
  }
};

// draft-miller-ssh-agent section 4.2.4
struct RsaPrivate {
  Mpint n;
  Mpint e;
  Mpint d;
  Mpint iqmp;
  Mpint p;
  Mpint q;

  static void fields(auto& self, auto& field) {
    field("n", self.n);
    field("e", self.e);
    field("d", self.d);
    field("iqmp", self.iqmp);
    field("p", self.p);
    field("q", self.q);
  }
};

struct RsaPrivateBlob {
  std::string_view type;
  RsaPrivate key;

  static void fields(auto& self, auto& field) {
    field("type", self.type);
    RsaPrivate::fields(self.key, field);
  }
};

std::size_t bits_of(Mpint number) {
  if (number.magnitude.empty()) return 0;
  return number.magnitude.size() * 8 - static_cast<std::size_t>(std::countl_zero(number.magnitude[0]));
}

void check_public_numbers(Mpint e, Mpint n, std::size_t least) {
  const std::size_t bits = bits_of(n);
  if (bits < least || bits > most_bits) {
    throw ProtocolError(fmt::format("ssh-rsa key: n has {} bits, must have {} to {}", bits, least, most_bits));
  }
  if ((n.magnitude.back() & 1) == 0) throw ProtocolError("ssh-rsa key: n is even");
  const bool too_small = e.magnitude.empty() || (e.magnitude.size() == 1 && e.magnitude[0] < 3);
  if (too_small || (e.magnitude.back() & 1) == 0) throw ProtocolError("ssh-rsa key: e must be odd and 3 at least");
  if (e.magnitude.size() > most_exponent_bytes) {
    throw ProtocolError(
        fmt::format("ssh-rsa key: e has {} bytes, may have {}", e.magnitude.size(), most_exponent_bytes));
  }
}

Bignum secret_bignum(Bytes magnitude) {
  Bignum number(check_pointer(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr), "BN_bin2bn"));
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

// d modulo (prime - 1): the exponent that OpenSSH's files leave out.
SecretBytes exponent_for(const BIGNUM* d, const BIGNUM* prime) {
  const BignumCtx scratch(check_pointer(BN_CTX_secure_new(), "BN_CTX_secure_new"));
  const Bignum less_one(check_pointer(BN_dup(prime), "BN_dup"));
  BN_set_flags(less_one.get(), BN_FLG_CONSTTIME);
  check(BN_sub_word(less_one.get(), 1), "BN_sub_word");
  const Bignum exponent(check_pointer(BN_new(), "BN_new"));
  check(BN_mod(exponent.get(), d, less_one.get(), scratch.get()), "BN_mod");
  SecretBytes out(static_cast<std::size_t>(BN_num_bytes(prime)));
  if (BN_bn2binpad(exponent.get(), out.reveal().data(), static_cast<int>(out.size())) < 0) {
    throw_libcrypto_error("BN_bn2binpad");
  }
  return out;
}

// n = p * q, and iqmp is the inverse of q modulo p.
bool factors_fit(const RsaPrivate& key, const BIGNUM* p, const BIGNUM* q) {
  if (BN_is_zero(p) || BN_is_one(p) || BN_is_zero(q) || BN_is_one(q) || !BN_is_odd(p)) return false;
  const BignumCtx scratch(check_pointer(BN_CTX_secure_new(), "BN_CTX_secure_new"));
  const Bignum product(check_pointer(BN_new(), "BN_new"));
  check(BN_mul(product.get(), p, q, scratch.get()), "BN_mul");
  const Bignum n = secret_bignum(key.n.magnitude);
  if (BN_cmp(product.get(), n.get()) != 0) return false;
  const Bignum iqmp = secret_bignum(key.iqmp.magnitude);
  check(BN_mod_mul(product.get(), iqmp.get(), q, p, scratch.get()), "BN_mod_mul");
  return BN_is_one(product.get()) != 0;
}

const EVP_MD* hash_of(std::string_view algorithm) {
  return signature_hash(algorithm == "rsa-sha2-512" ? HashName::sha512 : HashName::sha256);
}

class Rsa final : public KeyType {
 public:
  std::string_view name() const override { return type_name; }
  std::string_view short_name() const override { return "RSA"; }
  std::size_t bits(EVP_PKEY* key) const override { return static_cast<std::size_t>(EVP_PKEY_get_bits(key)); }
  bool is_type_of(EVP_PKEY* key) const override { return EVP_PKEY_is_a(key, "RSA") == 1; }

  EvpPkey decode_public(Bytes blob) const override {
    const auto fields = decode<RsaBlob>(blob);
    check_public_numbers(fields.e, fields.n, least_bits);
    KeyParts parts;
    parts.add_number(OSSL_PKEY_PARAM_RSA_N, fields.n.magnitude);
    parts.add_number(OSSL_PKEY_PARAM_RSA_E, fields.e.magnitude);
    return parts.assemble("RSA", EVP_PKEY_PUBLIC_KEY);
  }

  // RFC 8332 section 3 [8332-3-3]: the blob says "ssh-rsa" whatever the signatures are called.
  std::vector<std::uint8_t> encode_public(EVP_PKEY* key) const override {
    const SecretBytes n = key_number(key, OSSL_PKEY_PARAM_RSA_N);
    const SecretBytes e = key_number(key, OSSL_PKEY_PARAM_RSA_E);
    return encode(RsaBlob{type_name, {e.reveal()}, {n.reveal()}});
  }

  EvpPkey read_private(Decoder& decoder) const override {
    RsaPrivate fields;
    RsaPrivate::fields(fields, decoder);
    check_public_numbers(fields.e, fields.n, least_own_bits);
    const Bignum p = secret_bignum(fields.p.magnitude);
    const Bignum q = secret_bignum(fields.q.magnitude);
    if (!factors_fit(fields, p.get(), q.get())) {
      throw KeyMismatch("ssh-rsa private key: p, q and iqmp do not belong to n");
    }
    const Bignum d = secret_bignum(fields.d.magnitude);
    const SecretBytes dmp1 = exponent_for(d.get(), p.get());
    const SecretBytes dmq1 = exponent_for(d.get(), q.get());
    KeyParts parts;
    parts.add_number(OSSL_PKEY_PARAM_RSA_N, fields.n.magnitude);
    parts.add_number(OSSL_PKEY_PARAM_RSA_E, fields.e.magnitude);
    parts.add_number(OSSL_PKEY_PARAM_RSA_D, fields.d.magnitude);
    parts.add_number(OSSL_PKEY_PARAM_RSA_FACTOR1, fields.p.magnitude);
    parts.add_number(OSSL_PKEY_PARAM_RSA_FACTOR2, fields.q.magnitude);
    parts.add_number(OSSL_PKEY_PARAM_RSA_EXPONENT1, dmp1.reveal());
    parts.add_number(OSSL_PKEY_PARAM_RSA_EXPONENT2, dmq1.reveal());
    parts.add_number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, fields.iqmp.magnitude);
    EvpPkey key = parts.assemble("RSA", EVP_PKEY_KEYPAIR);
    check_pair(key.get());
    return key;
  }

  SecretBytes write_private(EVP_PKEY* key) const override {
    const SecretBytes n = key_number(key, OSSL_PKEY_PARAM_RSA_N);
    const SecretBytes e = key_number(key, OSSL_PKEY_PARAM_RSA_E);
    const SecretBytes d = key_number(key, OSSL_PKEY_PARAM_RSA_D);
    const SecretBytes iqmp = key_number(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
    const SecretBytes p = key_number(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
    const SecretBytes q = key_number(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
    const RsaPrivateBlob fields{
        type_name, {{n.reveal()}, {e.reveal()}, {d.reveal()}, {iqmp.reveal()}, {p.reveal()}, {q.reveal()}}};
    SecretBytes out(measure(fields));
    encode_into(fields, out.reveal());
    return out;
  }

  EvpPkey generate(Rng&, std::size_t bits) const override {
    if (bits < least_own_bits || bits > most_bits) {
      throw std::invalid_argument(
          fmt::format("an RSA key of {} bits: it must have {} to {}", bits, least_own_bits, most_bits));
    }
    const EvpPkeyCtx context(
        check_pointer(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr), "EVP_PKEY_CTX_new_from_name"));
    check(EVP_PKEY_keygen_init(context.get()), "EVP_PKEY_keygen_init");
    check(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)), "EVP_PKEY_CTX_set_rsa_keygen_bits");
    EVP_PKEY* key = nullptr;
    check(EVP_PKEY_generate(context.get(), &key), "EVP_PKEY_generate");
    return EvpPkey(key);
  }

  // RFC 8332 section 3: RSASSA-PKCS1-v1_5, which is libcrypto's default for RSA.
  // [8332-3-4]: the result is as long as the modulus.
  std::vector<std::uint8_t> sign(EVP_PKEY* key, std::string_view algorithm, Bytes message) const override {
    return digest_sign(key, hash_of(algorithm), message);
  }

  // RFC 8332 section 5.3 [8332-5.3-1] [8332-5.3-2]: libcrypto encodes the hash that it expects and compares.
  bool verify(EVP_PKEY* key, std::string_view algorithm, Bytes message, Bytes signature) const override {
    const std::size_t modulus_size = (bits(key) + 7) / 8;
    if (signature.size() > modulus_size) return false;
    // RFC 8332 section 3 [8332-3-5]: signers that drop zeros in front exist, and are understood.
    std::vector<std::uint8_t> padded(modulus_size - signature.size());
    padded.insert(padded.end(), signature.begin(), signature.end());
    return digest_verify(key, hash_of(algorithm), message, padded);
  }

 private:
  // e and d undo each other. Signing is the test that does not ask whether p and q are prime, which takes seconds.
  static void check_pair(EVP_PKEY* key) {
    const std::vector<std::uint8_t> signature = digest_sign(key, hash_of("rsa-sha2-256"), bytes_of("glassh"));
    if (!digest_verify(key, hash_of("rsa-sha2-256"), bytes_of("glassh"), signature)) {
      throw KeyMismatch("ssh-rsa private key: the public half does not belong to the private one");
    }
  }
};

}  // namespace

const KeyType& rsa_type() {
  static const Rsa type;
  return type;
}

}  // namespace glassh
