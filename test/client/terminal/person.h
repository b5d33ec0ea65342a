// A pseudo-terminal whose other end the test holds: it types and sees what a person would.
//
//   Person person;  auto prompt = Prompt::open(executor, person.terminal());  person.types("yes\n");
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace glassh {

// A terminal, with the person's end in our hand.
class Person {
 public:
  Person() : fd_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
    EXPECT_EQ(::grantpt(fd_), 0);
    EXPECT_EQ(::unlockpt(fd_), 0);
    terminal_ = ::ptsname(fd_);
    kept_open_ = ::open(terminal_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
  ~Person() {
    hang_up();
    ::close(kept_open_);
  }
  const std::string& terminal() const { return terminal_; }
  void types(std::string_view text) {
    EXPECT_EQ(::write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string sees() {
    std::string text(4096, '\0');
    const ssize_t size = ::read(fd_, text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }
  bool echo() const {
    termios modes{};
    ::tcgetattr(kept_open_, &modes);
    return (modes.c_lflag & ECHO) != 0;
  }
  void hang_up() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
  int kept_open_ = -1;
  std::string terminal_;
};

}  // namespace glassh
