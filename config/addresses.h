// IP addresses as patterns see them: `from=` of authorized_keys, Match Address and user@host of sshd_config(5).
//
// An item of such a list is an address, a network in CIDR form, or a pattern with wildcards, and may be negated with !.
// Items are separated by commas alone. A network whose mask is too long, or that has bits set behind its mask, is an
// error rather than a guess at what was meant. No name is looked up, and no socket header is needed.
//
//   match_address_list("192.0.2.7", "192.0.2.0/24,!192.0.2.9") == AddressMatch::match
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace glassh {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // in network order; IPv4 has the first four
  bool is_v6 = false;

  unsigned bits() const { return is_v6 ? 128 : 32; }
  bool operator==(const IpAddress&) const = default;
};
// "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", as inet_pton(3) reads them. No scope, no brackets.
std::optional<IpAddress> parse_ip_address(std::string_view text);

enum class AddressMatch {
  no_match,
  match,      // some item matches, and no negated one before it ends the search
  negated,    // a negated item matches: that decides
  malformed,  // an empty item or an impossible network: whoever asked must refuse
};
// What is no IP address matches nothing.
AddressMatch match_address_list(std::string_view address, std::string_view list);
// Whether every item could be meant; for reading a configuration.
bool is_address_list(std::string_view list);

// A peer by its name and its address; without a name the two are the same. Names are compared in lower case.
AddressMatch match_host_and_address(std::string_view host, std::string_view address, std::string_view list);

}  // namespace glassh
