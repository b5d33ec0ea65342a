#include "server/forwarding/forward_rules.h"

#include <limits>

#include <sys/socket.h>

namespace glassh {

namespace {

constexpr std::string_view loopback_v4 = "127.0.0.1", loopback_v6 = "::1";
constexpr std::string_view everywhere_v4 = "0.0.0.0", everywhere_v6 = "::";

std::vector<std::string> of_families(std::string_view v4, std::string_view v6, AddressFamily family) {
  std::vector<std::string> hosts;
  if (family != AddressFamily::inet) hosts.emplace_back(v6);
  if (family != AddressFamily::inet6) hosts.emplace_back(v4);
  return hosts;
}

}  // namespace

bool is_port(std::uint32_t number) { return number <= std::numeric_limits<std::uint16_t>::max(); }

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

int family_number(AddressFamily family) {
  if (family == AddressFamily::inet) return AF_INET;
  return family == AddressFamily::inet6 ? AF_INET6 : AF_UNSPEC;
}

// RFC 4254 section 7.1 [4254-7.1-1]: "" is every address of every family, "0.0.0.0" and "::" every address of one,
// "localhost" the loopback of every family, "127.0.0.1" and "::1" that of one. What goes beyond the loopback counts as
// far as GatewayPorts (sshd_config(5)) has it.
std::vector<std::string> hosts_to_bind(std::string_view address_to_bind, GatewayPorts gateway_ports,
                                       AddressFamily family) {
  const auto loopback = [family] { return of_families(loopback_v4, loopback_v6, family); };
  const auto everywhere = [family] { return of_families(everywhere_v4, everywhere_v6, family); };
  const bool one_loopback = address_to_bind == loopback_v4 || address_to_bind == loopback_v6;
  switch (gateway_ports) {
    case GatewayPorts::no:
      if (!one_loopback) return loopback();
      break;
    case GatewayPorts::yes:
      return everywhere();
    case GatewayPorts::client_specified:
      if (address_to_bind.empty() || address_to_bind == "*") return everywhere();
      if (address_to_bind == "localhost") return loopback();
      break;
  }
  return {std::string(address_to_bind)};
}

std::string absolute_socket_path(std::string_view path) {
  return path.empty() || path.front() == '/' ? std::string(path) : "/" + std::string(path);
}

}  // namespace glassh
