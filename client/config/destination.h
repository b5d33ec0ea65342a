// Where to: "host", "user@host" or "ssh://user@host:port", as ssh(1) takes it, and which names are fit to be used.
//
// Nothing is looked up. In the URI, user and host may be percent-encoded; a password, a path and a NUL are refused.
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
// Nothing if it is malformed. The names are not checked yet.
std::optional<Destination> parse_destination(std::string_view text);

// Names from an argument or a URI may end up in ProxyCommand's shell line: no leading '-', no control character,
// nothing that a shell gives a meaning; in a host no blank, in a user none before '-'. (OpenSSH CVE-2023-51385,
// CVE-2025-61984, CVE-2025-61985)
bool valid_host_name(std::string_view host);
bool valid_user_name(std::string_view user);

}  // namespace glassh
