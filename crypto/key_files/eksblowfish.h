// Blowfish with the expensive key schedule that bcrypt uses: Provos and Mazières, "A Future-Adaptable Password Scheme"
// (USENIX 1999), over Schneier's Blowfish (1993). libcrypto does not have the schedule, and by default it does not have
// the cipher either.
//
// Only bcrypt_pbkdf uses it. The boxes are looked up with secret indices, so time and cache accesses depend on the key.
// bcrypt is defined that way; it should run only on the user's own machine.
//
//   Eksblowfish state;  state.expand(salt, key);  state.encrypt(left, right);
#pragma once

#include <array>
#include <cstdint>

#include "proto/bytes.h"

namespace glassh {

// The fraction of pi in words of 32 bits: the initial subkeys and boxes.
extern const std::array<std::uint32_t, 18 + 4 * 256> digits_of_pi;

class Eksblowfish {
 public:
  Eksblowfish();
  Eksblowfish(const Eksblowfish&) = delete;
  Eksblowfish& operator=(const Eksblowfish&) = delete;
  ~Eksblowfish();  // wipes the state

  // `salt` and `key` must not be empty. Without a salt, it is a salt of zeros: Blowfish's own key schedule.
  void expand(Bytes salt, Bytes key);
  void expand(Bytes key);
  // Encrypts one block, given as two words, in place.
  void encrypt(std::uint32_t& left, std::uint32_t& right) const;

 private:
  void mix_in(Bytes key);

  std::array<std::uint32_t, 18> subkeys_;
  std::array<std::array<std::uint32_t, 256>, 4> boxes_;
};

}  // namespace glassh
