#include "client/client_log.h"

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace glassh {
namespace {

std::string_view prefix(LogLevel level) {
  switch (level) {
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

ClientLog::ClientLog(LogLevel level) : level_(level), file_(STDERR_FILENO), terminal_(::isatty(STDERR_FILENO) == 1) {}

ClientLog::~ClientLog() {
  if (file_ != STDERR_FILENO) ::close(file_);
}

void ClientLog::use_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (file < 0) {
    throw std::runtime_error(fmt::format("Couldn't open logfile {}: {}", path, std::generic_category().message(errno)));
  }
  if (file_ != STDERR_FILENO) ::close(file_);
  file_ = file;
  terminal_ = ::isatty(file) == 1;
}

bool ClientLog::on_standard_error() const { return file_ == STDERR_FILENO; }

void ClientLog::line(LogLevel level, std::string_view text) {
  if (!shows(level)) return;
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out += prefix(level);
    out += text.substr(0, end);
    out += '\n';
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  write(out);
}

void ClientLog::raw(LogLevel level, std::string_view text) {
  if (shows(level)) write(text);
}

void ClientLog::write(std::string_view text) {
  std::string out;
  for (const char character : printable(text, true)) {
    if (character == '\n' && terminal_) out += '\r';
    out += character;
  }
  std::string_view rest = out;
  while (!rest.empty()) {
    const ssize_t size = ::write(file_, rest.data(), rest.size());
    if (size >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {
      pollfd waiting{file_, POLLOUT, 0};
      ::poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      return;  // nobody is left to tell
    }
  }
}

}  // namespace glassh
