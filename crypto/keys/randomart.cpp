#include "crypto/keys/randomart.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace glassh {
namespace {

constexpr int width = 17;
constexpr int height = 9;
constexpr std::string_view visits = " .o+=*BOX@%&#/^";  // how often he was there, up to the last one
constexpr char start = 'S';
constexpr char end = 'E';

using Board = std::array<std::string, height>;

Board walk(Bytes hash) {
  std::array<std::array<std::size_t, width>, height> count{};
  int x = width / 2;
  int y = height / 2;
  for (const std::uint8_t byte : hash) {
    for (int shift = 0; shift < 8; shift += 2) {
      const int step = byte >> shift;
      x = std::clamp(x + ((step & 1) != 0 ? 1 : -1), 0, width - 1);
      y = std::clamp(y + ((step & 2) != 0 ? 1 : -1), 0, height - 1);
      std::size_t& here = count[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)];
      here = std::min(here + 1, visits.size() - 1);
    }
  }
  Board board;
  for (std::size_t row = 0; row < board.size(); ++row) {
    for (const std::size_t times : count[row]) board[row] += visits[times];
  }
  board[height / 2][width / 2] = start;
  board[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] = end;
  return board;
}

// "+--[RSA 3072]-----+"
std::string border(const std::string& text) { return fmt::format("+{:-^{}}+", text, width); }

}  // namespace

std::string randomart(const PublicKey& key, HashName hash) {
  const Digest digest = Hash(hash).raw(key.blob()).finish();
  std::string hash_name(hash_text(hash));
  std::erase(hash_name, '-');
  std::string out = border(fmt::format("[{} {}]", key.short_type(), key.bits())) + '\n';
  for (const std::string& row : walk(digest.bytes())) out += fmt::format("|{}|\n", row);
  return out + border(fmt::format("[{}]", hash_name));
}

}  // namespace glassh
