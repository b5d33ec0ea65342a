// One line of a known_hosts file, split, and the question whether its names name a host: sshd(8) section
// SSH_KNOWN_HOSTS FILE FORMAT. What a line then means is known_hosts.h's business, changing it known_hosts_edit.h's.
//
//   KnownHostsFields fields;  std::string reason = split_known_hosts_line(line, fields);
#pragma once

#include <string>
#include <string_view>

namespace glassh {

// Views into the line.
struct KnownHostsFields {
  bool revoked = false;    // @revoked
  bool authority = false;  // @cert-authority
  std::string_view names;
  std::string_view type;
  std::string_view encoded_key;
};

// What is wrong with a line, in words that follow "the line"; empty: nothing.
using KnownHostsReason = std::string;

// The key is not looked at. Everything is split, whatever is wrong with it: past vulnerability 69, a second marker must
// not hide that a key is revoked.
KnownHostsReason split_known_hosts_line(std::string_view line, KnownHostsFields& fields);
// Whether `names` (plain, with wildcards and negation, or one hashed name) name the host that known_host_name() calls
// `name`.
KnownHostsReason match_known_hosts_names(std::string_view names, const std::string& name, bool& matches);

}  // namespace glassh
