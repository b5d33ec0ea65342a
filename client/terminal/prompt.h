// A question to the person at the terminal: asked and answered on /dev/tty, never on standard input or output.
//
// With Echo::off what is typed does not show, and the terminal is as it was before when the answer is there or the
// coroutine is destroyed (a signal ended the program). It knows nothing of what is asked.
//
//   auto prompt = Prompt::open(executor);  if (prompt) auto answer = co_await prompt->ask("Password: ", Echo::off);
#pragma once

#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "proto/secret_bytes.h"

namespace glassh {

enum class Echo { on, off };

class Prompt {
 public:
  // Nothing if this process has no terminal.
  static std::optional<Prompt> open(boost::asio::any_io_executor executor, const std::string& terminal = "/dev/tty");

  // The line typed, without its end; nothing at end of file. What does not fit in 1024 bytes is cut off. Throws
  // boost::system::system_error if the terminal fails.
  boost::asio::awaitable<std::optional<SecretBytes>> ask(std::string question, Echo echo);

 private:
  explicit Prompt(boost::asio::posix::stream_descriptor terminal) : terminal_(std::move(terminal)) {}
  boost::asio::awaitable<std::optional<SecretBytes>> read_line();

  boost::asio::posix::stream_descriptor terminal_;
};

}  // namespace glassh
