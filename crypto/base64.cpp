#include "crypto/base64.h"

#include <array>

namespace glassh {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t not_in_alphabet = 64;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(not_in_alphabet);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> values = make_values();

}  // namespace

std::string base64_encode(Bytes bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::size_t taken = bytes.size() < 3 ? bytes.size() : 3;
    std::uint32_t group = std::uint32_t{bytes[0]} << 16;
    if (taken > 1) group |= std::uint32_t{bytes[1]} << 8;
    if (taken > 2) group |= bytes[2];
    out.push_back(alphabet[group >> 18]);
    out.push_back(alphabet[group >> 12 & 63]);
    out.push_back(taken > 1 ? alphabet[group >> 6 & 63] : '=');
    out.push_back(taken > 2 ? alphabet[group & 63] : '=');
    bytes = bytes.subspan(taken);
  }
  return out;
}

std::optional<std::vector<std::uint8_t>> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  if (text.ends_with("==")) {
    padding = 2;
  } else if (text.ends_with('=')) {
    padding = 1;
  }
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  std::size_t bits = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const std::uint8_t value = values[static_cast<std::uint8_t>(c)];
    if (value == not_in_alphabet) return std::nullopt;
    group = group << 6 | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(group >> bits));
      group &= (std::uint32_t{1} << bits) - 1;
    }
  }
  // The last character's unused bits must be zero. Otherwise two spellings would mean the same bytes.
  if (group != 0) return std::nullopt;
  return out;
}

}  // namespace glassh
