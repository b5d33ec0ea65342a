#include "crypto/hash.h"

#include <array>
#include <cassert>

#include "crypto/libcrypto.h"

namespace glassh {
namespace {

struct HashFacts {
  HashName name;
  std::size_t size;  // bytes
  const char* text;  // for people
  const char* libcrypto_name;
};

constexpr std::array<HashFacts, 5> all_hashes = {{
    {HashName::md5, 16, "MD5", "MD5"},
    {HashName::sha1, 20, "SHA-1", "SHA1"},
    {HashName::sha256, 32, "SHA-256", "SHA2-256"},
    {HashName::sha384, 48, "SHA-384", "SHA2-384"},
    {HashName::sha512, 64, "SHA-512", "SHA2-512"},
}};

const HashFacts& facts(HashName name) {
  const HashFacts& found = all_hashes.at(static_cast<std::size_t>(name));
  assert(found.name == name);
  return found;
}

}  // namespace

std::size_t hash_size(HashName name) { return facts(name).size; }
std::string_view hash_text(HashName name) { return facts(name).text; }

const EVP_MD* fetched_digest(HashName name) {
  static const std::array<EvpMd, all_hashes.size()> fetched = [] {
    std::array<EvpMd, all_hashes.size()> all;
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i].reset(EVP_MD_fetch(nullptr, all_hashes[i].libcrypto_name, nullptr));
    clear_libcrypto_errors();  // a FIPS provider has no MD5; that is an error only for who asks for it
    return all;
  }();
  return check_pointer(fetched.at(static_cast<std::size_t>(name)).get(), facts(name).text);
}

struct Hash::State {
  EvpMdCtx context{check_pointer(EVP_MD_CTX_new(), "EVP_MD_CTX_new")};
  std::size_t size = 0;
};

Hash::Hash(HashName name) : state_(std::make_unique<State>()) {
  state_->size = hash_size(name);
  check(EVP_DigestInit_ex2(state_->context.get(), fetched_digest(name), nullptr), "EVP_DigestInit_ex2");
}

Hash::~Hash() = default;
Hash::Hash(Hash&&) noexcept = default;
Hash& Hash::operator=(Hash&&) noexcept = default;

Hash& Hash::raw(Bytes bytes) {
  check(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()), "EVP_DigestUpdate");
  return *this;
}

Hash& Hash::u32(std::uint32_t value) {
  std::array<std::uint8_t, 4> big_endian;
  put_u32(big_endian.data(), value);
  return raw(big_endian);
}

Hash& Hash::string(Bytes bytes) {
  u32(static_cast<std::uint32_t>(bytes.size()));
  return raw(bytes);
}

Hash& Hash::mpint(Bytes magnitude) {
  // RFC 4251 section 5 [4251-5-9] [4251-5-10]: nothing redundant in front; zero is the empty string.
  while (!magnitude.empty() && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  if (magnitude.empty() || magnitude[0] < 0x80) return string(magnitude);
  // RFC 4251 section 5 [4251-5-8]: a set top bit would say negative, so a zero goes in front.
  u32(static_cast<std::uint32_t>(magnitude.size() + 1));
  constexpr std::array<std::uint8_t, 1> zero{};
  raw(zero);
  return raw(magnitude);
}

Digest Hash::finish() {
  Digest digest(state_->size);
  check(EVP_DigestFinal_ex(state_->context.get(), digest.writable().data(), nullptr), "EVP_DigestFinal_ex");
  return digest;
}

Digest hmac(HashName name, Bytes key, Bytes message) {
  static const EvpMac algorithm(check_pointer(EVP_MAC_fetch(nullptr, "HMAC", nullptr), "HMAC"));
  const EvpMacCtx context(check_pointer(EVP_MAC_CTX_new(algorithm.get()), "EVP_MAC_CTX_new"));
  std::string digest_name = facts(name).libcrypto_name;
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name.data(), 0), OSSL_PARAM_construct_end()};
  // A null key would mean "the one from before", so an empty key still needs an address.
  constexpr std::uint8_t no_key = 0;
  check(EVP_MAC_init(context.get(), key.empty() ? &no_key : key.data(), key.size(), parameters.data()), "EVP_MAC_init");
  check(EVP_MAC_update(context.get(), message.data(), message.size()), "EVP_MAC_update");
  Digest digest(hash_size(name));
  std::size_t written = 0;
  check(EVP_MAC_final(context.get(), digest.writable().data(), &written, digest.bytes().size()), "EVP_MAC_final");
  return digest;
}

}  // namespace glassh
