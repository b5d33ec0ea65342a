// Finds the hash of a user's password: in PasswordFile, or in shadow(5).
//
// PasswordFile is a keyword of glasshd only; with it a server without root has passwords, too. It has lines `user:hash`
// with hashes of crypt(3) (`mkpasswd`); empty lines and lines that begin with # are skipped. The file must belong to
// the user or to root, and no other user may read or write it. shadow(5) is read if no file is named and the process
// may read it. An account or a password that has expired cannot log in (RFC 4252 section 8 [4252-8-11]).
//
//   const StoredPassword stored = find_in_password_file("/home/me/passwords", "me", uid);
//   if (stored.problem.empty()) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/secret_bytes.h"

struct spwd;

namespace glassh {

struct StoredPassword {
  SecretBytes hash;  // text; empty: an empty password, if found
  bool found = false;
  std::string place;    // "/home/me/passwords:3", "shadow(5)"
  std::string problem;  // why it must not be used: unreadable, unsafe, expired; empty: nothing is wrong
  std::vector<std::string> remarks = {};  // lines of the file that are not used, with file and line
};

// PasswordFile. `owner`: who may own the file, besides root.
StoredPassword find_in_password_file(const std::string& path, std::string_view user, std::uint32_t owner);
StoredPassword find_in_shadow(const std::string& user);
bool shadow_is_readable();

// Returns why an account may not log in, by its line of shadow(5), on a day counted from 1970-01-01; or nullopt.
std::optional<std::string> shadow_problem(const spwd& entry, long today);

}  // namespace glassh
