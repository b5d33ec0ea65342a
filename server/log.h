// glasshd's log: one line per occurrence, by sshd_config(5)'s LogLevel, to standard error, a file, syslog, or a sink of
// the caller's.
//
// Lives as long as the process. Job: decides by its level whether a line is written, and makes sure that it is one
// line. Lines read as OpenSSH's do where there is an analogue, so that tools that read sshd's log read ours. Each line
// is one write(2) or one syslog(3), by the thread that has it to say, or after start_queue() by the queue's thread. A
// line that cannot be written is lost. Text from the peer goes through escaped() at the place where it enters a line.
//
//   log.info("Accepted publickey for {} from {} port {} ssh2", escaped(user), address, port);
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/syntax.h"
#include "proto/safe_text.h"

namespace glassh {

class Log {
 public:
  // Takes a line that the level allows, without control characters and without the end of a line. It is called from
  // several threads at once and must not throw.
  using Sink = std::function<void(LogLevel, std::string_view line)>;

  Log(LogLevel level, Sink sink) : level_(level), sink_(std::move(sink)) {}
  // Standard error. A Log for tests may be given another file descriptor, which it does not own.
  explicit Log(LogLevel level, int file_descriptor = 2);
  // Appends to `path`, which is created with mode 0600. Throws std::runtime_error.
  static Log to_file(LogLevel level, const std::string& path);
  // `facility` as SyslogFacility names it ("AUTH", "LOCAL0", …). Throws std::runtime_error for another name.
  static Log to_syslog(LogLevel level, std::string_view facility);

  // From here on no caller waits for a reader of the log: server/output_queue. To be called before other threads log.
  void start_queue();

  Log(Log&& other) noexcept : level_(other.level_.load()), sink_(std::move(other.sink_)) {}
  Log& operator=(Log&&) = delete;

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
  std::atomic<LogLevel> level_;
  Sink sink_;
};

// The short form for parts of a log line, such as text of the peer's.
inline std::string escaped(std::string_view text, std::optional<std::size_t> limit = {}) {
  return made_safe(text, TextFor::log, limit);
}

}  // namespace glassh
