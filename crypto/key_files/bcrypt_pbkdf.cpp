#include "crypto/key_files/bcrypt_pbkdf.h"

#include <array>
#include <stdexcept>

#include "crypto/hash.h"
#include "crypto/key_files/eksblowfish.h"

namespace glassh {
namespace {

constexpr std::size_t block_size = 32;  // of bcrypt's output
constexpr std::size_t largest_size = 1024;
constexpr int schedule_turns = 64;  // bcrypt's cost of 6
constexpr int encryption_turns = 64;
using Block = std::array<std::uint8_t, block_size>;

constexpr std::string_view plaintext = "OxychromaticBlowfishSwatDynamite";
static_assert(plaintext.size() == block_size);

// bcrypt as this function wants it: 32 bytes out, key and salt are SHA-512 hashes, words end up little-endian.
void bcrypt(Bytes key, Bytes salt, Block& out) {
  Eksblowfish state;
  state.expand(salt, key);
  for (int i = 0; i < schedule_turns; ++i) {
    state.expand(salt);
    state.expand(key);
  }
  for (std::size_t at = 0; at < block_size; at += 8) {
    std::uint32_t left = get_u32(bytes_of(plaintext).data() + at);
    std::uint32_t right = get_u32(bytes_of(plaintext).data() + at + 4);
    for (int i = 0; i < encryption_turns; ++i) state.encrypt(left, right);
    for (std::size_t i = 0; i < 4; ++i) {
      out[at + i] = static_cast<std::uint8_t>(left >> 8 * i);
      out[at + 4 + i] = static_cast<std::uint8_t>(right >> 8 * i);
    }
  }
}

SecretBytes sha512(Bytes bytes) {
  Digest digest = Hash(HashName::sha512).raw(bytes).finish();
  SecretBytes out(digest.bytes());
  wipe(digest.writable());
  return out;
}

// Block number `count` of the output: the sum (exclusive or) of a chain of `rounds` bcrypts.
void derive_block(Bytes hashed_passphrase, Bytes salt, std::uint32_t count, std::uint32_t rounds, Block& sum) {
  Digest first = Hash(HashName::sha512).raw(salt).u32(count).finish();
  Block link{};
  bcrypt(hashed_passphrase, first.bytes(), link);
  sum = link;
  for (std::uint32_t round = 1; round < rounds; ++round) {
    const SecretBytes hashed_link = sha512(link);
    bcrypt(hashed_passphrase, hashed_link.reveal(), link);
    for (std::size_t i = 0; i < block_size; ++i) sum[i] ^= link[i];
  }
  wipe(link);
}

}  // namespace

SecretBytes bcrypt_pbkdf(Bytes passphrase, Bytes salt, std::uint32_t rounds, std::size_t size) {
  if (passphrase.empty() || salt.empty() || rounds == 0 || size == 0 || size > largest_size) {
    throw std::invalid_argument("bcrypt_pbkdf: needs a passphrase, a salt, rounds, and a size of 1 to 1024");
  }
  const SecretBytes hashed_passphrase = sha512(passphrase);
  SecretBytes out(size);
  const std::size_t blocks = (size + block_size - 1) / block_size;
  const std::size_t used_of_block = (size + blocks - 1) / blocks;
  Block block{};
  for (std::size_t number = 0; number < blocks; ++number) {
    derive_block(hashed_passphrase.reveal(), salt, static_cast<std::uint32_t>(number + 1), rounds, block);
    // Byte i of block b is byte i * blocks + b of the output.
    for (std::size_t i = 0; i < used_of_block && i * blocks + number < size; ++i) {
      out.reveal()[i * blocks + number] = block[i];
    }
  }
  wipe(block);
  return out;
}

}  // namespace glassh
