// Hashes, with the three shapes that SSH feeds them: raw bytes, an RFC 4251 string, an RFC 4251 mpint.
//
// libcrypto's algorithm objects are fetched once per process. Every result is checked; a failure throws
// std::runtime_error (never "no hash").
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

// Up to 64 bytes, by value.
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
  Digest finish();               // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// HMAC of `message`, for hashed known_hosts names (SHA-1) and the like. Packet MACs have their own, reused contexts.
Digest hmac(HashName name, Bytes key, Bytes message);

}  // namespace glassh
