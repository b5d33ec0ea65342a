#include "server/log.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include "channels/io/fd.h"
#include "channels/io/observer_file.h"
#include "server/output_queue.h"

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

void write_line(int fd, LogLevel level, std::string_view text) {
  std::string line(prefix(level, fd == STDERR_FILENO));
  line += text;
  line += '\n';
  write_all(fd, line);
}

}  // namespace

Log::Log(LogLevel level, int file_descriptor)
    : Log(level, [file_descriptor](LogLevel its_level, std::string_view line) {
        write_line(file_descriptor, its_level, line);
      }) {}

Log Log::to_file(LogLevel level, const std::string& path) {
  const auto file =
      std::make_shared<Fd>(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600));
  if (!*file) throw std::runtime_error(fmt::format("Couldn't open logfile \"{}\": {}", path, std::strerror(errno)));
  return Log(level, [file](LogLevel its_level, std::string_view line) { write_line(file->get(), its_level, line); });
}

Log Log::to_syslog(LogLevel level, std::string_view facility) {
  for (const auto& each : facilities) {
    if (!equal_ignoring_case(each.first, facility)) continue;
    const int number = each.second;
    ::openlog("glasshd", LOG_PID, number);
    return Log(level, [number](LogLevel its_level, std::string_view line) {
      const std::string text = fmt::format("{}{}", prefix(its_level, false), line);
      ::syslog(number | syslog_priority(its_level), "%s", text.c_str());
    });
  }
  throw std::runtime_error(fmt::format("unknown syslog facility \"{}\"", facility));
}

void Log::start_queue() {
  const Sink write = sink_;
  const auto say_dropped = [write](std::uint64_t lines) {
    write(LogLevel::error, fmt::format("{} lines of this log were dropped, because no program read it", lines));
  };
  const auto queue = std::make_shared<OutputQueue>("log", write, say_dropped);
  queue->start();
  sink_ = [queue](LogLevel level, std::string_view line) { queue->put(level, std::string(line)); };
}

void Log::write(LogLevel level, std::string_view text) const {
  if (!enabled(level)) return;
  sink_(level, made_safe(text, TextFor::log_line));
}

}  // namespace glassh
