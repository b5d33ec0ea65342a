// Blowfish with the expensive key schedule that bcrypt is made of: Provos and Mazières, "A Future-Adaptable Password
// Scheme" (USENIX 1999), over Schneier's Blowfish (1993). libcrypto has neither the schedule nor, by default, the
// cipher.
//
// For bcrypt_pbkdf only. The boxes are looked up with secret indices, so time and cache depend on the key: that is how
// bcrypt is, and why it belongs on the user's own machine.
//
//   Eksblowfish state;  state.expand(salt, key);  state.encrypt(left, right);
#pragma once

#include <array>
#include <cstdint>

#include "proto/bytes.h"

namespace glassh {

// The fraction of pi in words of 32 bits: what subkeys and boxes begin with.
extern const std::array<std::uint32_t, 18 + 4 * 256> digits_of_pi;

class Eksblowfish {
 public:
  Eksblowfish();
  Eksblowfish(const Eksblowfish&) = delete;
  Eksblowfish& operator=(const Eksblowfish&) = delete;
  ~Eksblowfish();  // wipes

  // Neither may be empty. The second form is the first with a salt of zeros, which is Blowfish's own key schedule.
  void expand(Bytes salt, Bytes key);
  void expand(Bytes key);
  // One block, as two words, in place.
  void encrypt(std::uint32_t& left, std::uint32_t& right) const;

 private:
  void mix_in(Bytes key);

  std::array<std::uint32_t, 18> subkeys_;
  std::array<std::array<std::uint32_t, 256>, 4> boxes_;
};

}  // namespace glassh
