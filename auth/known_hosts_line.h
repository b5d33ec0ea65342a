// One line of a known_hosts file, split, and the question whether its names name a host: sshd(8) section
// SSH_KNOWN_HOSTS FILE FORMAT. What a line then means is known_hosts.h's business, changing it known_hosts_edit.h's.
//
//   KnownHostsFields fields;  std::string reason = split_known_hosts_line(line, fields);
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glassh {

// Views into the line.
struct KnownHostsFields {
  bool revoked = false;    // @revoked
  bool authority = false;  // @cert-authority
  std::string_view names;
  std::string_view type;
  std::string_view encoded_key;
};

// The mistake in a line, in words that follow "the line"; empty if there is none.
using KnownHostsReason = std::string;

// The key is not looked at. Everything is split, whatever is wrong with it: past vulnerability 69, a second marker must
// not hide that a key is revoked.
KnownHostsReason split_known_hosts_line(std::string_view line, KnownHostsFields& fields);
// Whether `names` (plain, with wildcards and negation, or one hashed name) name the host that known_host_name() calls
// `name`.
KnownHostsReason match_known_hosts_names(std::string_view names, const std::string& name, bool& matches);

// For code that changes a file: its lines as they stand there. Views into the text.
struct KnownHostsLine {
  std::size_t number = 0;       // from 1
  std::string_view whole = {};  // with its end
  bool has_entry = false;       // neither blank nor a comment
  KnownHostsFields fields = {};
  KnownHostsReason reason = {};  // a key of a type that we do not have is fine, if it says which type it is

  // False for a line whose names cannot be understood.
  bool names_host(const std::string& name) const;
};
std::vector<KnownHostsLine> known_hosts_lines(std::string_view text);
std::string_view without_line_end(std::string_view whole);
// With an end, if it has none.
void append_whole_line(std::string& text, std::string_view whole);

}  // namespace glassh
