// Prompt asks the person at the terminal: it writes and reads on /dev/tty, never on standard input or output.
//
// Lives for one question or several; it keeps the terminal open. Job: write a question and read a line. With Echo::off
// the typed characters do not show. The terminal gets back its old modes when the answer is there, or when the
// coroutine is destroyed (a signal ended the program). Prompt does not know the meaning of a question, and does not use
// askpass: that is client/terminal/asker.
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
  // Returns nullopt if this process does not have a terminal.
  static std::optional<Prompt> open(boost::asio::any_io_executor executor, const std::string& terminal = "/dev/tty");

  // Returns the typed line without its end, cut off after 1024 bytes; nullopt at end of file. Throws
  // boost::system::system_error if the terminal fails.
  boost::asio::awaitable<std::optional<SecretBytes>> ask(std::string question, Echo echo);

 private:
  explicit Prompt(boost::asio::posix::stream_descriptor terminal) : terminal_(std::move(terminal)) {}
  boost::asio::awaitable<std::optional<SecretBytes>> read_line();

  boost::asio::posix::stream_descriptor terminal_;
};

}  // namespace glassh
