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

// How many bytes the UTF-8 sequence at the start of `text` has, if it is whole, shortest form, and a scalar value.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::size_t size = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < size) return 0;
  std::uint32_t value = byte(0) & (0xff >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  return value < smallest[size] || surrogate || value > 0x10ffff ? 0 : size;
}

// U+0080 to U+009F drive some terminals just as ESC does; U+202A to U+202E and U+2066 to U+2069 reorder what is read.
bool drives_the_terminal(std::string_view sequence) {
  if (sequence.size() == 2) return sequence < "\xc2\xa0";
  const bool embedding = sequence >= "\xe2\x80\xaa" && sequence <= "\xe2\x80\xae";
  const bool isolate = sequence >= "\xe2\x81\xa6" && sequence <= "\xe2\x81\xa9";
  return sequence.size() == 3 && (embedding || isolate);
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
  for (const char character : text) {
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

std::string printable(std::string_view text, bool lines) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const std::size_t sequence = byte >= 0x80 ? utf8_sequence(text.substr(i)) : 0;
    if ((byte >= 0x20 && byte < 0x7f) || byte == '\t' || (lines && byte == '\n')) {
      out += text[i];
      ++i;
    } else if (lines && text.substr(i, 2) == "\r\n") {
      ++i;
    } else if (sequence != 0 && !drives_the_terminal(text.substr(i, sequence))) {
      out += text.substr(i, sequence);
      i += sequence;
    } else {
      out += fmt::format("\\{:03o}", byte);
      ++i;
    }
  }
  return out;
}

}  // namespace glassh
