#include "server/daemon.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "channels/io/fd.h"

namespace glassh {

void open_standard_descriptors() {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) (void)::open("/dev/null", O_RDWR);  // takes the lowest free number
  }
}

void leave_foreground(bool keep_stderr) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error(fmt::format("fork: {}", std::strerror(errno)));
  if (child > 0) ::_exit(0);
  ::setsid();
  if (::chdir("/") < 0) throw std::runtime_error(fmt::format("chdir to /: {}", std::strerror(errno)));
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) throw std::runtime_error(fmt::format("/dev/null: {}", std::strerror(errno)));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(null.get(), STDOUT_FILENO);
  if (!keep_stderr) ::dup2(null.get(), STDERR_FILENO);
}

std::uint64_t raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
  const std::uint64_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) limit.rlim_cur = before;  // then we do with what there is
  descriptor_budget().limit_to(limit.rlim_cur);
  return before;
}

PidFile::PidFile(const std::string& path, const Log& log) {
  if (path.empty()) return;
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644));
  const std::string number = fmt::format("{}\n", ::getpid());
  if (!file || ::write(file.get(), number.data(), number.size()) < 0) {
    log.error("Couldn't create pid file \"{}\": {}", path, std::strerror(errno));
    return;
  }
  path_ = path;
}

void PidFile::remove() {
  if (path_.empty()) return;
  const std::string path = std::exchange(path_, "");
  std::ifstream file(path);
  pid_t number = 0;
  if (file >> number && number == ::getpid()) ::unlink(path.c_str());
}

}  // namespace glassh
