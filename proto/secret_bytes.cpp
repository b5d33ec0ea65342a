#include "proto/secret_bytes.h"

#include <cassert>
#include <cstring>
#include <utility>

#include <string.h>

namespace glassh {

SecretBytes::SecretBytes(std::size_t size)
    : bytes_(size > 0 ? std::make_unique<std::uint8_t[]>(size) : nullptr), size_(size), capacity_(size) {}

SecretBytes::SecretBytes(Bytes from) : SecretBytes(from.size()) {
  if (!from.empty()) std::memcpy(bytes_.get(), from.data(), from.size());
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : bytes_(std::move(other.bytes_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  wipe({bytes_.get(), capacity_});
  bytes_ = std::move(other.bytes_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

// RFC 4251 section 9.3.7 [4251-9.3.7-1]: what a secret was does not outlive its use.
SecretBytes::~SecretBytes() { wipe({bytes_.get(), capacity_}); }

void SecretBytes::truncate(std::size_t size) {
  assert(size <= size_);
  wipe(reveal().subspan(size));
  size_ = size;
}

void wipe(MutableBytes bytes) {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace glassh
