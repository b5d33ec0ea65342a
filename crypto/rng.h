// Randomness as an argument: the core takes random bytes only from an Rng that its caller hands in, so a session with a
// seeded Rng can be replayed byte for byte.
//
// RFC 4251 section 9.1 [4251-9.1-1] and RFC 4086: real sessions get SystemRng, which is libcrypto's seeded generator.
// SeededRng is for tests, `./dev step` and replay; no program uses it on a network.
//
//   SystemRng rng;  std::array<std::uint8_t, 16> cookie;  rng.fill(cookie);
#pragma once

#include <cstdint>
#include <memory>

#include "proto/bytes.h"

namespace glassh {

struct Rng {
  virtual ~Rng() = default;
  virtual void fill(MutableBytes out) = 0;  // throws std::runtime_error if there are no random bytes
};

class SystemRng final : public Rng {
 public:
  void fill(MutableBytes out) override;
};

// A ChaCha20 key stream from a 64-bit seed. The same seed gives the same bytes on every machine.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed);
  ~SeededRng() override;
  void fill(MutableBytes out) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glassh
