// Hashes, with the forms of input that SSH needs: raw bytes, a uint32, an RFC 4251 string, an RFC 4251 mpint.
//
// libcrypto computes them; its algorithm objects are fetched once per process. Every result is checked: a failure
// throws std::runtime_error, so a caller never gets an empty hash. SHA-3 is in crypto/keccak.h.
//
//   const Digest h = Hash(HashName::sha256).string(V_C).string(V_S).finish();
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "proto/bytes.h"

namespace glassh {

enum class HashName { md5, sha1, sha256, sha384, sha512 };  // md5 and sha1: fingerprints and hashed known_hosts only
std::size_t hash_size(HashName name);                       // bytes
std::string_view hash_text(HashName name);                  // "SHA-256"

// A hash of up to 64 bytes, held by value.
class Digest {
 public:
  Digest() = default;
  explicit Digest(std::size_t size) : size_(size) {}
  MutableBytes writable() { return {bytes_.data(), size_}; }
  Bytes bytes() const { return {bytes_.data(), size_}; }
  bool empty() const { return size_ == 0; }

 private:
  std::array<std::uint8_t, 64> bytes_{};
  std::size_t size_ = 0;
};

class Hash {
 public:
  explicit Hash(HashName name);
  ~Hash();
  Hash(Hash&&) noexcept;
  Hash& operator=(Hash&&) noexcept;

  Hash& raw(Bytes bytes);
  Hash& u32(std::uint32_t value);
  Hash& string(Bytes bytes);     // RFC 4251 section 5: length and bytes
  Hash& mpint(Bytes magnitude);  // RFC 4251 section 5: non-negative, leading zeros allowed here and dropped
  Digest finish();               // to be called once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Returns the HMAC of `message`. Hashed names in known_hosts use it (with SHA-1). The MACs of packets do not: the
// ciphers keep contexts of their own and use them again.
Digest hmac(HashName name, Bytes key, Bytes message);

}  // namespace glassh
