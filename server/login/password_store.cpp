#include "server/login/password_store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fmt/format.h>
#include <shadow.h>
#include <unistd.h>

#include "config/small_file.h"

namespace glassh {
namespace {

constexpr std::size_t file_size_limit = 1024 * 1024;
constexpr std::uint32_t not_for_others = 077;
constexpr const char* shadow_path = "/etc/shadow";

// Why the line is none; empty: it is one.
std::string_view line_problem(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "no ':' between the user and the hash";
  if (colon == 0) return "no user in front of the ':'";
  const std::string_view hash = line.substr(colon + 1);
  if (hash.find(':') != std::string_view::npos) return "more than the two fields user:hash";
  if (hash.find_first_of(" \t\r") != std::string_view::npos) return "white space in or behind the hash";
  return {};
}

std::string unsafe(const std::string& path, const SmallFile& file, std::uint32_t owner) {
  if (file.owner != owner && file.owner != 0) {
    return fmt::format("{} belongs to user {}; it must belong to user {} or root", path, file.owner, owner);
  }
  if ((file.mode & not_for_others) != 0) {
    return fmt::format("{} has mode {:04o}: others may read or write it. Correct it with: chmod 600 {}", path,
                       file.mode, path);
  }
  return {};
}

void search(std::string_view text, const std::string& path, std::string_view user, StoredPassword& stored) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (const std::string_view problem = line_problem(line); !problem.empty()) {
      stored.remarks.push_back(fmt::format("{}:{}: not used: {}", path, number, problem));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (line.substr(0, colon) != user) continue;
    if (stored.found) {
      stored.remarks.push_back(fmt::format("{}:{}: not used: the user has a line already", path, number));
      continue;
    }
    stored.found = true;
    stored.place = fmt::format("{}:{}", path, number);
    stored.hash = SecretBytes(bytes_of(line.substr(colon + 1)));
  }
}

}  // namespace

StoredPassword find_in_password_file(const std::string& path, std::string_view user, std::uint32_t owner) {
  StoredPassword stored;
  stored.place = path;
  try {
    const SmallFile file = read_small_file(path, file_size_limit);
    stored.problem = unsafe(path, file, owner);
    if (stored.problem.empty()) search(text_of(file.content.reveal()), path, user, stored);
  } catch (const FileError& error) {
    stored.problem = error.what();
  }
  return stored;
}

std::optional<std::string> shadow_problem(const spwd& entry, long today) {
  if (entry.sp_expire > 0 && today >= entry.sp_expire) return "the account has expired";
  if (entry.sp_lstchg == 0) return "the password must be changed first";
  if (entry.sp_lstchg > 0 && entry.sp_max >= 0 && today > entry.sp_lstchg + entry.sp_max) {
    return "the password has expired";
  }
  return std::nullopt;
}

StoredPassword find_in_shadow(const std::string& user) {
  StoredPassword stored;
  stored.place = "shadow(5)";
  SecretBytes memory(1024);  // the hash passes through it
  spwd entry{};
  spwd* found = nullptr;
  int error = 0;
  for (;;) {
    void* const buffer = memory.reveal().data();
    error = ::getspnam_r(user.c_str(), &entry, static_cast<char*>(buffer), memory.size(), &found);
    if (error != ERANGE) break;
    memory = SecretBytes(memory.size() * 2);
  }
  if (found == nullptr) {
    if (error != 0 && error != ENOENT) stored.problem = fmt::format("shadow(5): {}", std::strerror(error));
    return stored;
  }
  stored.found = true;
  stored.hash = SecretBytes(bytes_of(found->sp_pwdp));
  constexpr std::time_t seconds_per_day = 24 * 60 * 60;
  if (auto problem = shadow_problem(*found, std::time(nullptr) / seconds_per_day)) stored.problem = std::move(*problem);
  return stored;
}

bool shadow_is_readable() { return ::access(shadow_path, R_OK) == 0; }

}  // namespace glassh
