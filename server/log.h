// glasshd's log: one line per occurrence, by sshd_config(5)'s LogLevel, to standard error, a file or syslog.
//
// Lines read as OpenSSH's do where there is an analogue, so that tools that read sshd's log read ours. Each line is one
// write(2) or one syslog(3): threads share one Log without a lock. A line that cannot be written is lost, silently.
// Text from the peer goes through escaped() at the place where it enters a line.
//
//   log.info("Accepted publickey for {} from {} port {} ssh2", escaped(user), address, port);
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "config/syntax.h"
#include "proto/safe_text.h"

namespace glassh {

class Log {
 public:
  // Standard error. A Log for tests may be given another file descriptor, which it does not own.
  explicit Log(LogLevel level, int file_descriptor = 2) : level_(level), fd_(file_descriptor) {}
  // Appends to `path`, which is created with mode 0600. Throws std::runtime_error.
  static Log to_file(LogLevel level, const std::string& path);
  // `facility` as SyslogFacility names it ("AUTH", "LOCAL0", …). Throws std::runtime_error for another name.
  static Log to_syslog(LogLevel level, std::string_view facility);

  Log(Log&& other) noexcept;
  Log& operator=(Log&&) = delete;
  ~Log();

  LogLevel level() const { return level_; }
  void set_level(LogLevel level) { level_ = level; }
  bool enabled(LogLevel level) const { return level != LogLevel::quiet && level <= level_.load(); }
  // A control character that is still in `text` is escaped, so a line stays one line.
  void write(LogLevel level, std::string_view text) const;

  template <class... Arguments>
  void print(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    if (enabled(level)) write(level, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void error(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    print(LogLevel::error, format, std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  void info(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    print(LogLevel::info, format, std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  void verbose(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    print(LogLevel::verbose, format, std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  void debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    print(LogLevel::debug1, format, std::forward<Arguments>(arguments)...);
  }

 private:
  Log(LogLevel level, int fd, bool owned, int facility) : level_(level), fd_(fd), owned_(owned), facility_(facility) {}

  std::atomic<LogLevel> level_;
  int fd_;  // -1: syslog
  bool owned_ = false;
  int facility_ = 0;  // syslog
};

// The short form for parts of a log line, such as text of the peer's.
inline std::string escaped(std::string_view text, std::optional<std::size_t> limit = {}) {
  return made_safe(text, TextFor::log, limit);
}

}  // namespace glassh
