#include "server/log.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

namespace glassh {
namespace {

constexpr std::pair<std::string_view, int> facilities[] = {
    {"DAEMON", LOG_DAEMON}, {"USER", LOG_USER},     {"AUTH", LOG_AUTH},     {"AUTHPRIV", LOG_AUTHPRIV},
    {"LOCAL0", LOG_LOCAL0}, {"LOCAL1", LOG_LOCAL1}, {"LOCAL2", LOG_LOCAL2}, {"LOCAL3", LOG_LOCAL3},
    {"LOCAL4", LOG_LOCAL4}, {"LOCAL5", LOG_LOCAL5}, {"LOCAL6", LOG_LOCAL6}, {"LOCAL7", LOG_LOCAL7},
};

int syslog_priority(LogLevel level) {
  switch (level) {
    case LogLevel::quiet:
    case LogLevel::fatal:
      return LOG_CRIT;
    case LogLevel::error:
      return LOG_ERR;
    case LogLevel::info:
    case LogLevel::verbose:
      return LOG_INFO;
    default:
      return LOG_DEBUG;
  }
}

// What sshd puts in front of a line. On standard error, errors speak for themselves.
std::string_view prefix(LogLevel level, bool on_stderr) {
  switch (level) {
    case LogLevel::fatal:
      return on_stderr ? "" : "fatal: ";
    case LogLevel::error:
      return on_stderr ? "" : "error: ";
    case LogLevel::debug1:
      return "debug1: ";
    case LogLevel::debug2:
      return "debug2: ";
    case LogLevel::debug3:
      return "debug3: ";
    default:
      return "";
  }
}

}  // namespace

Log Log::to_file(LogLevel level, const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
  if (fd < 0) throw std::runtime_error(fmt::format("Couldn't open logfile \"{}\": {}", path, std::strerror(errno)));
  return Log(level, fd, true, 0);
}

Log Log::to_syslog(LogLevel level, std::string_view facility) {
  for (const auto& [name, number] : facilities) {
    if (!equal_ignoring_case(name, facility)) continue;
    ::openlog("glasshd", LOG_PID, number);
    return Log(level, -1, false, number);
  }
  throw std::runtime_error(fmt::format("unknown syslog facility \"{}\"", facility));
}

Log::Log(Log&& other) noexcept
    : level_(other.level_.load()),
      fd_(other.fd_),
      owned_(std::exchange(other.owned_, false)),
      facility_(other.facility_) {}

Log::~Log() {
  if (owned_) ::close(fd_);
}

void Log::write(LogLevel level, std::string_view text) const {
  if (!enabled(level)) return;
  std::string line(prefix(level, fd_ == STDERR_FILENO));
  line += made_safe(text, TextFor::log_line);
  if (fd_ < 0) {
    ::syslog(facility_ | syslog_priority(level), "%s", line.c_str());
    return;
  }
  line += '\n';
  while (::write(fd_, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace glassh
