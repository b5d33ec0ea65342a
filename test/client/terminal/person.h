// A pseudo-terminal whose other end the test holds: it types and sees what a person would.
//
//   Person person;  auto prompt = Prompt::open(executor, person.terminal());  person.types("yes\n");
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "test/support/patience.h"

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
  // All that was written to the terminal until now. The kernel passes it on a moment later; a mark behind it tells
  // when.
  std::string sees_all() {
    EXPECT_EQ(::write(kept_open_, "\x1e", 1), 1);
    const auto give_up = std::chrono::steady_clock::now() + test::patience;
    std::string text = sees();
    while (!text.ends_with('\x1e') && std::chrono::steady_clock::now() < give_up) {
      pollfd shown{fd_, POLLIN, 0};
      ::poll(&shown, 1, 100);
      text += sees();
    }
    EXPECT_TRUE(text.ends_with('\x1e')) << text;
    return text.substr(0, text.find('\x1e'));
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
