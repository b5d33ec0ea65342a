// The few steps of constant-time code in which a compiler that knows the values would put a branch back.
//
// Arithmetic on whole arrays needs no help. A choice by a secret bit does: some compilers turn a mask made of one bit
// into a jump around what the mask erases ("clangover" took ML-KEM keys out of such a jump). Values that pass opaque()
// are unknown to the compiler, so that it has nothing to decide by.
//
//   choose(mask_if_different(a, b), rejected, secret);   // secret becomes rejected if a and b differ
#pragma once

#include <cassert>

#include "proto/bytes.h"

namespace glassh {

// Whether the bytes are the same. The time depends on the lengths only; different lengths are unequal.
bool equal_in_constant_time(Bytes a, Bytes b);

inline std::uint32_t opaque(std::uint32_t value) {
  asm("" : "+r"(value));
  return value;
}

// 0x00 if the bytes are the same, 0xff if not. Both have the same length.
inline std::uint8_t mask_if_different(Bytes a, Bytes b) {
  assert(a.size() == b.size());
  std::uint32_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<std::uint32_t>(a[i] ^ b[i]);
  return static_cast<std::uint8_t>((0U - opaque(difference)) >> 24);
}

// Where `mask` is 0xff `to` becomes `from`; where it is 0x00 it stays. Both have the same length.
inline void choose(std::uint8_t mask, Bytes from, MutableBytes to) {
  assert(from.size() == to.size());
  const std::uint32_t each = opaque(mask);
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = static_cast<std::uint8_t>(to[i] ^ (each & static_cast<std::uint32_t>(from[i] ^ to[i])));
  }
}

}  // namespace glassh
