// Computes how known_hosts changes when a server announces its host keys: OpenSSH PROTOCOL section 2.5, and
// UpdateHostKeys of ssh_config(5).
//
// New keys of this host are learned, and keys that the server does not have any more are forgotten. If a line that the
// user wrote is concerned (patterns, lists of names, markers), or a key is known under other names, the file is not
// changed at all. The caller must know that the server has proved the new keys. Without I/O.
//
//   const HostKeyChanges changes = host_key_changes(files, names, keys);  if (changes.obstacle.empty()) …
#pragma once

#include "auth/known_hosts.h"

namespace glassh {

struct HostKeyChanges {
  std::string obstacle;             // why the files stay as they are, for the log; empty: nothing is in the way
  std::vector<PublicKey> unknown;   // announced, and not known for the host: to be proved, then learned
  std::vector<PublicKey> obsolete;  // known for the host, and not announced
};
// `names` is the host's, and with CheckHostIP that of its address behind it. `announced` has no key twice. Keys of
// types that we do not have are neither unknown nor obsolete.
HostKeyChanges host_key_changes(std::span<const KnownHostsFile> files, std::span<const HostAndPort> names,
                                std::span<const PublicKey> announced);

struct KnownHostsUpdate {
  struct Line {
    std::size_t number = 0;
    std::string what;  // the key's short type, or what is wrong with the line
  };
  std::string text;  // of the file as it should be
  std::vector<Line> removed;
  std::vector<PublicKey> added;  // under all of the names
  bool completed = false;        // a key that was known under one of the names got the other
  std::vector<Line> bad_lines;   // they stay as they are
};
// The file with exactly `keys` for the host, as far as they are of our types: lines that have one of them stay where
// they are, others of the host go, what is missing comes at the end, under the names that miss it. Every other line
// stays byte for byte. With `hash_with` the names that are added are hashed. Throws std::invalid_argument as
// known_hosts_line() does.
KnownHostsUpdate with_host_keys(const KnownHostsFile& file, std::span<const HostAndPort> names,
                                std::span<const PublicKey> keys, Rng* hash_with);

}  // namespace glassh
