// The steps of constant-time code in which a compiler that knows the values could put a branch back: comparing, and
// choosing by a secret bit.
//
// Arithmetic on whole arrays needs no such help. A choice by a secret bit does: some compilers turn a mask made of one
// bit into a jump around the code that the mask erases ("clangover" took ML-KEM keys out of such a jump). The compiler
// does not know a value that has passed opaque(), so it cannot branch on it.
//
//   choose(mask_if_different(a, b), rejected, secret);   // secret becomes rejected if a and b differ
#pragma once

#include <cassert>

#include "proto/bytes.h"

namespace glassh {

// Whether the bytes are the same. The time depends only on the lengths. Byte strings of different lengths are unequal.
bool equal_in_constant_time(Bytes a, Bytes b);

// Returns `value`, and hides from the compiler which value it is.
inline std::uint32_t opaque(std::uint32_t value) {
  asm("" : "+r"(value));
  return value;
}

// Returns 0x00 if the bytes are the same, 0xff if not. Both must have the same length.
inline std::uint8_t mask_if_different(Bytes a, Bytes b) {
  assert(a.size() == b.size());
  std::uint32_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<std::uint32_t>(a[i] ^ b[i]);
  return static_cast<std::uint8_t>((0U - opaque(difference)) >> 24);
}

// Copies `from` to `to` if `mask` is 0xff, and leaves `to` as it is if `mask` is 0x00. Both must have the same length.
inline void choose(std::uint8_t mask, Bytes from, MutableBytes to) {
  assert(from.size() == to.size());
  const std::uint32_t each = opaque(mask);
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = static_cast<std::uint8_t>(to[i] ^ (each & static_cast<std::uint32_t>(from[i] ^ to[i])));
  }
}

}  // namespace glassh
