#include "server/account.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace glassh {
namespace {

// getpwnam_r(3) and its like say how much memory they need by refusing until it is enough. The function returns an
// error number.
template <class Lookup>
int look_up(std::vector<char>& memory, Lookup lookup) {
  memory.resize(1024);
  for (;;) {
    const int error = lookup(memory.data(), memory.size());
    if (error != ERANGE) return error;
    memory.resize(memory.size() * 2);
  }
}

Account account_of(const passwd& entry) {
  Account account{entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir, entry.pw_shell};
  if (account.shell.empty()) account.shell = "/bin/sh";
  return account;
}

}  // namespace

std::optional<Account> find_account(const std::string& name) {
  std::vector<char> memory;
  passwd entry{};
  passwd* found = nullptr;
  const int error = look_up(
      memory, [&](char* buffer, std::size_t size) { return ::getpwnam_r(name.c_str(), &entry, buffer, size, &found); });
  if (error != 0) throw std::runtime_error(fmt::format("cannot look up user {}: {}", name, std::strerror(error)));
  return found == nullptr ? std::nullopt : std::optional(account_of(entry));
}

Account own_account() {
  const uid_t uid = ::geteuid();
  std::vector<char> memory;
  passwd entry{};
  passwd* found = nullptr;
  const int error =
      look_up(memory, [&](char* buffer, std::size_t size) { return ::getpwuid_r(uid, &entry, buffer, size, &found); });
  if (error != 0) throw std::runtime_error(fmt::format("cannot look up user {}: {}", uid, std::strerror(error)));
  if (found == nullptr) throw std::runtime_error(fmt::format("user {} has no entry in the password file", uid));
  return account_of(entry);
}

std::vector<std::uint32_t> group_ids(const Account& account) {
  std::vector<gid_t> ids(64);
  int count = static_cast<int>(ids.size());
  while (::getgrouplist(account.name.c_str(), account.gid, ids.data(), &count) < 0) {
    ids.resize(ids.size() * 2);
    count = static_cast<int>(ids.size());
  }
  ids.resize(static_cast<std::size_t>(count));
  return ids;
}

std::optional<std::uint32_t> find_group(const std::string& name) {
  std::vector<char> memory;
  group entry{};
  group* found = nullptr;
  look_up(memory,
          [&](char* buffer, std::size_t size) { return ::getgrnam_r(name.c_str(), &entry, buffer, size, &found); });
  return found == nullptr ? std::nullopt : std::optional<std::uint32_t>(found->gr_gid);
}

std::optional<std::uint32_t> terminal_group() {
  static const std::optional<std::uint32_t> group = find_group("tty");
  return group;
}

std::vector<std::string> group_names(const std::string& user) {
  const auto account = find_account(user);
  if (!account) return {};
  std::vector<std::string> names;
  std::vector<char> memory;
  for (const gid_t id : group_ids(*account)) {
    group entry{};
    group* found = nullptr;
    look_up(memory, [&](char* buffer, std::size_t size) { return ::getgrgid_r(id, &entry, buffer, size, &found); });
    if (found != nullptr) names.emplace_back(entry.gr_name);
  }
  return names;
}

}  // namespace glassh
