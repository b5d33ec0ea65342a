// The launcher gives a program what its caller says, and nothing that the caller withholds.
#include "channels/io/launcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <set>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Launch shell(const std::string& command) {
  return {.program = "/bin/sh", .arguments = {"sh", "-c", command}, .environment = std::vector<std::string>{}};
}

struct Result {
  std::string output;
  int status = -1;
};

// Runs it to its end; its standard output is ours to read.
Result run(Launch program) {
  Pipe output = make_pipe();
  program.streams.push_back({.as = STDOUT_FILENO, .from = output.write_end.get()});
  const pid_t pid = launch(program);
  output.write_end.close();
  Result result;
  char buffer[4096];
  for (ssize_t got = 1; got > 0;) {
    got = ::read(output.read_end.get(), buffer, sizeof buffer);
    if (got > 0) result.output.append(buffer, static_cast<std::size_t>(got));
  }
  const auto status = wait_for_end(pid);
  if (status && WIFEXITED(*status)) result.status = WEXITSTATUS(*status);
  return result;
}

// Reads a line like "SigIgn:\t0000000000001000" in /proc/PID/status, where the lowest bit is signal 1.
std::set<int> signals_of(const std::string& status, const std::string& name) {
  const std::string mask = status.substr(status.find(name) + name.size() + 2, 16);
  const unsigned long long bits = std::stoull(mask, nullptr, 16);
  std::set<int> numbers;
  for (int number = 1; number <= 64; ++number) {
    if ((bits >> (number - 1)) % 2 == 1) numbers.insert(number);
  }
  return numbers;
}

TEST(Launcher, TheArgumentsAreTheProgramsOwn) {
  const Result result = run({.program = "/bin/sh", .arguments = {"name", "-c", "echo \"$0 $1\"; exit 7", "a b", "c"}});
  EXPECT_EQ(result.output, "a b c\n");
  EXPECT_EQ(result.status, 7);
}

TEST(Launcher, TheEnvironmentIsOursUnlessAnotherIsGiven) {
  ASSERT_EQ(::setenv("GLASSH_LAUNCHER_TEST", "ours", 1), 0);
  Launch program{.program = "/usr/bin/env", .arguments = {"env"}};
  EXPECT_THAT(run(program).output, HasSubstr("GLASSH_LAUNCHER_TEST=ours\n"));
  program.environment = {"A=b", "C="};
  EXPECT_EQ(run(program).output, "A=b\nC=\n");
  program.environment = std::vector<std::string>{};
  EXPECT_EQ(run(program).output, "");
  ::unsetenv("GLASSH_LAUNCHER_TEST");
}

TEST(Launcher, ANameIsLookedForInPathOnlyIfThatIsWanted) {
  Launch program{.program = "true", .arguments = {"true"}};
  EXPECT_THROW(launch(program), std::system_error);
  program.search_path = true;
  EXPECT_EQ(run(program).status, 0);
}

TEST(Launcher, AProgramThatIsNotThereIsNamedInTheError) {
  try {
    launch({.program = "/nonexistent/program", .arguments = {"x"}});
    FAIL() << "it was started";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/program"));
  }
}

TEST(Launcher, FilesAreOpenedForTheProgram) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/both";
  Launch program = shell("echo out; echo error >&2; cat");
  program.streams = {{.as = STDIN_FILENO, .path = "/dev/null", .flags = O_RDONLY},
                     {.as = STDOUT_FILENO, .path = path, .flags = O_WRONLY | O_CREAT | O_TRUNC},
                     {.as = STDERR_FILENO, .from = STDOUT_FILENO}};
  ASSERT_EQ(wait_for_end(launch(program)), 0);
  EXPECT_EQ(run({.program = "/bin/cat", .arguments = {"cat", path}}).output, "out\nerror\n");
}

TEST(Launcher, OtherDescriptorsAreHandedOnUnlessTheyAreClosed) {
  const Fd inherited(::open("/dev/null", O_RDONLY));  // not close-on-exec
  Launch program = shell("test -e /proc/self/fd/" + std::to_string(inherited.get()));
  EXPECT_EQ(run(program).status, 0);
  program.closes_others = true;
  EXPECT_EQ(run(program).status, 1);
}

TEST(Launcher, SigpipeIsNeverIgnoredAndOthersOnlyIfTheyAreHere) {
  const auto pipe_before = std::signal(SIGPIPE, SIG_IGN);
  const auto user_before = std::signal(SIGUSR1, SIG_IGN);
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  Launch program{.program = "/bin/cat", .arguments = {"cat", "/proc/self/status"}};
  const std::string child = run(program).output;
  EXPECT_TRUE(signals_of(child, "SigBlk").contains(SIGUSR2));
  EXPECT_TRUE(signals_of(child, "SigIgn").contains(SIGUSR1));
  EXPECT_FALSE(signals_of(child, "SigIgn").contains(SIGPIPE));
  program.signals = Launch::Signals::all_default;
  const std::string cleared = run(program).output;
  EXPECT_THAT(signals_of(cleared, "SigBlk"), IsEmpty());
  EXPECT_THAT(signals_of(cleared, "SigIgn"), IsEmpty());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::signal(SIGUSR1, user_before);
  std::signal(SIGPIPE, pipe_before);
}

TEST(Launcher, ASessionOfItsOwnIsLedByTheProgram) {
  Launch program = shell("cut -d' ' -f1,5,6 /proc/$$/stat");  // its number, its process group, its session
  const std::string ours = run(program).output;
  program.own_session = true;
  const std::string own = run(program).output;
  const std::string number = own.substr(0, own.find(' '));
  EXPECT_EQ(own, number + " " + number + " " + number + "\n");
  EXPECT_THAT(ours, HasSubstr(" " + std::to_string(::getsid(0)) + "\n"));
}

TEST(Launcher, TheProgramStartsInItsDirectory) {
  Launch program = shell("pwd");
  program.directory = "/usr";
  EXPECT_EQ(run(program).output, "/usr\n");
  program.directory = "/nonexistent";
  EXPECT_THROW(launch(program), std::system_error);
}

TEST(Launcher, TheProgramHasItsLimitOfDescriptors) {
  Pipe input = make_pipe();
  Launch program = shell("read line; exit $(ulimit -Sn)");  // the limit is set just after the start
  program.streams = {{.as = STDIN_FILENO, .from = input.read_end.get()}};
  program.open_files = 77;
  const pid_t pid = launch(program);
  ASSERT_EQ(::write(input.write_end.get(), "\n", 1), 1);
  const auto status = wait_for_end(pid);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(WEXITSTATUS(*status), 77);
}

TEST(Launcher, TheEndIsSeenThroughAPidfdAndReapedOnce) {
  const pid_t pid = launch(shell("exit 3"));
  const Fd end = open_pidfd(pid);
  pollfd asked{end.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&asked, 1, 20'000), 1);
  const auto status = wait_for_end(pid);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(WEXITSTATUS(*status), 3);
  EXPECT_EQ(wait_for_end(pid), std::nullopt);
}

}  // namespace
}  // namespace glassh
