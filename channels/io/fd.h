// Fd is a file descriptor with one owner, who closes it.
//
// Lives until it is closed, released or destroyed. Job: ownership; both programs pass descriptors around in it, such as
// a pipe's end from the function that made it to the Source that reads it. It does not wait or read: Descriptor does.
//
//   Fd fd(::open(path, O_RDONLY | O_CLOEXEC));  if (!fd) …errno…
#pragma once

#include <utility>

namespace glassh {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}  // takes ownership; a negative number stands for no descriptor
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = other.release();
    }
    return *this;
  }
  ~Fd() { close(); }

  static Fd duplicate(int fd);  // close-on-exec; throws std::system_error

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void close();

 private:
  int fd_ = -1;
};

// Both close-on-exec; throw std::system_error.
struct Pipe {
  Fd read_end;
  Fd write_end;
};
Pipe make_pipe();
struct SocketPair {
  Fd first;
  Fd second;
};
SocketPair make_socket_pair();  // AF_UNIX, stream

}  // namespace glassh
