#include "client/terminal/local_terminal.h"

#include <csignal>
#include <cstring>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "channels/io/fd.h"
#include "test/client/terminal/person.h"

namespace glassh {
namespace {

struct LocalTerminalTest : testing::Test {
  LocalTerminalTest() : line(::open(person.terminal().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)) { found = modes(); }

  termios modes() const {
    termios modes{};
    EXPECT_EQ(::tcgetattr(line.get(), &modes), 0);
    return modes;
  }
  bool is_as_found() const {
    const termios now = modes();
    return now.c_iflag == found.c_iflag && now.c_oflag == found.c_oflag && now.c_cflag == found.c_cflag &&
           now.c_lflag == found.c_lflag && std::memcmp(now.c_cc, found.c_cc, sizeof now.c_cc) == 0;
  }

  Person person;
  Fd line;
  termios found{};
};

TEST_F(LocalTerminalTest, RawModeLetsEveryByteThrough) {
  LocalTerminal terminal(line.get());
  EXPECT_FALSE(terminal.raw());
  terminal.enter_raw();
  EXPECT_TRUE(terminal.raw());
  EXPECT_FALSE(person.echo());
  EXPECT_EQ(terminal.modes()->c_lflag, found.c_lflag);  // as the user has them, for the server to copy

  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  person.types(all);
  std::string arrived(1000, '\0');
  std::size_t size = 0;
  while (size < all.size()) {
    const ssize_t got = ::read(line.get(), arrived.data() + size, arrived.size() - size);
    ASSERT_GT(got, 0);
    size += static_cast<std::size_t>(got);
  }
  arrived.resize(size);
  EXPECT_EQ(arrived, all);
  EXPECT_EQ(::write(line.get(), "a\nb", 3), 3);
  EXPECT_EQ(person.sees_all(), "a\nb");

  terminal.leave_raw();
  EXPECT_FALSE(terminal.raw());
  EXPECT_TRUE(is_as_found());
}

TEST_F(LocalTerminalTest, ComesBackWithTheObject) {
  {
    LocalTerminal terminal(line.get());
    terminal.enter_raw();
    terminal.enter_raw();  // once is enough
    EXPECT_FALSE(is_as_found());
  }
  EXPECT_TRUE(is_as_found());
}

TEST_F(LocalTerminalTest, ComesBackWhenASignalKillsTheProgram) {
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM}) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::signal(signal, SIG_DFL);
      LocalTerminal terminal(line.get());
      terminal.enter_raw();
      ::raise(signal);
      ::_exit(0);  // it did not kill
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << signal;
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_TRUE(is_as_found()) << signal;
  }
}

TEST_F(LocalTerminalTest, ASignalGivesBackEachOfTwoTerminalsThatAreRaw) {
  const Person other;
  const Fd others_line(::open(other.terminal().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGTERM, SIG_DFL);
    LocalTerminal first(line.get());
    LocalTerminal second(others_line.get());
    first.enter_raw();
    second.enter_raw();
    ::raise(SIGTERM);
    ::_exit(0);  // it did not kill
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(is_as_found());
  EXPECT_TRUE(other.echo());
}

TEST_F(LocalTerminalTest, OneThatIsGivenBackLeavesTheOtherRawAndGuarded) {
  const Person other;
  const Fd others_line(::open(other.terminal().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  LocalTerminal first(line.get());
  first.enter_raw();
  {
    LocalTerminal second(others_line.get());
    second.enter_raw();
  }
  EXPECT_TRUE(other.echo());
  EXPECT_FALSE(person.echo());
  struct sigaction action {};
  ::sigaction(SIGUSR2, nullptr, &action);
  EXPECT_NE(action.sa_handler, SIG_DFL);
}

TEST_F(LocalTerminalTest, SignalsThatSomebodyHandlesAreLeftAlone) {
  const auto handler = [](int) {};
  const auto before = std::signal(SIGUSR1, handler);
  {
    LocalTerminal terminal(line.get());
    terminal.enter_raw();
    ::raise(SIGUSR1);
    EXPECT_TRUE(terminal.raw());
    EXPECT_FALSE(is_as_found());
  }
  EXPECT_EQ(std::signal(SIGUSR1, before), +handler);
}

TEST_F(LocalTerminalTest, AfterwardsSignalsKillAsBefore) {
  {
    LocalTerminal terminal(line.get());
    terminal.enter_raw();
  }
  struct sigaction action {};
  ::sigaction(SIGUSR2, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
}

TEST_F(LocalTerminalTest, KnowsItsSize) {
  const winsize size{33, 99, 990, 660};
  ASSERT_EQ(::ioctl(line.get(), TIOCSWINSZ, &size), 0);
  EXPECT_EQ(LocalTerminal(line.get()).size(), (WindowSize{99, 33, 990, 660}));
}

TEST_F(LocalTerminalTest, WithoutATerminalNothingHappens) {
  const Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  LocalTerminal terminal(nowhere.get());
  EXPECT_EQ(terminal.size(), WindowSize{});
  EXPECT_FALSE(terminal.modes());
  terminal.enter_raw();
  EXPECT_FALSE(terminal.raw());
}

}  // namespace
}  // namespace glassh
