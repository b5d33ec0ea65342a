#include "server/account.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

namespace glassh {

Account own_account() {
  const uid_t uid = ::geteuid();
  std::vector<char> memory(1024);
  passwd entry{};
  passwd* found = nullptr;
  int error = 0;
  while ((error = ::getpwuid_r(uid, &entry, memory.data(), memory.size(), &found)) == ERANGE) {
    memory.resize(memory.size() * 2);
  }
  if (error != 0) throw std::runtime_error(fmt::format("cannot look up user {}: {}", uid, std::strerror(error)));
  if (found == nullptr) throw std::runtime_error(fmt::format("user {} has no entry in the password file", uid));

  Account account{entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir, entry.pw_shell};
  if (account.shell.empty()) account.shell = "/bin/sh";
  return account;
}

}  // namespace glassh
