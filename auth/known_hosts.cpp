#include "auth/known_hosts.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>
#include <sys/stat.h>

#include "auth/key_lines.h"
#include "auth/known_hosts_line.h"
#include "config/file_lock.h"
#include "config/small_file.h"
#include "config/syntax.h"
#include "proto/error.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

constexpr std::size_t file_size_limit = 16 * 1024 * 1024;
constexpr std::size_t bad_lines_kept = 100;
constexpr std::uint16_t ssh_port = 22;

struct ReadLine {
  KnownHostsFields fields;
  bool names_host = false;
  std::vector<std::uint8_t> blob;
  std::optional<PublicKey> key;  // if it is of a type that we have
  KnownHostsReason reason;
};

bool is_ours(std::string_view type) {
  const auto& ours = key_type_names();
  return std::find(ours.begin(), ours.end(), type) != ours.end();
}

void read_key(ReadLine& out) {
  KeyField field = decode_key_field(out.fields.type, out.fields.encoded_key);
  out.blob = std::move(field.blob);
  out.reason = std::move(field.reason);
  if (!out.reason.empty() || !is_ours(out.fields.type)) return;
  try {
    out.key = PublicKey::decode(out.blob);
  } catch (const ProtocolError& error) {
    out.reason = error.what();
  }
}

// A revoked key stays revoked, however broken its line is: all that counts is that the host and the key's bytes can be
// found in it (past vulnerability 69).
void read_revoked(ReadLine& out, const std::string& name) {
  bool names_host = false;
  if (!match_known_hosts_names(out.fields.names, name, names_host).empty() || !names_host) return;
  auto blob = base64_decode(out.fields.encoded_key);
  if (!blob) return;
  out.names_host = true;
  out.blob = std::move(*blob);
}

// The key is looked at only if the line is about the host, and never in the line of a certificate authority.
ReadLine read_line(const TextLine& line, const std::string& name) {
  ReadLine out;
  if (line.too_long) {
    out.reason = fmt::format("is longer than {} bytes", longest_key_line);
    return out;
  }
  out.reason = split_known_hosts_line(line.text, out.fields);
  if (out.reason.empty()) out.reason = match_known_hosts_names(out.fields.names, name, out.names_host);
  if (out.fields.revoked && out.fields.authority) out.names_host = false;
  if (out.reason.empty() && out.names_host && !out.fields.authority) read_key(out);
  if (!out.reason.empty()) out.names_host = false;
  if (!out.names_host && out.fields.revoked) read_revoked(out, name);
  return out;
}

// Calls `on_entry(fields, entry, blob)` for each key of the host, and `on_bad_line(line, reason)` for each line that
// cannot be understood.
template <class OnEntry, class OnBadLine>
void for_each_entry(const KnownHostsFile& file, const std::string& name, OnEntry on_entry, OnBadLine on_bad_line) {
  TextLines lines(file.text);
  while (const auto line = lines.next()) {
    ReadLine read = read_line(*line, name);
    if (!read.reason.empty()) on_bad_line(line->number, read.reason);
    if (!read.names_host) continue;
    on_entry(read.fields, KnownHostEntry{file.path, line->number, std::string(read.fields.type), std::move(read.key)},
             Bytes(read.blob));
  }
}

KnownHostLookup look_up_name(std::span<const KnownHostsFile> files, const std::string& name, const PublicKey& key) {
  KnownHostLookup found;
  std::optional<KnownHostEntry> match;
  std::optional<KnownHostEntry> changed;
  std::optional<KnownHostEntry> revoked;
  for (const KnownHostsFile& file : files) {
    for_each_entry(
        file, name,
        [&](const KnownHostsFields& fields, KnownHostEntry entry, Bytes blob) {
          const bool same_key = equal(blob, key.blob());
          if (fields.revoked) {
            if (same_key && !revoked) revoked = std::move(entry);
          } else if (fields.authority) {
            found.authorities.push_back(std::move(entry));
          } else if (same_key) {
            if (!match) match = std::move(entry);
          } else if (!entry.key) {
            found.foreign_keys.push_back(std::move(entry));
          } else if (!changed || (changed->type != key.type() && entry.type == key.type())) {
            changed = std::move(entry);
          }
        },
        [&](std::size_t line, const KnownHostsReason& reason) {
          if (found.bad_lines.size() < bad_lines_kept) found.bad_lines.push_back({file.path, line, reason});
        });
  }
  // A revocation anywhere is final. A match anywhere outweighs other keys: a host may have several, of several types
  // and while it changes them. Without a match each other key is an alarm: a host whose key is known has been asked for
  // that key's type first (known_key_types), so whoever answers with another type does not have it.
  if (revoked) {
    found.status = KnownHostStatus::revoked;
    found.entry = std::move(revoked);
  } else if (match) {
    found.status = KnownHostStatus::match;
    found.entry = std::move(match);
  } else if (changed) {
    found.status = KnownHostStatus::changed;
    found.entry = std::move(changed);
  }
  return found;
}

}  // namespace

