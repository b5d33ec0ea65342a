#include "channels/io/observer_file.h"

#include <cerrno>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace glassh {
namespace {

std::string text_of_error(int error) { return std::generic_category().message(error); }

// The number in a name of a descriptor that we have: these names are symbolic links.
std::optional<int> inherited(std::string_view path) {
  if (path == "-" || path == "/dev/stderr") return STDERR_FILENO;
  if (path == "/dev/stdout") return STDOUT_FILENO;
  for (const std::string_view directory : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(directory)) continue;
    const std::string_view digits = path.substr(directory.size());
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size() && number >= 0) return number;
  }
  return std::nullopt;
}

// O_NONBLOCK is for a FIFO without a reader.
Fd open_it(const std::string& path) {
  if (const auto number = inherited(path)) return Fd(::fcntl(*number, F_DUPFD_CLOEXEC, 0));
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK;
  return Fd(::open(path.c_str(), flags, 0600));
}

std::string why_not_opened(int error) {
  if (error == ELOOP) return "it is a symbolic link, which is not followed";
  if (error == ENXIO) return "it is a FIFO that no program reads, or a socket";
  return text_of_error(error);
}

// Empty: it may be used.
std::string objection(const struct stat& status, bool is_inherited, ObserverFile kind) {
  const bool regular = S_ISREG(status.st_mode);
  if (kind == ObserverFile::trace && (is_inherited || !regular)) return {};
  if (status.st_uid != ::geteuid()) return fmt::format("it belongs to another user (uid {})", status.st_uid);
  const mode_t others = status.st_mode & 077;
  if ((regular || S_ISFIFO(status.st_mode)) && others != 0) {
    return fmt::format("other users may open it (mode {:04o}); chmod 600 or remove it", status.st_mode & 07777);
  }
  return {};
}

}  // namespace

std::shared_ptr<const Fd> open_observer_file(const std::string& option, const std::string& path, ObserverFile kind) {
  const auto refuse = [&](const std::string& why) {
    throw std::runtime_error(fmt::format("{}: {}: {}", option, path, why));
  };
  Fd file = open_it(path);
  if (!file) refuse(why_not_opened(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) < 0) refuse(text_of_error(errno));
  const bool is_inherited = inherited(path).has_value();
  if (const std::string why = objection(status, is_inherited, kind); !why.empty()) refuse(why);
  const bool anew = kind == ObserverFile::trace && S_ISREG(status.st_mode) && !is_inherited;
  if (anew && ::ftruncate(file.get(), 0) < 0) refuse(text_of_error(errno));
  return std::make_shared<const Fd>(std::move(file));
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // ours, or standard error, which another program made non-blocking
      pollfd waiting{fd, POLLOUT, 0};
      ::poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace glassh
