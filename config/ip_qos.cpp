#include "config/ip_qos.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace glassh {
namespace {

// If two names stand for one value, the first is printed.
constexpr std::array<std::pair<std::string_view, std::uint8_t>, 25> names = {{
    {"af11", 0x28}, {"af12", 0x30}, {"af13", 0x38},     {"af21", 0x48},       {"af22", 0x50},
    {"af23", 0x58}, {"af31", 0x68}, {"af32", 0x70},     {"af33", 0x78},       {"af41", 0x88},
    {"af42", 0x90}, {"af43", 0x98}, {"cs0", 0x00},      {"cs1", 0x20},        {"cs2", 0x40},
    {"cs3", 0x60},  {"cs4", 0x80},  {"cs5", 0xa0},      {"cs6", 0xc0},        {"cs7", 0xe0},
    {"ef", 0xb8},   {"le", 0x04},   {"lowdelay", 0x10}, {"throughput", 0x08}, {"reliability", 0x04},
}};

std::optional<std::uint8_t> parse_one(std::string_view word) {
  if (equal_ignoring_case(word, "none")) return std::nullopt;
  for (const auto& [name, value] : names) {
    if (equal_ignoring_case(word, name)) return value;
  }
  const bool hexadecimal = word.starts_with("0x") || word.starts_with("0X");
  const std::string_view digits = hexadecimal ? word.substr(2) : word;
  std::uint8_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, hexadecimal ? 16 : 10);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
    throw ConfigError(fmt::format("Bad IPQoS value: {} (expected a name such as af21, 0 to 255, or none)", word));
  }
  return number;
}

std::string text_of(std::optional<std::uint8_t> value) {
  if (!value) return "none";
  for (const auto& [name, number] : names) {
    if (number == *value) return std::string(name);
  }
  return fmt::format("0x{:02x}", *value);
}

}  // namespace

IpQos parse_ip_qos(const std::vector<std::string>& words) {
  return {parse_one(words.front()), parse_one(words.back())};
}

std::string ip_qos_text(const IpQos& value) {
  return fmt::format("{} {}", text_of(value.interactive), text_of(value.bulk));
}

}  // namespace glassh
