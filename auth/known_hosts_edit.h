// Edits a known_hosts file for glassh-keygen -F, -H and -R: finds a host's lines, hashes the names, removes a host.
//
// Lines that are not about the host, comments and blank lines stay byte for byte. A file with a line that cannot be
// understood is not rewritten at all: the line may be a typing error of the user, and glassh-keygen must not guess.
//
//   const KnownHostsEdit edit = without_host(file, "example.com");  if (edit.bad_lines.empty()) …
#pragma once

#include <vector>

#include "auth/known_hosts.h"

namespace glassh {

struct FoundHostLine {
  std::size_t line = 0;    // from 1
  bool revoked = false;    // the markers
  bool authority = false;  //
  std::string text;        // as it stands in the file
  std::string names;       // as it stands in the file
  std::string key_text;    // from the key's type to the line's end, the comment included
  std::string comment;
  std::optional<PublicKey> key;  // if we have its type and it decodes
};
// The lines whose names name the host, those with markers as well. `name` is as known_host_name() gives it.
std::vector<FoundHostLine> find_host_lines(const KnownHostsFile& file, const std::string& name);

struct KnownHostsEdit {
  std::string text;                          // of the file as it should be
  std::vector<std::size_t> lines;            // that were removed or hashed
  std::vector<BadKnownHostsLine> wildcards;  // hashing: lines that stay as they are; `reason` has the names
  std::vector<BadKnownHostsLine> bad_lines;  // if there are any, the text must not be used
};
// Lines with a marker stay: a user who forgets a host does not want to forget that its key was stolen.
KnownHostsEdit without_host(const KnownHostsFile& file, const std::string& name);
// Names with wildcards cannot be hashed, and lines with a marker are left alone. Several names of a line become several
// lines.
KnownHostsEdit with_hashed_names(const KnownHostsFile& file, Rng& rng);

// The new text appears whole or not at all, with the file's mode, and the old file is kept as PATH.old. A symbolic link
// stays, and the file that it leads to is replaced. Throws FileError.
void replace_known_hosts(const std::string& path, std::string_view text, Rng& rng);

}  // namespace glassh
