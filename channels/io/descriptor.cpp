#include "channels/io/descriptor.h"

#include <algorithm>
#include <array>
#include <climits>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace glassh {

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
// A pipe or a socket that has more than this gives more at once, so a read of less has emptied it (epoll(7)), and one
// that would only find this out is spared. A terminal gives a line at a time; then the wait for the next line returns
// at once. Behind larger reads more is often on its way.
constexpr std::size_t little = 1024;
constexpr std::size_t most_pieces = 64;  // in one writev(2); as many blocks as could fill a socket's buffer

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

mode_t kind_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail("fstat");
  return status.st_mode;
}

void set_non_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) fail("fcntl(O_NONBLOCK)");
}

// Opening a pipe or a terminal by its number gives the same one again. Not so the master side of a pseudo-terminal:
// there it gives a new pair.
bool opens_again(int fd, mode_t kind) {
  int number = 0;
  return S_ISFIFO(kind) || (::isatty(fd) == 1 && ::ioctl(fd, TIOCGPTN, &number) != 0);
}

IoResult result_of(ssize_t done) {
  if (done >= 0) return {static_cast<std::size_t>(done), 0};
  return {0, errno == EWOULDBLOCK ? EAGAIN : errno};
}

}  // namespace

Descriptor Descriptor::own(const asio::any_io_executor& executor, Fd fd) {
  if (S_ISREG(kind_of(fd.get()))) return Descriptor(executor, std::move(fd), Mode::always_ready, Access::read);
  set_non_blocking(fd.get());
  Descriptor descriptor(executor, std::move(fd), Mode::non_blocking, Access::read);
  descriptor.watch(descriptor.number());
  return descriptor;
}

SplitDescriptor Descriptor::split(const asio::any_io_executor& executor, Fd fd) {
  SplitDescriptor split{own(executor, std::move(fd)), {}};
  Descriptor& writing = split.writing;
  writing.executor_ = executor;
  writing.open_ = split.reading.open_;
  writing.mode_ = split.reading.mode_;
  writing.access_ = Access::write;
  return split;
}

Descriptor Descriptor::borrow(const asio::any_io_executor& executor, int fd, Access access) {
  const mode_t kind = kind_of(fd);
  if (opens_again(fd, kind)) {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const int how = access == Access::read ? O_RDONLY : O_WRONLY;
    Fd again(::open(path.c_str(), how | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (again) return own(executor, std::move(again));
  }
  Descriptor descriptor(executor, Fd::duplicate(fd), S_ISSOCK(kind) ? Mode::dont_wait : Mode::polled, access);
  descriptor.watch_through_epoll();
  return descriptor;
}

// Asio's constructor would throw an exception of its own kind.
void Descriptor::watch(int fd) {
  boost::system::error_code error;
  open_->watched.emplace(executor_);
  open_->watched->assign(fd, error);
  if (!error) return;
  open_->watched.reset();
  throw std::system_error(error.value(), std::generic_category(), "epoll_ctl");
}

void Descriptor::watch_through_epoll() {
  Fd watcher(::epoll_create1(EPOLL_CLOEXEC));
  if (!watcher) fail("epoll_create1");
  epoll_event interest{};
  interest.events = access_ == Access::read ? EPOLLIN : EPOLLOUT;
  if (::epoll_ctl(watcher.get(), EPOLL_CTL_ADD, number(), &interest) == 0) {
    watch(watcher.get());
    (void)watcher.release();
  } else if (errno == EPERM) {  // a regular file, /dev/null, …
    mode_ = Mode::always_ready;
  } else {
    fail("epoll_ctl");
  }
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this == &other) return *this;
  close();
  executor_ = std::move(other.executor_);
  open_ = std::move(other.open_);
  mode_ = other.mode_;
  access_ = other.access_;
  return *this;
}

// Asio's close() would leave it to the kernel to take the descriptor out of epoll; its release() does that itself.
Fd Descriptor::release() {
  const std::shared_ptr<Open> open = std::move(open_);
  if (open == nullptr) return Fd();
  if (open->watched && open->watched->native_handle() == open->fd.get()) open->watched->release();
  open->watched.reset();
  return std::move(open->fd);
}

void Descriptor::close() {
  if (open_ != nullptr && open_.use_count() > 1) {  // the other direction goes on
    boost::system::error_code ignored;
    if (open_->watched) open_->watched->cancel(ignored);
    open_.reset();
  } else {
    release().close();
  }
}

// ----------------------------------------------------------------------------------------------------------------
// system calls

bool Descriptor::would_block(short events) const {
  if (mode_ != Mode::polled || !is_open()) return false;
  pollfd asked{number(), events, 0};
  return ::poll(&asked, 1, 0) <= 0;
}

IoResult Descriptor::read(MutableBytes space) {
  if (would_block(POLLIN)) return {0, EAGAIN};
  while (true) {
    const ssize_t done = mode_ == Mode::dont_wait ? ::recv(number(), space.data(), space.size(), MSG_DONTWAIT)
                                                  : ::read(number(), space.data(), space.size());
    if (done < 0 && errno == EINTR) continue;
    IoResult result = result_of(done);
    result.emptied = result.size > 0 && result.size < std::min(space.size(), little) && mode_ != Mode::always_ready;
    return result;
  }
}

IoResult Descriptor::write(Bytes bytes) {
  if (would_block(POLLOUT)) return {0, EAGAIN};
  const std::size_t size = mode_ == Mode::polled ? std::min<std::size_t>(bytes.size(), PIPE_BUF) : bytes.size();
  while (true) {
    const ssize_t done = mode_ == Mode::dont_wait ? ::send(number(), bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                                  : ::write(number(), bytes.data(), size);
    if (done < 0 && errno == EINTR) continue;
    return result_of(done);
  }
}

IoResult Descriptor::write(const std::vector<Bytes>& pieces) {
  if (pieces.empty()) return {};
  if (pieces.size() == 1 || mode_ != Mode::non_blocking) return write(pieces[0]);
  std::array<iovec, most_pieces> vector{};
  const std::size_t count = std::min(pieces.size(), most_pieces);
  for (std::size_t i = 0; i < count; ++i) {
    vector[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};  // writev(2) only reads
  }
  while (true) {
    const ssize_t done = ::writev(number(), vector.data(), static_cast<int>(count));
    if (done < 0 && errno == EINTR) continue;
    return result_of(done);
  }
}

// ----------------------------------------------------------------------------------------------------------------
// waiting

// The epoll descriptor that stands for a borrowed one becomes readable, whatever it watches for.
asio::posix::descriptor_base::wait_type Descriptor::wait_for(Access access) const {
  const bool direct = mode_ == Mode::non_blocking;
  return direct && access == Access::write ? asio::posix::descriptor_base::wait_write
                                           : asio::posix::descriptor_base::wait_read;
}

asio::awaitable<void> Descriptor::readable() { return ready(Access::read); }
asio::awaitable<void> Descriptor::writable() { return ready(Access::write); }

asio::awaitable<void> Descriptor::ready(Access access) {
  if (open_ == nullptr || !open_->watched) {
    // Always ready; but others must have their turn as well.
    co_await asio::post(executor_, asio::use_awaitable);
    co_return;
  }
  co_await open_->watched->async_wait(wait_for(access), quietly);
}

}  // namespace glassh
