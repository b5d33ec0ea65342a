// A file descriptor to wait for: pipe, socket, terminal, regular file or /dev/null. The system call is tried first;
// readiness is awaited only when it would block.
//
// own() takes a descriptor that nobody else uses and sets O_NONBLOCK on it. borrow() is for those that we inherited:
// O_NONBLOCK belongs to the open file description, which a program's parent shares, so setting it would leave the
// user's shell with a non-blocking terminal. What it does instead:
//   - a pipe or a terminal is opened again through /proc/self/fd, which gives a description of our own;
//   - a socket is read and written with MSG_DONTWAIT;
//   - where opening again is refused, poll(2) is asked before each call, and at most PIPE_BUF bytes are written, which
//     a writable pipe always takes. (Asio must not see such a descriptor: its waits set O_NONBLOCK. It gets an epoll
//     descriptor that watches it.)
// Regular files, and whatever else epoll refuses, never block and count as always ready.
// Programs must ignore SIGPIPE; a write whose reader is gone then fails with EPIPE.
//
//   auto input = Descriptor::own(executor, std::move(pipe.read_end));
//   if (auto got = input.read(space); got.would_block()) co_await input.readable();
#pragma once

#include <cerrno>
#include <cstddef>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "channels/io/fd.h"
#include "proto/bytes.h"

namespace glassh {

namespace asio = boost::asio;

struct IoResult {
  std::size_t size = 0;
  int error = 0;  // errno

  bool would_block() const { return error == EAGAIN; }
  bool failed() const { return error != 0 && error != EAGAIN; }
};

class Descriptor {
 public:
  enum class Access { read, write };

  Descriptor() = default;                                                                  // closed
  static Descriptor own(const asio::any_io_executor& executor, Fd fd);                     // throws std::system_error
  static Descriptor borrow(const asio::any_io_executor& executor, int fd, Access access);  // fd is duplicated

  // Size 0 without an error is the end of the file. EINTR is handled; EIO from a terminal whose other side has closed
  // is the end of the file as well.
  IoResult read(MutableBytes space);
  IoResult write(Bytes bytes);
  IoResult write(const std::vector<Bytes>& pieces);  // as many as one writev(2) takes

  // Return when it is worth trying again; also after close() and for errors, which the next call then reports.
  asio::awaitable<void> readable();
  asio::awaitable<void> writable();
  // The same with a callback `void()`, on an open descriptor. It must keep alive what it uses.
  template <class Callback>
  void when_readable(Callback callback);
  template <class Callback>
  void when_writable(Callback callback);

  // Ends every wait. Borrowed descriptors stay open in the process; ours goes.
  void close();
  bool is_open() const { return fd_.get() >= 0; }
  int number() const { return fd_.get(); }

 private:
  enum class Mode { non_blocking, dont_wait, polled, always_ready };

  Descriptor(Fd fd, Mode mode, Access access) : fd_(std::move(fd)), mode_(mode), access_(access) {}
  void watch(const asio::any_io_executor& executor);
  bool ready_now(short events) const;
  asio::posix::descriptor_base::wait_type wait_kind(Access access) const;

  Fd fd_;
  Mode mode_ = Mode::non_blocking;
  Access access_ = Access::read;
  std::unique_ptr<asio::posix::stream_descriptor> watched_;  // fd_ itself, or an epoll descriptor that watches it
};

template <class Callback>
void Descriptor::when_readable(Callback callback) {
  watched_->async_wait(wait_kind(Access::read), [callback = std::move(callback)](const auto&) mutable { callback(); });
}

template <class Callback>
void Descriptor::when_writable(Callback callback) {
  watched_->async_wait(wait_kind(Access::write), [callback = std::move(callback)](const auto&) mutable { callback(); });
}

}  // namespace glassh
