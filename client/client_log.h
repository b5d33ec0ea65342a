// ClientLog prints glassh's messages for its user: on standard error, or in the file of -E, at the level of -q, -v and
// LogLevel.
//
// Lives as long as the program. Job: print a message if its level is shown. Messages of debug1 to debug3 begin with
// their level, as ssh(1)'s do; the others stand alone. A terminal gets CR LF, because it may be in raw mode. Control
// characters are escaped in all that is printed (RFC 4251 section 9.2 [4251-9.2-1]), so no caller can forget it; text
// from the server that must stay on one line goes through printable() first. The caller never hands in a secret.
//
//   log.info("Warning: Permanently added '{}' ({}) to the list of known hosts.", name, type);
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "config/syntax.h"
#include "proto/safe_text.h"

namespace glassh {

class ClientLog {
 public:
  explicit ClientLog(LogLevel level = LogLevel::info);
  ~ClientLog();
  ClientLog(const ClientLog&) = delete;
  ClientLog& operator=(const ClientLog&) = delete;

  void set_level(LogLevel level) { level_ = level; }
  // -E: appends to that file from now on. Throws std::runtime_error.
  void use_file(const std::string& path);
  LogLevel level() const { return level_; }
  bool on_standard_error() const;
  bool shows(LogLevel level) const { return level <= level_; }

  template <class... Arguments>
  void fatal(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (shows(LogLevel::fatal)) line(LogLevel::fatal, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (shows(LogLevel::error)) line(LogLevel::error, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (shows(LogLevel::info)) line(LogLevel::info, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void verbose(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (shows(LogLevel::verbose)) line(LogLevel::verbose, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void debug1(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (shows(LogLevel::debug1)) line(LogLevel::debug1, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void debug2(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (shows(LogLevel::debug2)) line(LogLevel::debug2, fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  // Prints one line, or several separated by LF, if `level` is shown.
  void line(LogLevel level, std::string_view text);
  // Prints the text without a prefix, if `level` is shown; for banners.
  void raw(LogLevel level, std::string_view text);

 private:
  void write(std::string_view text);

  LogLevel level_;
  int file_;
  bool terminal_;
};

// The short form for text of the peer's, on one line, or on several if `lines`.
inline std::string printable(std::string_view text, bool lines = false) {
  return made_safe(text, lines ? TextFor::terminal_lines : TextFor::terminal);
}

}  // namespace glassh
