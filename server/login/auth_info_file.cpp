#include "server/login/auth_info_file.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "channels/io/fd.h"

namespace glassh {
namespace {

void write_all(const Fd& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw std::system_error(errno, std::generic_category(), "write");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

AuthInfoFile::AuthInfoFile(std::string_view text, const std::string& directory) {
  std::string path = directory + "/sshauth.XXXXXX";
  // mkostemp(3) makes a file that was not there before, with mode 0600.
  const Fd file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) throw std::system_error(errno, std::generic_category(), path);
  path_ = path;
  try {
    write_all(file, text);
  } catch (const std::system_error&) {
    ::unlink(path_.c_str());
    throw;
  }
}

AuthInfoFile::AuthInfoFile(AuthInfoFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

AuthInfoFile& AuthInfoFile::operator=(AuthInfoFile&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

AuthInfoFile::~AuthInfoFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace glassh
