// The account that glasshd serves: in a process of an ordinary user, that user's own.
//
//   const Account account = own_account();  account.shell == "/bin/bash"
#pragma once

#include <cstdint>
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

// Who runs this process, by getpwuid(geteuid()). Throws std::runtime_error if the password file does not say.
Account own_account();

// The names of the groups of a user, the primary one first; empty if there is no such user.
std::vector<std::string> group_names(const std::string& user);

}  // namespace glassh
