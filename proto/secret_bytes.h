// SecretBytes holds a secret: keys, shared secrets, passwords and passphrases. It wipes its bytes when it dies.
//
// A copy is made only by calling clone(). There is no formatter, so a secret cannot be printed by mistake, and no
// operator==: equal_in_constant_time() (crypto/constant_time.h) is the only comparison.
//
//   SecretBytes k(32);  rng.fill(k.reveal());
#pragma once

#include <cstddef>
#include <memory>

#include "proto/bytes.h"

namespace glassh {

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);  // zeros
  explicit SecretBytes(Bytes from);        // a copy; the caller wipes `from`
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes();

  SecretBytes clone() const { return SecretBytes(reveal()); }
  // Views into this object, valid until it is moved from, assigned to or destroyed.
  MutableBytes reveal() { return {bytes_.get(), size_}; }
  Bytes reveal() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Shortens to `size` bytes and wipes the rest. `size` must not exceed size().
  void truncate(std::size_t size);

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Overwrites memory with zeros, in a way that the optimizer does not remove.
void wipe(MutableBytes bytes);

}  // namespace glassh
