// Matches IP addresses against lists: `from=` of authorized_keys, Match Address and user@host of sshd_config(5).
//
// An item of such a list is an address, a network in CIDR form, or a pattern with wildcards. A ! in front negates it.
// Only commas separate items. A network whose mask is too long, or that has bits set behind its mask, is an error: this
// code does not guess the meaning. It looks up no name and needs no socket header.
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
// "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", as inet_pton(3) reads them. Returns nullopt for anything else, also
// for an address with a scope ("%eth0") or in brackets.
std::optional<IpAddress> parse_ip_address(std::string_view text);

enum class AddressMatch {
  no_match,
  match,      // some item matches, and no negated item before it ended the search
  negated,    // a negated item matches, which decides the question
  malformed,  // the list has an empty item or an impossible network; the caller must refuse the peer
};
// Returns no_match if `address` is not an IP address.
AddressMatch match_address_list(std::string_view address, std::string_view list);
// Whether every item is well formed. The reader of a configuration asks this, so that `malformed` cannot come up later.
bool is_address_list(std::string_view list);

// Matches a peer by its name and by its address. The caller passes the address twice if it does not know a name. Names
// are compared in lower case.
AddressMatch match_host_and_address(std::string_view host, std::string_view address, std::string_view list);

}  // namespace glassh