KnownHostsFile read_known_hosts(const std::string& path) {
  try {
    const SmallFile file = read_small_file(path, file_size_limit);
    return {path, std::string(text_of(file.content.reveal()))};
  } catch (const FileError& error) {
    if (error.code().value() == ENOENT) return {path, {}};
    throw;
  }
}

KnownHostLookup look_up_host_key(std::span<const KnownHostsFile> files, std::string_view host, std::uint16_t port,
                                 const PublicKey& key) {
  KnownHostLookup found = look_up_name(files, known_host_name(host, port), key);
  if (found.status != KnownHostStatus::unknown || port == ssh_port) return found;
  // As OpenSSH does it: the same key on another port of a host that is known is no stranger. Another key there says
  // nothing, since behind each port may be another machine.
  KnownHostLookup bare = look_up_name(files, known_host_name(host, ssh_port), key);
  if (bare.status == KnownHostStatus::match || bare.status == KnownHostStatus::revoked) {
    bare.without_port = true;
    return bare;
  }
  return found;
}

std::vector<std::string> known_key_types(std::span<const KnownHostsFile> files, std::string_view host,
                                         std::uint16_t port) {
  std::vector<std::string> types;
  const auto collect = [&types, files](const std::string& name) {
    for (const KnownHostsFile& file : files) {
      for_each_entry(
          file, name,
          [&types](const KnownHostsFields& fields, const KnownHostEntry& entry, Bytes) {
            const bool seen = std::find(types.begin(), types.end(), entry.type) != types.end();
            if (!fields.revoked && !fields.authority && !seen) types.push_back(entry.type);
          },
          [](std::size_t, const KnownHostsReason&) {});
    }
  };
  collect(known_host_name(host, port));
  if (types.empty() && port != ssh_port) collect(known_host_name(host, ssh_port));
  return types;
}

std::vector<KnownHostEntry> known_keys(std::span<const KnownHostsFile> files, std::string_view name) {
  std::vector<KnownHostEntry> keys;
  for (const KnownHostsFile& file : files) {
    for_each_entry(
        file, lower_case(name),
        [&keys](const KnownHostsFields& fields, const KnownHostEntry& entry, Bytes) {
          if (!fields.revoked && !fields.authority) keys.push_back(entry);
        },
        [](std::size_t, const KnownHostsReason&) {});
  }
  return keys;
}

std::string known_host_name(std::string_view host, std::uint16_t port) {
  if (port == ssh_port) return lower_case(host);
  return fmt::format("[{}]:{}", lower_case(host), port);
}

std::vector<KnownHostNames> names_of_key(std::span<const KnownHostsFile> files, const PublicKey& key) {
  std::vector<KnownHostNames> found;
  for (const KnownHostsFile& file : files) {
    TextLines lines(file.text);
    while (const auto line = lines.next()) {
      KnownHostsFields fields;
      if (!split_known_hosts_line(line->text, fields).empty() || fields.revoked || fields.authority) continue;
      if (fields.type != key.type()) continue;
      const KeyField field = decode_key_field(fields.type, fields.encoded_key);
      if (!field.reason.empty() || !equal(field.blob, key.blob())) continue;
      found.push_back({file.path, line->number, std::string(fields.names.starts_with('|') ? "" : fields.names)});
    }
  }
  return found;
}

namespace {

// Throws std::invalid_argument for a host with characters that the file gives a meaning.
std::string name_to_write(std::string_view host, std::uint16_t port) {
  const auto has_meaning = [](char c) {
    return is_control(c) || std::string_view(" ,*?!|#@[]").find(c) != std::string_view::npos;
  };
  if (host.empty() || std::any_of(host.begin(), host.end(), has_meaning)) {
    throw std::invalid_argument(
        fmt::format("'{}' cannot be written as a host name into known_hosts", made_safe(host, TextFor::key_line)));
  }
  return known_host_name(host, port);
}

}  // namespace

std::string known_hosts_line(std::string_view host, std::uint16_t port, const PublicKey& key, Rng* hash_with) {
  const HostAndPort name{std::string(host), port};
  return known_hosts_line({&name, 1}, key, hash_with);
}

std::string known_hosts_line(std::span<const HostAndPort> names, const PublicKey& key, Rng* hash_with) {
  std::string lines;
  for (const HostAndPort& name : names) {
    if (!lines.empty()) lines += hash_with != nullptr ? fmt::format(" {}\n", key.line()) : ",";
    const std::string plain = name_to_write(name.host, name.port);
    lines += hash_with != nullptr ? hashed_host_name(plain, *hash_with) : plain;
  }
  return lines + " " + key.line();
}

void add_known_host(const std::string& path, std::string_view host, std::uint16_t port, const PublicKey& key,
                    Rng* hash_with) {
  const HostAndPort name{std::string(host), port};
  add_known_host(path, {&name, 1}, key, hash_with);
}

void add_known_host(const std::string& path, std::span<const HostAndPort> names, const PublicKey& key, Rng* hash_with) {
  const std::string lines = known_hosts_line(names, key, hash_with);
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) {
    const std::string directory = path.substr(0, slash);
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) throw FileError(errno, directory);
  }
  const FileLock lock(path);
  append_line(path, lines, 0600);
}

}  // namespace glassh
