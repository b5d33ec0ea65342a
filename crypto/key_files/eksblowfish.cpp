#include "crypto/key_files/eksblowfish.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <openssl/crypto.h>

namespace glassh {
namespace {

// Bytes read as big-endian words, again and again from the beginning.
class Words {
 public:
  explicit Words(Bytes bytes) : bytes_(bytes) { assert(!bytes.empty()); }
  std::uint32_t next() {
    std::uint32_t word = 0;
    for (int i = 0; i < 4; ++i) {
      word = word << 8 | bytes_[at_];
      at_ = at_ + 1 == bytes_.size() ? 0 : at_ + 1;
    }
    return word;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

}  // namespace

Eksblowfish::Eksblowfish() {
  auto digit = digits_of_pi.begin();
  for (std::uint32_t& subkey : subkeys_) subkey = *digit++;
  for (auto& box : boxes_) {
    for (std::uint32_t& entry : box) entry = *digit++;
  }
}

Eksblowfish::~Eksblowfish() {
  OPENSSL_cleanse(subkeys_.data(), sizeof subkeys_);
  OPENSSL_cleanse(boxes_.data(), sizeof boxes_);
}

// Sixteen Feistel rounds, two per turn, so that the halves need not be swapped.
void Eksblowfish::encrypt(std::uint32_t& left, std::uint32_t& right) const {
  const auto f = [this](std::uint32_t x) {
    return ((boxes_[0][x >> 24] + boxes_[1][x >> 16 & 255]) ^ boxes_[2][x >> 8 & 255]) + boxes_[3][x & 255];
  };
  std::uint32_t l = left;
  std::uint32_t r = right;
  for (std::size_t round = 0; round < 16; round += 2) {
    l ^= subkeys_[round];
    r ^= f(l);
    r ^= subkeys_[round + 1];
    l ^= f(r);
  }
  left = r ^ subkeys_[17];
  right = l ^ subkeys_[16];
}

void Eksblowfish::mix_in(Bytes key) {
  Words words(key);
  for (std::uint32_t& subkey : subkeys_) subkey ^= words.next();
}

// Each pair of words is replaced by the encryption of the pair before it and the salt.
void Eksblowfish::expand(Bytes salt, Bytes key) {
  mix_in(key);
  Words words(salt);
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  const auto replace = [&](std::uint32_t& first, std::uint32_t& second) {
    left ^= words.next();
    right ^= words.next();
    encrypt(left, right);
    first = left;
    second = right;
  };
  for (std::size_t i = 0; i < subkeys_.size(); i += 2) replace(subkeys_[i], subkeys_[i + 1]);
  for (auto& box : boxes_) {
    for (std::size_t i = 0; i < box.size(); i += 2) replace(box[i], box[i + 1]);
  }
}

void Eksblowfish::expand(Bytes key) {
  constexpr std::array<std::uint8_t, 8> zeros{};
  expand(zeros, key);
}

}  // namespace glassh
