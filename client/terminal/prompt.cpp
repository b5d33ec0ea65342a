#include "client/terminal/prompt.h"

#include <cerrno>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace glassh {

namespace asio = boost::asio;

namespace {

// Typed characters stay hidden while this lives; the line's end shows, so that the cursor moves on. Where no line was
// ended (end of file, a signal), it moves on all the same.
class HiddenTyping {
 public:
  explicit HiddenTyping(int terminal) : terminal_(terminal), changed_(::tcgetattr(terminal, &before_) == 0) {
    if (!changed_) return;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    hidden.c_lflag |= ECHONL;
    ::tcsetattr(terminal_, TCSAFLUSH, &hidden);
  }
  ~HiddenTyping() {
    if (!changed_) return;
    ::tcsetattr(terminal_, TCSANOW, &before_);
    if (!line_ended_ && ::write(terminal_, "\n", 1) < 0) line_ended_ = true;  // the terminal is gone
  }
  void line_ended() { line_ended_ = true; }
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;

 private:
  int terminal_;
  termios before_{};
  bool changed_;
  bool line_ended_ = false;
};

}  // namespace

std::optional<Prompt> Prompt::open(asio::any_io_executor executor, const std::string& terminal) {
  // Its own open file description: O_NONBLOCK here does not make our parent's terminal non-blocking.
  const int fd = ::open(terminal.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  return Prompt(asio::posix::stream_descriptor(std::move(executor), fd));
}

asio::awaitable<std::optional<SecretBytes>> Prompt::ask(std::string question, Echo echo) {
  std::optional<HiddenTyping> hidden;
  if (echo == Echo::off) hidden.emplace(terminal_.native_handle());
  co_await asio::async_write(terminal_, asio::buffer(question), asio::use_awaitable);
  std::optional<SecretBytes> line = co_await read_line();
  if (hidden && line) hidden->line_ended();
  co_return line;
}

asio::awaitable<std::optional<SecretBytes>> Prompt::read_line() {
  SecretBytes line(1024);
  SecretBytes one(1);  // a terminal gives at most a line, but what is typed ahead belongs to the next question
  std::size_t size = 0;
  while (true) {
    boost::system::error_code error;
    const std::size_t got = co_await terminal_.async_read_some(asio::buffer(one.reveal().data(), 1),
                                                               asio::redirect_error(asio::use_awaitable, error));
    // EIO: the terminal hung up, or we are in the background of an orphaned group.
    if (error == asio::error::eof || error.value() == EIO || (!error && got == 0)) co_return std::nullopt;
    if (error) throw boost::system::system_error(error);
    const std::uint8_t byte = one.reveal()[0];
    if (byte == '\n' || byte == '\r') break;
    if (size < line.size()) line.reveal()[size++] = byte;
  }
  line.truncate(size);
  co_return line;
}

}  // namespace glassh
