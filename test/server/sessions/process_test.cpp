#include "server/sessions/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

SpawnRequest sh(const std::string& script) { return {"/bin/sh", {"sh", "-c", script}, {"PATH=/usr/bin:/bin"}, "/"}; }

std::string read_all(const Fd& fd) {
  std::string text;
  char piece[4096];
  for (ssize_t got = 0; (got = ::read(fd.get(), piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(got));
  }
  return text;
}

ProgramEnd wait_for_end(Process& process) {
  pollfd waiting{process.pidfd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 20'000), 1) << "the program does not end";
  return process.end().value_or(ProgramEnd{});
}

struct Result {
  std::string output, error;
  ProgramEnd end;
};
Result run(const SpawnRequest& request) {
  Process process = spawn_process(request);
  process.standard_input.close();
  Result result;
  result.output = read_all(process.standard_output);
  result.error = read_all(process.standard_error);
  result.end = wait_for_end(process);
  process.reap();
  return result;
}

// [4254-6.10-1]
TEST(Spawn, TellsHowAProgramEnded) {
  EXPECT_EQ(run(sh("exit 0")).end, (ProgramEnd{.exit_status = 0}));
  EXPECT_EQ(run(sh("exit 37")).end, (ProgramEnd{.exit_status = 37}));
  EXPECT_EQ(run(sh("exit 255")).end, (ProgramEnd{.exit_status = 255}));
  EXPECT_EQ(run(sh("kill -9 $$")).end, (ProgramEnd{.signal = SIGKILL}));
  EXPECT_EQ(run(sh("kill -TERM $$")).end, (ProgramEnd{.signal = SIGTERM}));
}

// RFC 4254 section 6.10: "core dumped" is what the system says of the death. A real one would leave its file somewhere.
TEST(Spawn, ACoreThatWasDumpedIsTold) {
  siginfo_t info{};
  info.si_status = SIGSEGV;
  info.si_code = CLD_DUMPED;
  EXPECT_EQ(program_end(info), (ProgramEnd{.signal = SIGSEGV, .core_dumped = true}));
  info.si_code = CLD_KILLED;
  EXPECT_EQ(program_end(info), (ProgramEnd{.signal = SIGSEGV, .core_dumped = false}));
  info.si_code = CLD_EXITED;
  EXPECT_EQ(program_end(info), (ProgramEnd{.exit_status = SIGSEGV}));
}

TEST(Spawn, KeepsOutputAndErrorApart) {
  const Result result = run(sh("echo out; echo err >&2"));
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.error, "err\n");
}

TEST(Spawn, FeedsInputUntilItIsClosed) {
  Process process = spawn_process(sh("cat; echo end"));
  ASSERT_EQ(::write(process.standard_input.get(), "text\n", 5), 5);
  process.standard_input.close();
  EXPECT_EQ(read_all(process.standard_output), "text\nend\n");
  wait_for_end(process);
  process.reap();
}

TEST(Spawn, HandsOnNothingButThreeDescriptors) {
  // Opened without O_CLOEXEC, as a careless library would.
  const Fd leaky(::open("/dev/null", O_RDONLY));
  const Fd high(::fcntl(leaky.get(), F_DUPFD, 700));
  ASSERT_TRUE(high);
  // The listing's own descriptor is the fourth.
  EXPECT_EQ(run(sh("ls /proc/self/fd")).output, "0\n1\n2\n3\n");
}

TEST(Spawn, ResetsSignals) {
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  sigset_t blocked;
  sigset_t mask_before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigaddset(&blocked, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &mask_before);
  const Result result = run({"/bin/cat", {"cat", "/proc/self/status"}, {}, "/"});
  ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
  ::sigaction(SIGPIPE, &before, nullptr);

  EXPECT_THAT(result.output, HasSubstr("SigIgn:\t0000000000000000\n"));
  EXPECT_THAT(result.output, HasSubstr("SigBlk:\t0000000000000000\n"));
}

TEST(Spawn, LeadsASessionAndAProcessGroup) {
  Process process = spawn_process(sh("cat"));
  EXPECT_EQ(::getsid(process.pid), process.pid);
  EXPECT_EQ(::getpgid(process.pid), process.pid);
  EXPECT_NE(::getsid(0), process.pid);
  process.kill();
}

TEST(Spawn, SignalsReachTheWholeGroup) {
  Process process =
      spawn_process(sh("trap 'echo shell; exit 4' USR1; sh -c 'trap \"echo child; exit\" USR1; echo up; "
                       "while :; do sleep 0.01; done' & while :; do sleep 0.01; done"));
  char up[3];
  ASSERT_EQ(::read(process.standard_output.get(), up, sizeof up), 3);
  process.signal_group(SIGUSR1);
  const std::string said = read_all(process.standard_output);
  EXPECT_THAT(said, HasSubstr("child"));
  EXPECT_THAT(said, HasSubstr("shell"));
  EXPECT_EQ(wait_for_end(process).exit_status, 4u);
  process.reap();
}

TEST(Spawn, LeavesNoZombie) {
  Process process = spawn_process(sh("exit 1"));
  const pid_t pid = process.pid;
  wait_for_end(process);
  EXPECT_EQ(::kill(pid, 0), 0) << "the number is ours until reap()";
  process.reap();
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
  process.signal_group(SIGKILL);  // must not reach anybody
}

TEST(Spawn, EndIsNothingWhileItRuns) {
  Process process = spawn_process(sh("cat"));
  EXPECT_FALSE(process.end().has_value());
  process.standard_input.close();
  EXPECT_EQ(wait_for_end(process), ProgramEnd{});
  EXPECT_EQ(process.end(), ProgramEnd{}) << "asking again is fine";
  process.reap();
}

TEST(Spawn, ThrowsWhereThereIsNoProgram) {
  try {
    spawn_process({"/nonexistent/shell", {"shell"}, {}, "/"});
    FAIL() << "started nothing";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/shell"));
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left";
}

TEST(Spawn, LimitsOpenFiles) {
  SpawnRequest request = sh("read line; ulimit -Sn");
  request.open_files = 77;
  Process process = spawn_process(request);
  ASSERT_EQ(::write(process.standard_input.get(), "\n", 1), 1);
  EXPECT_EQ(read_all(process.standard_output), "77\n");
  wait_for_end(process);
  process.reap();
}

TEST(Spawn, StartsInTheHomeDirectory) {
  const TemporaryDirectory home;
  SpawnRequest request = sh("pwd -P");
  request.directory = home.path();
  EXPECT_EQ(run(request).output, home.path() + "\n");
}

TEST(Spawn, SaysThatAHomeDirectoryIsMissing) {
  SpawnRequest request = sh("pwd");
  request.directory = "/nonexistent/home";
  const Result result = run(request);
  EXPECT_EQ(result.output, "/\n");
  EXPECT_EQ(result.error, "Could not chdir to home directory /nonexistent/home: No such file or directory\n");
}

// An rc file may have filled the pipe, and the client may read nothing: the server must not wait for it.
TEST(Spawn, WhatFindsNoRoomIsNotSaid) {
  SpawnRequest request = sh("exit 3");
  request.complaints = "Bad line 1\n";
  EXPECT_EQ(run(request).error, "Bad line 1\n");
  Pipe full = make_pipe();
  const std::vector<char> page(4096);
  ASSERT_GE(::fcntl(full.write_end.get(), F_SETPIPE_SZ, page.size()), 0);
  ASSERT_EQ(::write(full.write_end.get(), page.data(), page.size()), static_cast<ssize_t>(page.size()));
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  request.directory = "/nonexistent/home";
  Process process = spawn_process(request, {null.get(), null.get(), full.write_end.get()});
  process.kill();
}

TEST(Spawn, WorksFromManyThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&right, i] {
      for (int round = 0; round < 10; ++round) {
        const Result result = run(sh("ls /proc/self/fd | wc -l; exit " + std::to_string(i)));
        if (result.output == "4\n" && result.end.exit_status == static_cast<unsigned>(i)) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST(Spawn, TheShellRunsCommands) {
  const Account account{"ann", 1000, 1000, "/home/ann", "/usr/bin/zsh"};
  const SpawnRequest command = shell_request(account, "echo $HOME; ls", {"A=b"});
  EXPECT_EQ(command.program, "/usr/bin/zsh");
  EXPECT_THAT(command.arguments, ElementsAre("zsh", "-c", "echo $HOME; ls"));
  EXPECT_THAT(command.environment, ElementsAre("A=b"));
  EXPECT_EQ(command.directory, "/home/ann");
  EXPECT_THAT(shell_request(account, std::nullopt, {}).arguments, ElementsAre("-zsh")) << "a login shell";
}

// Past vulnerability 75: a fork that failed leaves no number behind that kill(2) would take for everybody.
TEST(Spawn, AProcessThatNeverWasIsNotSignalled) {
  static volatile std::sig_atomic_t caught = 0;
  const auto before = std::signal(SIGUSR1, [](int) { caught = caught + 1; });
  for (const pid_t pid : {0, -1}) {
    Process process;
    process.pid = pid;
    process.signal_group(SIGUSR1);
    process.reap();
    EXPECT_EQ(process.pid, 0);
    process.kill();
  }
  std::signal(SIGUSR1, before);
  EXPECT_EQ(caught, 0);
}

}  // namespace
}  // namespace glassh
