// Fd is a file descriptor with one owner, who closes it.
//
// Lives until it is closed, released or destroyed. Job: ownership; both programs pass descriptors around in it, such as
// a pipe's end from the function that made it to the Source that reads it. The claim to have the descriptor travels
// with it, if a connection had to ask for one. It does not wait or read: Descriptor does.
//
//   Fd fd(::open(path, O_RDONLY | O_CLOEXEC));  if (!fd) …errno…
#pragma once

#include <utility>

#include "channels/io/descriptor_budget.h"

namespace glassh {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}  // takes ownership; a negative number stands for no descriptor
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)), claim_(std::move(other.claim_)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
      claim_ = std::move(other.claim_);
    }
    return *this;
  }
  ~Fd() { close(); }

  static Fd duplicate(int fd);  // close-on-exec; throws std::system_error

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() {  // the claim ends, too
    claim_.give_back();
    return std::exchange(fd_, -1);
  }
  void close();
  // The claim is for this descriptor, and is given back when that is closed.
  void stands_for(DescriptorClaim claim) { claim_ = std::move(claim); }

 private:
  int fd_ = -1;
  DescriptorClaim claim_;
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
