// ssh-ed25519: RFC 8709, and RFC 8032 underneath, which libcrypto does.
#include <array>

#include <fmt/format.h>

#include "crypto/keys/key_type.h"

namespace glassh {
namespace {

constexpr std::string_view type_name = "ssh-ed25519";
constexpr std::size_t key_size = 32;
constexpr std::size_t signature_size = 64;

// RFC 8709 section 4
struct Ed25519Blob {
  static constexpr std::string_view name = "ssh-ed25519 key";
  std::string_view type;
  Bytes key;

  static void fields(auto& self, auto& field) {
    field("type", self.type);
    field("key", self.key);
  }
};

// draft-miller-ssh-agent section 4.2.3: after the type name, the public half, and then seed and public half as one
// string.
struct Ed25519Private {
  Bytes public_half;
  Bytes private_and_public;

  static void fields(auto& self, auto& field) {
    field("ENC(A)", self.public_half);
    field("k || ENC(A)", self.private_and_public);
  }
};

struct Ed25519PrivateBlob {
  std::string_view type = type_name;
  Ed25519Private key;

  static void fields(auto& self, auto& field) {
    field("type", self.type);
    Ed25519Private::fields(self.key, field);
  }
};

EvpPkey from_seed(Bytes seed) {
  return EvpPkey(check_pointer(EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, seed.data(), seed.size()),
                               "EVP_PKEY_new_raw_private_key_ex"));
}

std::array<std::uint8_t, key_size> public_half_of(EVP_PKEY* key) {
  std::array<std::uint8_t, key_size> half{};
  std::size_t size = half.size();
  check(EVP_PKEY_get_raw_public_key(key, half.data(), &size), "EVP_PKEY_get_raw_public_key");
  return half;
}

class Ed25519 final : public KeyType {
 public:
  std::string_view name() const override { return type_name; }
  std::string_view short_name() const override { return "ED25519"; }
  std::size_t bits(EVP_PKEY*) const override { return 256; }
  bool is_type_of(EVP_PKEY* key) const override { return EVP_PKEY_is_a(key, "ED25519") == 1; }

  EvpPkey decode_public(Bytes blob) const override {
    const auto fields = decode<Ed25519Blob>(blob);
    // RFC 8709 section 4 [8709-4-1]: the key is 32 octets.
    if (fields.key.size() != key_size) {
      throw ProtocolError(fmt::format("ssh-ed25519 key: key has {} bytes, must have {}", fields.key.size(), key_size));
    }
    return EvpPkey(
        check_pointer(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, fields.key.data(), fields.key.size()),
                      "EVP_PKEY_new_raw_public_key_ex"));
  }

  std::vector<std::uint8_t> encode_public(EVP_PKEY* key) const override {
    return encode(Ed25519Blob{type_name, public_half_of(key)});
  }

  EvpPkey read_private(Decoder& decoder) const override {
    Ed25519Private fields;
    Ed25519Private::fields(fields, decoder);
    if (fields.private_and_public.size() != 2 * key_size) {
      throw ProtocolError(fmt::format("ssh-ed25519 private key: k || ENC(A) has {} bytes, must have {}",
                                      fields.private_and_public.size(), 2 * key_size));
    }
    EvpPkey key = from_seed(fields.private_and_public.first(key_size));
    // Signing with another key's public half gives the private one away, so both copies must be the seed's own.
    const auto own_half = public_half_of(key.get());
    if (!equal(fields.public_half, own_half) || !equal(fields.private_and_public.last(key_size), own_half)) {
      throw KeyMismatch("ssh-ed25519 private key: the public half does not belong to the private one");
    }
    return key;
  }

  SecretBytes write_private(EVP_PKEY* key) const override {
    SecretBytes both(2 * key_size);
    std::size_t size = key_size;
    check(EVP_PKEY_get_raw_private_key(key, both.reveal().data(), &size), "EVP_PKEY_get_raw_private_key");
    const auto half = public_half_of(key);
    std::memcpy(both.reveal().last(key_size).data(), half.data(), key_size);
    const Ed25519PrivateBlob fields{type_name, {half, both.reveal()}};
    SecretBytes out(measure(fields));
    encode_into(fields, out.reveal());
    return out;
  }

  EvpPkey generate(Rng& rng, std::size_t) const override {
    SecretBytes seed(key_size);
    rng.fill(seed.reveal());
    return from_seed(seed.reveal());
  }

  std::vector<std::uint8_t> sign(EVP_PKEY* key, std::string_view, Bytes message) const override {
    return digest_sign(key, nullptr, message);
  }

  // RFC 8709 section 6 [8709-6-1]: the signature is 64 octets. Section 7 [8709-7-1]: the check is RFC 8032's.
  bool verify(EVP_PKEY* key, std::string_view, Bytes message, Bytes signature) const override {
    return signature.size() == signature_size && digest_verify(key, nullptr, message, signature);
  }
};

}  // namespace

const KeyType& ed25519_type() {
  static const Ed25519 type;
  return type;
}

}  // namespace glassh
