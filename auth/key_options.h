// The options in front of a key in authorized_keys: sshd(8), AUTHORIZED_KEYS FILE FORMAT.
//
// Options are separated by commas, one or more; names are compared in any case, values stand in double quotes in which
// \" is a quote. An option that is unknown, that is not understood to its last byte, or that comes twice where it may
// not, spoils the whole line, because its author wanted to restrict the key. `cert-authority` and `principals=` are
// known and refused, since there are no certificates yet. Options come from files of users; RFC 4252 section 7
// [4252-7-2] lets the server ask for more than a listed key.
//
//   auto parsed = parse_key_options("restrict,pty,from=\"10.*\"");  if (parsed.options) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glassh {

struct KeyVariable {
  std::string name, value;
  bool operator==(const KeyVariable&) const = default;
};
// permitopen="host:port", permitlisten="[host:]port". No port: any ("*").
struct PermittedEndpoint {
  std::string host;  // without brackets, as written; "*" stands for any in permitlisten
  std::optional<std::uint16_t> port;
  bool operator==(const PermittedEndpoint&) const = default;
};

// As permitopen= and PermitOpen have it, or permitlisten= and PermitListen, where the port may stand alone. Throws
// std::invalid_argument: what was expected.
PermittedEndpoint parse_permitted_endpoint(std::string_view text, bool may_be_port_alone);

// Permissions of one line, or of all lines of a login together. Without any option everything is permitted.
struct KeyOptions {
  bool pty = true;
  bool port_forwarding = true;
  bool agent_forwarding = true;
  bool x11_forwarding = true;
  bool user_rc = true;
  std::optional<std::string> command;     // an empty one is a command that does nothing, not the absence of one
  std::vector<KeyVariable> environment;   // counts only with PermitUserEnvironment
  std::vector<std::string> from;          // pattern lists; the peer must match each
  std::optional<std::int64_t> not_after;  // expiry-time: the last second, since 1970
  // Lists of which each must permit an endpoint; no list permits every one.
  std::vector<std::vector<PermittedEndpoint>> permit_open, permit_listen;

  bool operator==(const KeyOptions&) const = default;
};

struct ParsedKeyOptions {
  std::optional<KeyOptions> options;
  std::string reason;  // what is wrong, if there are none
};
// `text` has no blanks but in quotes. expiry-time without Z is in this process's time zone.
ParsedKeyOptions parse_key_options(std::string_view text);

// The host that a login comes from, and the time of it.
struct LoginOrigin {
  std::string_view host;     // the name; without one, the address
  std::string_view address;  // "192.0.2.1"
  std::int64_t now = 0;      // seconds since 1970
};
// Why a key with these options does not let this peer in now; empty: it does.
std::string refusal_of(const KeyOptions& options, const LoginOrigin& origin);

// Returns the permissions after a login with several keys: those that each key gives (past vulnerability 14). Returns
// nullopt if the keys force different commands, because a session runs one command only.
std::optional<KeyOptions> combine(const KeyOptions& first, const KeyOptions& second);

}  // namespace glassh
