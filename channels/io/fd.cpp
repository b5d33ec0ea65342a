#include "channels/io/fd.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace glassh {

namespace {

void check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Fd Fd::duplicate(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  check(copy, "fcntl(F_DUPFD_CLOEXEC)");
  return Fd(copy);
}

void Fd::close() {
  // Linux closes even when it reports EINTR; trying again could close another descriptor.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  claim_.give_back();
}

Pipe make_pipe() {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

SocketPair make_socket_pair() {
  int ends[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace glassh
