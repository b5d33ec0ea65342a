#include "server/login/run_as.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <fmt/format.h>
#include <grp.h>
#include <unistd.h>
#include <csignal>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

RunResult run(RunRequest request) {
  boost::asio::io_context io;
  auto result =
      boost::asio::co_spawn(io, run_as(io.get_executor(), nullptr, std::move(request)), boost::asio::use_future);
  io.run();
  return result.get();
}
RunResult run(std::vector<std::string> arguments) { return run({std::move(arguments), own_account()}); }
RunResult shell(const std::string& script) { return run({"/bin/sh", "-c", script}); }

TEST(RunAs, TheOutputIsWhatTheProgramWrote) {
  const RunResult result = run({"/bin/echo", "a  b", "$HOME", ""});
  EXPECT_EQ(result.problem, "");
  EXPECT_EQ(result.output, "a  b $HOME \n") << "no shell has read it";
  EXPECT_EQ(shell("echo one; sleep 0.05; echo two").output, "one\ntwo\n");
}

TEST(RunAs, WhatFailsIsNotUsed) {
  const RunResult failed = shell("echo key; exit 3");
  EXPECT_EQ(failed.problem, "exited with status 3");
  EXPECT_EQ(failed.output, "");
  EXPECT_EQ(shell("echo key; kill -9 $$").problem, "was killed by signal 9");
  EXPECT_THAT(run({"/bin/no-such-program"}).problem, HasSubstr("No such file"));
  EXPECT_EQ(run({"bin/echo"}).problem, "bin/echo is no absolute path");
}

TEST(RunAs, OutputAndTimeAreBounded) {
  RunRequest endless{{"/usr/bin/yes"}, own_account()};
  endless.output_limit = 1000;
  const RunResult much = run(endless);
  EXPECT_EQ(much.problem, "wrote more than 1000 bytes");
  EXPECT_EQ(much.output, "");
  RunRequest slow{{"/bin/sh", "-c", "echo key; sleep 1000 & sleep 1000"}, own_account()};
  slow.time_limit = std::chrono::milliseconds(100);
  EXPECT_EQ(run(slow).problem, "did not end within 100 ms");
  RunRequest silent{{"/bin/sh", "-c", "exec >/dev/null; sleep 1000"}, own_account()};
  silent.time_limit = std::chrono::milliseconds(100);
  EXPECT_EQ(run(silent).problem, "did not end within 100 ms");
}

TEST(RunAs, TheProgramHasNothingOfOurs) {
  ::setenv("GLASSH_SECRET", "x", 1);
  const RunResult result = shell("pwd; readlink /proc/$$/fd/0 /proc/$$/fd/2; ls /proc/$$/fd; env | sort");
  ::unsetenv("GLASSH_SECRET");
  EXPECT_THAT(result.output, StartsWith("/\n/dev/null\n/dev/null\n0\n1\n2\n"));
  EXPECT_THAT(result.output, Not(HasSubstr("GLASSH_SECRET")));
  EXPECT_THAT(result.output, HasSubstr("\nLOGNAME=" + own_account().name + "\n"));
  std::signal(SIGPIPE, SIG_IGN);
  EXPECT_THAT(shell("grep SigIgn /proc/self/status").output, HasSubstr("SigIgn:\t0000000000000000"));
}

// Nobody else may have had a hand in it: what /tmp holds, others can replace.
TEST(RunAs, AProgramThatOthersCouldChangeIsNotRun) {
  TemporaryDirectory directory;
  const std::string path = directory.write("keys", "#!/bin/sh\necho key\n", 0755);
  EXPECT_THAT(run({path}).problem, HasSubstr("others could change it"));
}

// Past vulnerability 87: the groups are those of the user it runs as, not ours.
TEST(RunAs, TheProgramHasTheGroupsOfItsUserAlone) {
  const std::string show = "id -u; id -g; id -G; grep ^CapEff /proc/self/status";
  if (::geteuid() != 0) {
    const Account root{"root", 0, 0, "/root", "/bin/sh"};
    EXPECT_EQ(run({{"/usr/bin/id"}, root}).problem, "only root can run it as root");
    return;
  }
  const auto nobody = find_account("nobody");
  ASSERT_TRUE(nobody);
  std::vector<gid_t> ours(static_cast<std::size_t>(::getgroups(0, nullptr)));
  ::getgroups(static_cast<int>(ours.size()), ours.data());
  const gid_t more[] = {0, 4, 27};
  ASSERT_EQ(::setgroups(3, more), 0);
  const RunResult result = run({{"/bin/sh", "-c", show}, *nobody});
  EXPECT_EQ(::setgroups(ours.size(), ours.data()), 0);
  EXPECT_EQ(result.output, fmt::format("{0}\n{1}\n{1}\nCapEff:\t0000000000000000\n", nobody->uid, nobody->gid))
      << result.problem;
}

}  // namespace
}  // namespace glassh
