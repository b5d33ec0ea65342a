#include "config/file_lock.h"

#include <cerrno>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/small_file.h"

namespace glassh {
namespace {

// Whether the name still leads to the file: the program that had the lock removes the name.
bool is_at(const std::string& path, int file) {
  struct stat at_path {
  }, opened{};
  return ::stat(path.c_str(), &at_path) == 0 && ::fstat(file, &opened) == 0 && at_path.st_dev == opened.st_dev &&
         at_path.st_ino == opened.st_ino;
}

bool directory_cannot_be_written(int error) { return error == EACCES || error == EPERM || error == EROFS; }

}  // namespace

FileLock::FileLock(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (real == nullptr && errno == ENOENT) return;
  if (real == nullptr) throw FileError(errno, path);
  path_ = std::string(real.get()) + ".lock";
  while (true) {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (file_ < 0 && directory_cannot_be_written(errno)) {
      path_.clear();
      return;
    }
    if (file_ < 0) throw FileError(errno, path_);
    while (::flock(file_, LOCK_EX) != 0) {
      const int error = errno;
      if (error == EINTR) continue;
      ::close(file_);
      throw FileError(error, path_);
    }
    if (is_at(path_, file_)) return;
    ::close(file_);
  }
}

FileLock::~FileLock() {
  if (path_.empty()) return;
  ::unlink(path_.c_str());
  ::close(file_);
}

}  // namespace glassh
