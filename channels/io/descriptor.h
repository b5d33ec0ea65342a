// Descriptor is a file descriptor to read, write and wait for: a pipe, socket, terminal, regular file or /dev/null. The
// caller tries the system call first, and waits only if the call would block.
//
// Lives as long as its owner; the destructor closes it and ends every wait. Job: never block. own() takes a descriptor
// that no other code uses and sets O_NONBLOCK on it. borrow() is for inherited descriptors: O_NONBLOCK belongs to the
// open file description, which a program's parent shares, so setting it would leave the user's shell with a
// non-blocking terminal. Instead of that:
//   - a pipe or a terminal is opened again through /proc/self/fd, which gives a description of our own;
//   - a socket is read and written with MSG_DONTWAIT;
//   - if opening again is refused (sudo, su), poll(2) is asked before each call, and at most PIPE_BUF bytes are
//     written, which a writable pipe always takes. A terminal may take less, and block until its other end is read.
// Asio's own waits set O_NONBLOCK, so it sees such a descriptor only through an epoll descriptor that watches it.
// Regular files, and all other files that epoll refuses, never block and count as always ready.
// Programs must ignore SIGPIPE; a write whose reader is gone then fails with EPIPE.
//
// split() gives a socket or a terminal two owners, one for each direction, over one file descriptor: it is closed when
// both have closed their direction. When one closes, a wait of the other may return early, which is harmless.
//
//   auto input = Descriptor::own(executor, std::move(pipe.read_end));
//   if (auto got = input.read(space); got.would_block()) co_await input.readable();
#pragma once

#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "channels/io/fd.h"
#include "proto/bytes.h"

namespace glassh {

namespace asio = boost::asio;

struct IoResult {
  std::size_t size = 0;
  int error = 0;         // errno
  bool emptied = false;  // by this read, which took so little that nothing can be left for now

  bool would_block() const { return error == EAGAIN; }
  bool nothing_left() const { return emptied || would_block(); }  // it is time to wait
  bool failed() const { return error != 0 && error != EAGAIN; }
};

struct SplitDescriptor;

class Descriptor {
 public:
  enum class Access { read, write };

  Descriptor() = default;                                                                  // closed
  static Descriptor own(const asio::any_io_executor& executor, Fd fd);                     // throws std::system_error
  static Descriptor borrow(const asio::any_io_executor& executor, int fd, Access access);  // leaves `fd` as it is
  static SplitDescriptor split(const asio::any_io_executor& executor, Fd fd);              // as own()
  Descriptor(Descriptor&&) noexcept = default;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { close(); }

  // Size 0 without an error is the end of the file.
  IoResult read(MutableBytes space);
  IoResult write(Bytes bytes);
  IoResult write(const std::vector<Bytes>& pieces);  // writes as many as one writev(2) takes

  // Return when the call is worth trying again; also after close(), and for errors, which the next call then reports.
  asio::awaitable<void> readable();
  asio::awaitable<void> writable();
  // The same with a callback `void()`. It must keep alive what it uses.
  template <class Callback>
  void when_readable(Callback callback) {
    when(Access::read, std::move(callback));
  }
  template <class Callback>
  void when_writable(Callback callback) {
    when(Access::write, std::move(callback));
  }

  void close();  // ends every wait; of a split one, this direction
  // Gives the descriptor out and is closed afterwards; every wait ends. The reactor has forgotten it by then, which
  // closing would not make sure of: epoll(7) keeps watching as long as any process has the same open file description.
  // It must not be a split one whose other direction is open.
  Fd release();
  bool is_open() const { return open_ != nullptr; }
  int number() const { return open_ != nullptr ? open_->fd.get() : -1; }

 private:
  enum class Mode { non_blocking, dont_wait, polled, always_ready };

  // Both directions of a split descriptor have the same.
  struct Open {
    Fd fd;
    // A view of fd, or an epoll descriptor that watches it. Empty if always ready.
    std::optional<asio::posix::stream_descriptor> watched = {};
  };

  Descriptor(asio::any_io_executor executor, Fd fd, Mode mode, Access access)
      : executor_(std::move(executor)),
        open_(std::make_shared<Open>(Open{std::move(fd)})),
        mode_(mode),
        access_(access) {}
  void watch(int fd);
  void watch_through_epoll();
  bool would_block(short events) const;
  asio::posix::descriptor_base::wait_type wait_for(Access access) const;
  asio::awaitable<void> ready(Access access);
  template <class Callback>
  void when(Access access, Callback callback);

  asio::any_io_executor executor_;
  std::shared_ptr<Open> open_;  // null: closed
  Mode mode_ = Mode::non_blocking;
  Access access_ = Access::read;
};

struct SplitDescriptor {
  Descriptor reading, writing;
};

template <class Callback>
void Descriptor::when(Access access, Callback callback) {
  if (open_ == nullptr || !open_->watched) {
    asio::post(executor_, std::move(callback));
    return;
  }
  open_->watched->async_wait(wait_for(access), [callback = std::move(callback)](const auto&) mutable { callback(); });
}

}  // namespace glassh
