#include "server/sessions/preparation.h"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channels/io/fd.h"
#include "server/log.h"

namespace glassh {
namespace {

constexpr std::size_t most_bytes_of_motd = 256 * 1024;
constexpr std::size_t most_bytes_of_environment = 64 * 1024;
constexpr std::size_t most_bytes_of_complaints = 2048;  // they must fit into a new pipe, whoever reads it

enum class FileKind { none, regular, other };

FileKind kind_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return FileKind::none;
  return S_ISREG(status.st_mode) ? FileKind::regular : FileKind::other;
}

bool exists(const std::string& path) { return kind_of(path) != FileKind::none; }

std::string users_rc(const Account& account) { return account.home + "/.ssh/rc"; }

std::string not_regular(const std::string& path) {
  return fmt::format("{} is not used: it is not a regular file\n", path);
}

// A regular file, or as much of it. Empty if it cannot be read.
std::string read_file(const std::string& path, std::size_t most) {
  std::string text;
  const Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode)) return text;
  std::array<char, 4096> piece;
  while (text.size() < most) {
    const ssize_t got = ::read(file.get(), piece.data(), std::min(piece.size(), most - text.size()));
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::string text_of(const LastLogin& last) {
  const std::time_t time = last.time;
  std::tm local{};
  std::array<char, 64> text{};
  if (::localtime_r(&time, &local) == nullptr) return {};
  std::strftime(text.data(), text.size(), "%a %b %e %H:%M:%S %Y", &local);
  const std::string_view from = last.host.empty() ? "" : " from ";
  return fmt::format("Last login: {}{}{}\n", text.data(), from, escaped(last.host));
}

}  // namespace

SessionFiles read_session_files(const SessionFilesWanted& wanted) {
  SessionFiles files;
  const Account& account = wanted.account;
  files.environment = user_environment(*wanted.config, account, files.complaints);
  files.rc = rc_program(account, wanted.user_rc, {});
  if (wanted.user_rc) files.complaints += rc_problem(account);
  if (!wanted.greets) return files;
  const auto last = wanted.login_files ? last_login(*wanted.login_files, account.uid) : std::nullopt;
  files.greeting = greeting(*wanted.config, account, last);
  return files;
}

std::string greeting(const ServerConfig& config, const Account& account, const std::optional<LastLogin>& last,
                     const std::string& motd) {
  if (exists(account.home + "/.hushlogin")) return {};
  std::string text;
  if (config.print_last_log && last) text += text_of(*last);
  if (config.print_motd) text += read_file(motd, most_bytes_of_motd);
  return text;
}

std::optional<SpawnRequest> rc_program(const Account& account, bool user_rc,
                                       const std::vector<std::string>& environment, const std::string& system_rc) {
  SpawnRequest request{account.shell, {}, environment, account.home};
  const std::string name = account.shell.substr(account.shell.rfind('/') + 1);
  const FileKind users = user_rc ? kind_of(users_rc(account)) : FileKind::none;
  if (users == FileKind::other) return std::nullopt;
  if (users == FileKind::regular) {
    // Through the user's shell, as everything that the user asks for; that may be one that lets nobody in.
    request.arguments = {name, "-c", "/bin/sh .ssh/rc"};
    return request;
  }
  if (!exists(system_rc)) return std::nullopt;
  request.program = "/bin/sh";
  request.arguments = {"sh", system_rc};
  return request;
}

std::string rc_problem(const Account& account) {
  const std::string path = users_rc(account);
  return kind_of(path) == FileKind::other ? not_regular(path) : std::string();
}

void add_cookie(Preparation& before, const X11Forwarding& display, const std::string& xauth, const Account& account,
                const std::vector<std::string>& environment) {
  if (before.program) {
    before.input = display.cookie_line();
    return;
  }
  before.program = SpawnRequest{xauth, {xauth, "-q", "-"}, environment, account.home};
  before.input = display.xauth_commands();
}

std::vector<EnvironmentVariable> user_environment(const ServerConfig& config, const Account& account,
                                                  std::string& complaints) {
  std::vector<EnvironmentVariable> variables;
  if (config.permit_user_environment == "no") return variables;
  const std::string path = account.home + "/.ssh/environment";
  if (kind_of(path) == FileKind::other) complaints += not_regular(path);
  const std::string content = read_file(path, most_bytes_of_environment);
  std::size_t number = 0;
  for (std::string_view text = content; !text.empty();) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos && complaints.size() < most_bytes_of_complaints) {
      complaints += fmt::format("Bad line {} in {}\n", number, path);
    }
    const bool is_one = equals != 0 && equals != std::string_view::npos;
    if (!is_one || line.find('\0') != std::string_view::npos) continue;
    const std::string_view name = line.substr(0, equals);
    if (user_may_set(config, name)) variables.push_back({std::string(name), std::string(line.substr(equals + 1))});
  }
  return variables;
}

}  // namespace glassh
