#include "crypto/keys/key_type.h"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/rsa.h>

namespace glassh {

const KeyType* find_key_type(std::string_view name) {
  const std::array<const KeyType*, 5> types = {&ed25519_type(), &ecdsa_nistp256_type(), &ecdsa_nistp384_type(),
                                               &ecdsa_nistp521_type(), &rsa_type()};
  for (const KeyType* type : types) {
    if (type->name() == name) return type;
  }
  return nullptr;
}

// A fresh EVP_MD_CTX costs 2 to 4 µs per operation (Ed25519 signs in 40, checks in 110): not worth one that is kept,
// which two threads with one host key would have to share.
namespace {
constexpr std::size_t largest_signature = 2048;  // bytes: of an RSA key of 16384 bits
}  // namespace

std::vector<std::uint8_t> digest_sign(EVP_PKEY* key, const EVP_MD* hash, Bytes message) {
  const EvpMdCtx context(check_pointer(EVP_MD_CTX_new(), "EVP_MD_CTX_new"));
  check(EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key), "EVP_DigestSignInit");
  std::size_t size = 0;
  check(EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()), "EVP_DigestSign");
  if (size > largest_signature) throw std::runtime_error("libcrypto: EVP_DigestSign: the signature has no size");
  std::vector<std::uint8_t> signature(size);
  check(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()), "EVP_DigestSign");
  // Past vulnerability 38: where memory runs out, libcrypto 3.0 may say that an ECDSA signature was made, and that it
  // has almost 2^32 bytes.
  if (size == 0 || size > signature.size()) throw std::runtime_error("libcrypto: EVP_DigestSign: no signature");
  signature.resize(size);
  return signature;
}

bool digest_verify(EVP_PKEY* key, const EVP_MD* hash, Bytes message, Bytes signature) {
  const EvpMdCtx context(check_pointer(EVP_MD_CTX_new(), "EVP_MD_CTX_new"));
  check(EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key), "EVP_DigestVerifyInit");
  // Exactly 1 is "verified"; 0 is a wrong signature and less an error, and both mean no.
  const int result =
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size());
  if (result != 1) clear_libcrypto_errors();
  return result == 1;
}

const EVP_MD* signature_hash(HashName name) {
  switch (name) {
    case HashName::sha256:
    case HashName::sha384:
    case HashName::sha512:
      return fetched_digest(name);
    default:
      throw std::invalid_argument(fmt::format("nobody signs with {} here", hash_text(name)));
  }
}

void KeyParts::add(const char* name, unsigned data_type, SecretBytes value) {
  SecretBytes& kept = values_.emplace_back(std::move(value));
  params_.push_back(
      {name, data_type, kept.reveal().data(), kept.size(), static_cast<std::size_t>(OSSL_PARAM_UNMODIFIED)});
}

void KeyParts::add_number(const char* name, Bytes magnitude) {
  SecretBytes value(magnitude);
  if constexpr (std::endian::native == std::endian::little) {  // OSSL_PARAM's integers are in the machine's order
    std::reverse(value.reveal().begin(), value.reveal().end());
  }
  add(name, OSSL_PARAM_UNSIGNED_INTEGER, std::move(value));
}

void KeyParts::add_octets(const char* name, Bytes octets) { add(name, OSSL_PARAM_OCTET_STRING, SecretBytes(octets)); }

void KeyParts::add_text(const char* name, std::string_view text) {
  SecretBytes terminated(text.size() + 1);  // libcrypto reads on to the zero
  std::copy(text.begin(), text.end(), terminated.reveal().begin());
  add(name, OSSL_PARAM_UTF8_STRING, std::move(terminated));
  params_.back().data_size = text.size();
}

EvpPkey KeyParts::assemble(const char* libcrypto_type, int selection) {
  params_.push_back(OSSL_PARAM_construct_end());
  const EvpPkeyCtx context(
      check_pointer(EVP_PKEY_CTX_new_from_name(nullptr, libcrypto_type, nullptr), "EVP_PKEY_CTX_new_from_name"));
  check(EVP_PKEY_fromdata_init(context.get()), "EVP_PKEY_fromdata_init");
  EVP_PKEY* key = nullptr;
  const int result = EVP_PKEY_fromdata(context.get(), &key, selection, params_.data());
  params_.pop_back();
  EvpPkey owned(key);
  if (result != 1 || owned == nullptr) {
    clear_libcrypto_errors();
    throw ProtocolError(fmt::format("{} key: libcrypto refuses its numbers", libcrypto_type));
  }
  return owned;
}

namespace {

Bignum key_bignum(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  check(EVP_PKEY_get_bn_param(key, name, &number), name);
  return Bignum(number);
}

}  // namespace

SecretBytes key_number(EVP_PKEY* key, const char* name) {
  const Bignum number = key_bignum(key, name);
  return key_number(key, name, static_cast<std::size_t>(BN_num_bytes(number.get())));
}

SecretBytes key_number(EVP_PKEY* key, const char* name, std::size_t size) {
  const Bignum number = key_bignum(key, name);
  SecretBytes out(size);
  if (BN_bn2binpad(number.get(), out.reveal().data(), static_cast<int>(size)) < 0) {
    throw_libcrypto_error("BN_bn2binpad");
  }
  return out;
}

}  // namespace glassh
