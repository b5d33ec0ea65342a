// Parses the destination of a connection, "host", "user@host" or "ssh://user@host:port" as in ssh(1), and checks that
// names are safe to use.
//
// No name is looked up. In the URI, user and host may be percent-encoded; a password, a path and a NUL are refused.
//
//   parse_destination("ssh://alice@[::1]:2222")  // host "::1", user "alice", port 2222
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace glassh {

struct Destination {
  std::string host;
  std::optional<std::string> user;
  std::optional<std::uint16_t> port;
  bool operator==(const Destination&) const = default;
};
// Returns nullopt if it is malformed. The names are not checked yet.
std::optional<Destination> parse_destination(std::string_view text);

// Whether a name from an argument or a URI is safe in ProxyCommand's shell line. It must not begin with '-', and must
// not have a control character or a character with a meaning for a shell. A host must not have a blank; a user must not
// have a blank before '-', and may have '$' and ','. The same names are refused as by OpenSSH 10.5. (OpenSSH
// CVE-2023-51385, CVE-2025-61984, CVE-2025-61985)
bool valid_host_name(std::string_view host);
bool valid_user_name(std::string_view user);

}  // namespace glassh
