#include "auth/known_hosts_edit.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "auth/key_lines.h"
#include "auth/known_hosts_line.h"
#include "config/small_file.h"
#include "config/syntax.h"
#include "proto/error.h"

namespace glassh {
namespace {

std::string_view from(std::string_view word, std::string_view whole) {
  return without_line_end(whole.substr(static_cast<std::size_t>(word.data() - whole.data())));
}

}  // namespace

std::vector<FoundHostLine> find_host_lines(const KnownHostsFile& file, const std::string& name) {
  std::vector<FoundHostLine> found;
  for (const KnownHostsLine& line : known_hosts_lines(file.text)) {
    if (!line.names_host(name) || line.fields.encoded_key.empty()) continue;
    FoundHostLine hit;
    hit.line = line.number;
    hit.revoked = line.fields.revoked;
    hit.authority = line.fields.authority;
    hit.text = without_line_end(line.whole);
    hit.names = line.fields.names;
    hit.key_text = from(line.fields.type, line.whole);
    std::string_view behind = from(line.fields.encoded_key, line.whole);
    behind.remove_prefix(line.fields.encoded_key.size());
    hit.comment = without_blanks_around(behind);
    try {
      const KeyField field = decode_key_field(line.fields.type, line.fields.encoded_key);
      if (field.reason.empty()) hit.key = PublicKey::decode(field.blob);
    } catch (const ProtocolError&) {
      // It is shown as it stands.
    }
    found.push_back(std::move(hit));
  }
  return found;
}

KnownHostsEdit without_host(const KnownHostsFile& file, const std::string& name) {
  KnownHostsEdit edit;
  for (const KnownHostsLine& line : known_hosts_lines(file.text)) {
    if (!line.reason.empty()) edit.bad_lines.push_back({file.path, line.number, line.reason});
    const bool marked = line.fields.revoked || line.fields.authority;
    if (line.reason.empty() && !marked && line.names_host(name)) {
      edit.lines.push_back(line.number);
    } else {
      append_whole_line(edit.text, line.whole);
    }
  }
  return edit;
}

namespace {

// A line for each of the names.
std::string hashed_lines(std::string_view names, std::string_view key_text, Rng& rng) {
  std::string lines;
  for (std::size_t at = 0; at < names.size();) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    const std::string name = lower_case(names.substr(at, end - at));
    if (!name.empty()) lines += fmt::format("{} {}\n", hashed_host_name(name, rng), key_text);
    at = end + 1;
  }
  return lines;
}

}  // namespace

KnownHostsEdit with_hashed_names(const KnownHostsFile& file, Rng& rng) {
  KnownHostsEdit edit;
  for (const KnownHostsLine& line : known_hosts_lines(file.text)) {
    if (!line.reason.empty()) edit.bad_lines.push_back({file.path, line.number, line.reason});
    const std::string_view names = line.fields.names;
    const bool wild = line.has_entry && names.find_first_of("*?!") != std::string_view::npos && names[0] != '|';
    if (wild) edit.wildcards.push_back({file.path, line.number, std::string(names)});
    const bool marked = line.fields.revoked || line.fields.authority;
    std::string hashed;
    if (line.has_entry && line.reason.empty() && !wild && !marked && !names.starts_with('|')) {
      hashed = hashed_lines(names, from(line.fields.type, line.whole), rng);
    }
    if (hashed.empty()) {
      append_whole_line(edit.text, line.whole);
    } else {
      edit.text += hashed;
      edit.lines.push_back(line.number);
    }
  }
  return edit;
}

namespace {

// Where a chain of symbolic links ends.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  if (real == nullptr) throw FileError(errno, path);
  return real.get();
}

}  // namespace

void replace_known_hosts(const std::string& path, std::string_view text, Rng& rng) {
  const std::string real = resolved(path);
  struct stat facts {};
  if (stat(real.c_str(), &facts) != 0) throw FileError(errno, path);
  std::array<std::uint8_t, 8> unique{};
  rng.fill(unique);
  const std::string old = path + ".old";
  if (unlink(old.c_str()) != 0 && errno != ENOENT) throw FileError(errno, old);
  if (link(real.c_str(), old.c_str()) != 0) throw FileError(errno, old);
  save_small_file(real, bytes_of(text), facts.st_mode & 0644, hex(unique), IfExists::replace);
}

}  // namespace glassh
