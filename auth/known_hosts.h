// Which host keys are known: known_hosts files, in the format of sshd(8) section SSH_KNOWN_HOSTS FILE FORMAT.
//
// RFC 4251 section 4.1 [4251-4.1-5]: a key is remembered on first use and compared on every later one. Names are plain
// or hashed, with wildcards and negation, and `[host]:port` for ports other than 22. @revoked counts, however broken
// the rest of its line is; @cert-authority lines are skipped. What to do about an unknown or changed key is the
// client's business.
//
//   const auto found = look_up_host_key(files, "example.com", 22, key);  if (found.status == KnownHostStatus::match) …
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/keys/key.h"

namespace glassh {

struct KnownHostsFile {
  std::string path;
  std::string text;
};
// Empty if there is none. Throws FileError (config/small_file.h) if it cannot be read.
KnownHostsFile read_known_hosts(const std::string& path);

enum class KnownHostStatus {
  match,    // this key is known for this host
  changed,  // another key is, of this type or of another
  revoked,  // this key must not be accepted from this host, whatever else is known
  unknown,  // no key is known that could be compared
};
struct KnownHostEntry {
  std::string file;
  std::size_t line = 0;          // from 1
  std::string type;              // "ssh-dss": it may be one that we do not have
  std::optional<PublicKey> key;  // if we have its type
};
struct BadKnownHostsLine {
  std::string file;
  std::size_t line = 0;
  std::string reason;
};
struct KnownHostLookup {
  KnownHostStatus status = KnownHostStatus::unknown;
  std::optional<KnownHostEntry> entry;       // the line that decided; for `changed` rather one with a key of that type
  std::vector<KnownHostEntry> foreign_keys;  // the host's keys of types that we do not have
  std::vector<KnownHostEntry> authorities;   // lines of @cert-authority that are for the host; their keys are not read
  bool without_port = false;                 // a match that was found under the bare host name only
  std::vector<BadKnownHostsLine> bad_lines;  // the first 100
};
// For a HostKeyAlias, hand in the alias and port 22.
KnownHostLookup look_up_host_key(std::span<const KnownHostsFile> files, std::string_view host, std::uint16_t port,
                                 const PublicKey& key);
// The types of the keys that are known for the host, each once, in the files' order. Put in front of the key exchange's
// proposal they save the user a question.
std::vector<std::string> known_key_types(std::span<const KnownHostsFile> files, std::string_view host,
                                         std::uint16_t port);

// The keys that are known under a name as files have it ("example.com", "[example.com]:2222"); not the revoked ones.
std::vector<KnownHostEntry> known_keys(std::span<const KnownHostsFile> files, std::string_view name);

// Names under which the files list this key, for any host; lines with markers are left out.
struct KnownHostNames {
  std::string file;
  std::size_t line = 0;
  std::string names;  // as written; empty if hashed
};
std::vector<KnownHostNames> names_of_key(std::span<const KnownHostsFile> files, const PublicKey& key);

// Returns the name of a host in a file: "example.com", "[example.com]:2222"; in lower case.
std::string known_host_name(std::string_view host, std::uint16_t port);
// "|1|salt|hash" of such a name, with a salt from `rng`.
std::string hashed_host_name(std::string_view name, Rng& rng);
// "example.com ssh-ed25519 AAAA…". With `hash_with`, its random bytes salt the name's hash. Throws
// std::invalid_argument for a host with characters that the file gives a meaning.
std::string known_hosts_line(std::string_view host, std::uint16_t port, const PublicKey& key, Rng* hash_with);
// Appends that line. Makes the file (mode 0600) and its directory (0700) if need be. Throws FileError as well, and then
// the file is as it was.
void add_known_host(const std::string& path, std::string_view host, std::uint16_t port, const PublicKey& key,
                    Rng* hash_with);
// The same for several names of one host: in one line, or a line for each hash.
struct HostAndPort {
  std::string host;
  std::uint16_t port = 22;
};
std::string known_hosts_line(std::span<const HostAndPort> names, const PublicKey& key, Rng* hash_with);
void add_known_host(const std::string& path, std::span<const HostAndPort> names, const PublicKey& key, Rng* hash_with);

}  // namespace glassh
