// Reads authorized_keys files, in the format of sshd(8): which keys may log in.
//
// The first line counts that has the key and whose options let the peer in; those options are then in force. A line
// with options that are not understood is refused, not read without them, because its author wanted to restrict the
// key. RFC 4252 section 7 [4252-7-2]: the key must be one that may log in. server_auth checks that it has signed.
//
//   const auto file = read_authorized_keys(path, home, user_id, true);
//   const auto search = find_authorized_key(file.text, credential, {host, address, now});  if (search.match) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/key_options.h"
#include "crypto/keys/credential.h"

namespace glassh {

struct AuthorizedKeyMatch {
  std::size_t line = 0;  // from 1
  std::string comment;   // printable
  KeyOptions options;
};
struct RefusedLine {
  std::size_t line = 0;
  bool has_the_key = false;  // the key that was looked for is in it: the reason why its owner is not let in
  std::string reason;
};
struct AuthorizedKeySearch {
  std::optional<AuthorizedKeyMatch> match;
  // Lines that could not be used, up to the match. The first 100, and those with the key.
  std::vector<RefusedLine> refused;
  std::size_t lines_refused = 0;  // all of them
};
AuthorizedKeySearch find_authorized_key(std::string_view text, const Credential& credential, const LoginOrigin& origin);

// StrictModes of sshd_config(5): the file, and each directory from it up to the home directory (or the root, if it is
// not below home), belong to the user or root, and neither group nor others may write to them. Symbolic links are
// resolved first. Nothing if all is well, otherwise what is wrong with which, and how to mend it.
std::optional<std::string> check_strict_modes(const std::string& path, const std::string& home, std::uint32_t user_id);

struct AuthorizedKeysFile {
  std::string text;      // empty when refused
  std::string refusal;   // why the file is not used; empty: it is
  bool missing = false;  // there is none, which is not worth a warning
};
// At most 1 MiB, and only a regular file.
AuthorizedKeysFile read_authorized_keys(const std::string& path, const std::string& home, std::uint32_t user_id,
                                        bool strict_modes);

}  // namespace glassh
