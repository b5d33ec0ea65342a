#include "config/small_file.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace glassh {
namespace {

[[noreturn]] void fail(const std::string& path) {
  const int error_number = errno;
  throw FileError(error_number, path);
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (number_ >= 0) close(number_);
  }

  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

void write_all(const FileDescriptor& file, Bytes content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(file.number(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path);
    content = content.subspan(static_cast<std::size_t>(written));
  }
}

struct stat regular_file_facts(const FileDescriptor& file, const std::string& path) {
  if (!file.valid()) fail(path);
  struct stat facts {};
  if (fstat(file.number(), &facts) != 0) fail(path);
  if (!S_ISREG(facts.st_mode)) throw FileError(EINVAL, path + " is not a regular file");
  return facts;
}

// Gone, unless it got its name.
class TemporaryFile {
 public:
  TemporaryFile(std::string path, std::uint32_t mode)
      : path_(std::move(path)), file_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) {
    if (!file_.valid()) fail(path_);
    if (fchmod(file_.number(), mode) != 0) {
      const int error_number = errno;
      unlink(path_.c_str());
      throw FileError(error_number, path_);
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }

  const FileDescriptor& file() const { return file_; }
  const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  std::string path_;
  FileDescriptor file_;
};

// A new name is on the disk when its directory is.
void sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
  const FileDescriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems cannot do it; the file itself is safe by then.
  if (opened.valid()) static_cast<void>(fsync(opened.number()));
}

}  // namespace

SmallFile read_small_file(const std::string& path, std::size_t limit) {
  // Without O_NONBLOCK, opening a FIFO would wait for a writer (past vulnerability 89).
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  const struct stat facts = regular_file_facts(file, path);
  if (facts.st_size < 0 || static_cast<std::uint64_t>(facts.st_size) > limit) {
    throw FileError(EFBIG, fmt::format("{} has {} bytes; {} is the limit", path, facts.st_size, limit));
  }

  // A file that grows meanwhile is cut off at the size it had, and one that shrinks is short.
  SmallFile out{SecretBytes(static_cast<std::size_t>(facts.st_size)), facts.st_mode & 07777u, facts.st_uid};
  std::size_t filled = 0;
  while (filled < out.content.size()) {
    const ssize_t got = read(file.number(), out.content.reveal().data() + filled, out.content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  out.content.truncate(filled);
  return out;
}

void save_small_file(const std::string& path, Bytes content, std::uint32_t mode, std::string_view unique,
                     IfExists if_exists) {
  TemporaryFile temporary(fmt::format("{}.{}.tmp", path, unique), mode);
  write_all(temporary.file(), content, temporary.path());
  if (fsync(temporary.file().number()) != 0) fail(temporary.path());
  if (if_exists == IfExists::replace) {
    if (rename(temporary.path().c_str(), path.c_str()) != 0) fail(path);
    temporary.keep();
  } else if (link(temporary.path().c_str(), path.c_str()) != 0) {  // unlike rename(), never replaces
    fail(path);
  }
  sync_directory_of(path);
}

namespace {

// A full disk may have let in the first half of an addition. If another program appended a line at the same time, that
// line is not cut off with it.
void take_back(const FileDescriptor& file, off_t size_before, std::string_view addition) {
  std::string tail(addition.size() + 1, '\0');
  const ssize_t got = pread(file.number(), tail.data(), tail.size(), size_before);
  if (got <= 0 || !addition.starts_with(std::string_view(tail).substr(0, static_cast<std::size_t>(got)))) return;
  static_cast<void>(ftruncate(file.number(), size_before) == 0);  // the caller hears of the first failure
}

}  // namespace

void append_line(const std::string& path, std::string_view line, std::uint32_t mode) {
  const FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode));
  const struct stat facts = regular_file_facts(file, path);
  std::string addition;
  if (facts.st_size > 0) {
    char last = '\n';
    if (pread(file.number(), &last, 1, facts.st_size - 1) < 0) fail(path);
    if (last != '\n') addition += '\n';
  }
  addition += line;
  addition += '\n';
  try {
    write_all(file, bytes_of(addition), path);
  } catch (const FileError&) {
    take_back(file, facts.st_size, addition);
    throw;
  }
}

}  // namespace glassh
