// An Rng for known answers: hands out the given bytes, and nothing beyond them.
//
//   ScriptedRng rng(unhex("0102"));  …  EXPECT_EQ(rng.left(), 0U);
#pragma once

#include <stdexcept>
#include <utility>
#include <vector>

#include "crypto/rng.h"

namespace glassh {

class ScriptedRng final : public Rng {
 public:
  explicit ScriptedRng(std::vector<std::uint8_t> script) : script_(std::move(script)) {}
  void fill(MutableBytes out) override {
    if (out.size() > left()) throw std::runtime_error("the script ends here");
    std::memcpy(out.data(), script_.data() + at_, out.size());
    at_ += out.size();
  }
  std::size_t left() const { return script_.size() - at_; }

 private:
  std::vector<std::uint8_t> script_;
  std::size_t at_ = 0;
};

}  // namespace glassh
