// Account is a user's entry in the system's password and group files.
//
// glasshd serves one account: that of the user who runs it. Passwords are not here; see server/login/password_store.h.
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
  std::string shell;  // never empty: /bin/sh if the password file has none
};

// Finds an account by its name. Returns nullopt if there is no such user. Throws std::runtime_error if the lookup
// fails.
std::optional<Account> find_account(const std::string& name);

// Returns the account of the user who runs this process, by getpwuid(geteuid()). Throws std::runtime_error if the
// password file has none.
Account own_account();

// Returns the numbers of all groups that a user is in.
std::vector<std::uint32_t> group_ids(const Account& account);
// Returns the number of a group; nullopt if there is no such group.
std::optional<std::uint32_t> find_group(const std::string& name);
// Returns the group that terminals belong to, which write(1) has, if there is one. It is looked up at the first call
// only: the server makes that before it serves, because a name service may hang.
std::optional<std::uint32_t> terminal_group();
// Returns the names of all groups that a user is in; an empty list if there is no such user.
std::vector<std::string> group_names(const std::string& user);

}  // namespace glassh
