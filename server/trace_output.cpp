#include "server/trace_output.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "channels/io/fd.h"

namespace glassh {
namespace {

std::shared_ptr<const Fd> open_for_append(const std::string& path, int flags) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | flags, 0600));
  if (!file) throw std::runtime_error(fmt::format("cannot write to {}: {}", path, std::strerror(errno)));
  return std::make_shared<const Fd>(std::move(file));
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // an observer never disturbs what it observes
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

TraceOutput open_trace(const std::string& path) {
  if (path == "-") {
    return {[](std::string_view text) { write_all(STDERR_FILENO, text); },
            TraceStyle{.colours = ::isatty(STDERR_FILENO) == 1}};
  }
  const auto file = open_for_append(path, O_TRUNC);
  return {[file](std::string_view text) { write_all(file->get(), text); },
          TraceStyle{.colours = ::isatty(file->get()) == 1}};
}

KeyLog open_key_log(const std::string& path) {
  return [file = open_for_append(path, 0)](Bytes, Bytes server_cookie, Bytes shared_secret, Bytes ephemeral_private) {
    const std::string cookie = hex(server_cookie);
    // K comes as it is hashed; Wireshark's dissector puts the length in front itself.
    std::string lines = fmt::format("{} SHARED_SECRET {}\n", cookie, hex(shared_secret.subspan(4)));
    if (!ephemeral_private.empty()) lines += fmt::format("{} {}\n", cookie, hex(ephemeral_private));
    write_all(file->get(), lines);
  };
}

}  // namespace glassh
