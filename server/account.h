// Accounts, as the password and group files have them. glasshd serves one: that of whoever runs it.
//
//   const Account account = own_account();  account.shell == "/bin/bash"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace glassh {

struct Account {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;
  std::string shell;  // never empty: /bin/sh where the password file leaves it out
};

// By name, from the password file; nothing if there is no such user. Throws std::runtime_error if nobody can tell.
std::optional<Account> find_account(const std::string& name);

// Who runs this process, by getpwuid(geteuid()). Throws std::runtime_error if the password file does not say.
Account own_account();

// All groups that a user is in, by number.
std::vector<std::uint32_t> group_ids(const Account& account);
// The number of a group; nothing if there is no such group.
std::optional<std::uint32_t> find_group(const std::string& name);
// The groups of a user by name; empty if there is no such user.
std::vector<std::string> group_names(const std::string& user);

}  // namespace glassh
