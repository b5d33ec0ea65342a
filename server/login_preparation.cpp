#include "server/login_preparation.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channels/io/fd.h"
#include "server/log.h"

namespace glassh {
namespace {

// What is longer is no message of a day.
constexpr std::size_t most_bytes_of_motd = 256 * 1024;

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

// Does not wait for a writer where a pipe stands at the path. Empty if it cannot be read.
std::string read_message(const std::string& path) {
  std::string text;
  const Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  std::array<char, 4096> piece;
  while (file && text.size() < most_bytes_of_motd) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
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

std::string greeting(const ServerConfig& config, const Account& account, const std::optional<LastLogin>& last,
                     const std::string& motd) {
  if (exists(account.home + "/.hushlogin")) return {};
  std::string text;
  if (config.print_last_log && last) text += text_of(*last);
  if (config.print_motd) text += read_message(motd);
  return text;
}

std::optional<SpawnRequest> rc_program(const Account& account, bool user_rc,
                                       const std::vector<std::string>& environment, const std::string& system_rc) {
  SpawnRequest request{account.shell, {}, environment, account.home};
  const std::string name = account.shell.substr(account.shell.rfind('/') + 1);
  const std::string users = account.home + "/.ssh/rc";
  if (user_rc && exists(users)) {
    // Through the user's shell, as everything that the user asks for; that may be one that lets nobody in.
    request.arguments = {name, "-c", "/bin/sh .ssh/rc"};
    return request;
  }
  if (!exists(system_rc)) return std::nullopt;
  request.program = "/bin/sh";
  request.arguments = {"sh", system_rc};
  return request;
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

}  // namespace glassh
