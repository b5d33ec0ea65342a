#include "auth/known_hosts_update.h"

#include <algorithm>

#include "auth/key_lines.h"
#include "auth/known_hosts_line.h"
#include "proto/error.h"

namespace glassh {
namespace {

// A line that names a key, and what it has to do with the host.
struct Entry {
  const KnownHostsLine& line;
  std::vector<std::uint8_t> blob;
  std::vector<bool> matches;  // for each of the names
  bool about_host() const { return std::find(matches.begin(), matches.end(), true) != matches.end(); }
  bool has_marker() const { return line.fields.revoked || line.fields.authority; }
  bool has(const PublicKey& key) const { return equal(blob, key.blob()); }
};

std::optional<PublicKey> key_of(const Entry& entry) {
  try {
    return PublicKey::decode(entry.blob);
  } catch (const ProtocolError&) {
    return std::nullopt;  // of a type that we do not have, or not a key
  }
}

template <class OnEntry>
void for_each_entry(std::span<const KnownHostsLine> lines, std::span<const HostAndPort> names, OnEntry on_entry) {
  for (const KnownHostsLine& line : lines) {
    if (!line.has_entry || !line.reason.empty()) continue;
    Entry entry{line, decode_key_field(line.fields.type, line.fields.encoded_key).blob, {}};
    for (const HostAndPort& name : names) {
      entry.matches.push_back(line.names_host(known_host_name(name.host, name.port)));
    }
    on_entry(entry);
  }
}

// Whoever wrote a pattern or a list of names there meant more than one host. A name and an address are what we write.
bool is_handmade(std::string_view names) {
  if (names.find_first_of("*?!") != std::string_view::npos && !names.starts_with('|')) return true;
  return std::count(names.begin(), names.end(), ',') > 1;
}

const PublicKey* find(std::span<const PublicKey> keys, const Entry& entry) {
  const auto found = std::find_if(keys.begin(), keys.end(), [&entry](const PublicKey& key) { return entry.has(key); });
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace

HostKeyChanges host_key_changes(std::span<const KnownHostsFile> files, std::span<const HostAndPort> names,
                                std::span<const PublicKey> announced) {
  HostKeyChanges changes;
  std::vector<const PublicKey*> known;
  std::vector<std::vector<std::uint8_t>> elsewhere;  // keys on lines that are not about the host
  bool handmade = false;
  bool other_name = false;
  for (const KnownHostsFile& file : files) {
    const std::vector<KnownHostsLine> lines = known_hosts_lines(file.text);
    for_each_entry(lines, names, [&](const Entry& entry) {
      const PublicKey* const ours = find(announced, entry);
      if (!entry.about_host()) {
        other_name |= ours != nullptr;
        elsewhere.push_back(entry.blob);
        return;
      }
      const bool all_match = std::find(entry.matches.begin(), entry.matches.end(), false) == entry.matches.end();
      if (entry.has_marker() || is_handmade(entry.line.fields.names)) {
        handmade = true;
      } else if (!all_match && entry.line.fields.names.find(',') != std::string_view::npos) {
        other_name = true;  // the name with another address, or the address with another name
      } else if (ours != nullptr) {
        known.push_back(ours);
      } else if (auto key = key_of(entry)) {
        const auto& listed = changes.obsolete;
        if (std::find(listed.begin(), listed.end(), *key) == listed.end()) changes.obsolete.push_back(std::move(*key));
      }
    });
  }
  for (const PublicKey& key : announced) {
    if (std::find(known.begin(), known.end(), &key) == known.end()) changes.unknown.push_back(key);
  }
  const bool obsolete_elsewhere =
      std::any_of(changes.obsolete.begin(), changes.obsolete.end(), [&elsewhere](const PublicKey& key) {
        return std::any_of(elsewhere.begin(), elsewhere.end(),
                           [&key](const auto& blob) { return equal(blob, key.blob()); });
      });
  if (changes.unknown.empty() && changes.obsolete.empty()) {
    changes.obstacle = "no new or deprecated keys from server";
  } else if (handmade) {
    changes.obstacle = "a marker, a list of names or a pattern stands in a line for this host";
  } else if (other_name) {
    changes.obstacle = "a key of the server is known under another name or address";
  } else if (obsolete_elsewhere) {
    changes.obstacle = "a key that the server has no more is known under other names";
  }
  return changes;
}

KnownHostsUpdate with_host_keys(const KnownHostsFile& file, std::span<const HostAndPort> names,
                                std::span<const PublicKey> keys, Rng* hash_with) {
  KnownHostsUpdate update;
  const std::vector<KnownHostsLine> lines = known_hosts_lines(file.text);
  std::vector<std::size_t> gone;                                                       // numbers of lines
  std::vector<std::vector<bool>> there(keys.size(), std::vector<bool>(names.size()));  // key and name
  for_each_entry(lines, names, [&](const Entry& entry) {
    if (!entry.about_host() || entry.has_marker()) return;
    if (const PublicKey* const key = find(keys, entry)) {
      std::vector<bool>& found = there[static_cast<std::size_t>(key - keys.data())];
      for (std::size_t i = 0; i < names.size(); ++i) found[i] = found[i] || entry.matches[i];
    } else if (const auto old = key_of(entry)) {
      gone.push_back(entry.line.number);
      update.removed.push_back({entry.line.number, old->short_type()});
    }
  });
  for (const KnownHostsLine& line : lines) {
    if (!line.reason.empty()) update.bad_lines.push_back({line.number, line.reason});
    if (std::find(gone.begin(), gone.end(), line.number) == gone.end()) append_whole_line(update.text, line.whole);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    std::vector<HostAndPort> missing;
    for (std::size_t j = 0; j < names.size(); ++j) {
      if (!there[i][j]) missing.push_back(names[j]);
    }
    if (missing.empty()) continue;
    update.text += known_hosts_line(missing, keys[i], hash_with) + "\n";
    if (missing.size() == names.size()) {
      update.added.push_back(keys[i]);
    } else {
      update.completed = true;
    }
  }
  return update;
}

}  // namespace glassh
