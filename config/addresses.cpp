#include "config/addresses.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "config/patterns.h"
#include "config/syntax.h"

namespace glassh {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

// One to `longest` digits of `base`, and nothing else.
std::optional<unsigned> number(std::string_view text, int base, std::size_t longest) {
  unsigned value = 0;
  if (text.empty() || text.size() > longest || text.front() == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool parse_v4(std::string_view text, std::uint8_t* out) {
  const auto parts = split(text, '.');
  if (parts.size() != 4) return false;
  for (const std::string_view part : parts) {
    const auto value = number(part, 10, 3);
    const bool leading_zero = part.size() > 1 && part.front() == '0';
    if (!value || *value > 255 || leading_zero) return false;
    *out++ = static_cast<std::uint8_t>(*value);
  }
  return true;
}

// The groups on one side of "::", two bytes each; the last may be an IPv4 address.
bool parse_groups(std::string_view text, bool may_end_in_v4, std::vector<std::uint8_t>& out) {
  if (text.empty()) return true;
  const auto groups = split(text, ':');
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::uint8_t v4[4];
    if (may_end_in_v4 && i + 1 == groups.size() && parse_v4(groups[i], v4)) {
      out.insert(out.end(), v4, v4 + 4);
      return true;
    }
    const auto value = number(groups[i], 16, 4);
    if (!value) return false;
    out.push_back(static_cast<std::uint8_t>(*value >> 8));
    out.push_back(static_cast<std::uint8_t>(*value & 0xff));
  }
  return true;
}

bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  const std::size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  std::vector<std::uint8_t> front;
  std::vector<std::uint8_t> back;
  if (!parse_groups(text.substr(0, gap), !has_gap, front)) return false;
  if (has_gap && !parse_groups(text.substr(gap + 2), true, back)) return false;
  const std::size_t size = front.size() + back.size();
  if (has_gap ? size > out.size() - 2 : size != out.size()) return false;
  std::copy(front.begin(), front.end(), out.begin());
  std::copy(back.begin(), back.end(), out.end() - static_cast<std::ptrdiff_t>(back.size()));
  return true;
}

bool bit(const IpAddress& address, unsigned index) { return (address.bytes[index / 8] >> (7 - index % 8) & 1) != 0; }

struct Network {
  IpAddress address;
  unsigned mask_bits = 0;

  bool contains(const IpAddress& other) const {
    if (address.is_v6 != other.is_v6) return false;
    for (unsigned i = 0; i < mask_bits; ++i) {
      if (bit(address, i) != bit(other, i)) return false;
    }
    return true;
  }
};

enum class Kind { network, pattern, malformed };

Kind parse_item(std::string_view item, Network& network) {
  const std::size_t slash = item.find('/');
  const auto address = parse_ip_address(item.substr(0, slash));
  if (!address) return item.empty() ? Kind::malformed : Kind::pattern;
  network = {*address, address->bits()};
  if (slash == std::string_view::npos) return Kind::network;
  const auto mask = number(item.substr(slash + 1), 10, 3);
  if (!mask || *mask > address->bits()) return Kind::malformed;
  network.mask_bits = *mask;
  for (unsigned i = *mask; i < address->bits(); ++i) {
    if (bit(*address, i)) return Kind::malformed;
  }
  return Kind::network;
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  IpAddress address;
  if (parse_v4(text, address.bytes.data())) return address;
  address = {};
  address.is_v6 = true;
  if (parse_v6(text, address.bytes)) return address;
  return std::nullopt;
}

AddressMatch match_address_list(std::string_view address, std::string_view list) {
  if (!is_address_list(list)) return AddressMatch::malformed;
  const auto wanted = parse_ip_address(address);
  if (!wanted) return AddressMatch::no_match;
  bool matched = false;
  for (std::string_view item : split(list, ',')) {
    const bool negates = item.starts_with('!');
    if (negates) item.remove_prefix(1);
    Network network;
    const bool is_network = parse_item(item, network) == Kind::network;
    if (!(is_network ? network.contains(*wanted) : match_pattern(address, item))) continue;
    if (negates) return AddressMatch::negated;
    matched = true;
  }
  return matched ? AddressMatch::match : AddressMatch::no_match;
}

bool is_address_list(std::string_view list) {
  const auto items = split(list, ',');
  return std::none_of(items.begin(), items.end(), [](std::string_view item) {
    Network network;
    if (item.starts_with('!')) item.remove_prefix(1);
    return parse_item(item, network) == Kind::malformed;
  });
}

AddressMatch match_host_and_address(std::string_view host, std::string_view address, std::string_view list) {
  const AddressMatch by_address = match_address_list(address, list);
  if (by_address == AddressMatch::malformed || by_address == AddressMatch::negated) return by_address;
  const PatternMatch by_name = match_pattern_list(lower_case(host), lower_case(list));
  if (by_name == PatternMatch::negated) return AddressMatch::negated;
  const bool matched = by_address == AddressMatch::match || by_name == PatternMatch::match;
  return matched ? AddressMatch::match : AddressMatch::no_match;
}

}  // namespace glassh
