#include "channels/io/hidden_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>

#include "channels/io/descriptor.h"
#include "channels/io/launcher.h"

namespace glassh {
namespace {

constexpr rlim_t callers_limit = 4096;

// Does it in a process of its own, because hiding cannot be taken back. True if it returns true.
template <class Work>
bool in_a_child(Work work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = std::min(callers_limit, limit.rlim_max);
    ::setrlimit(RLIMIT_CORE, &limit);
    bool done = false;
    try {
      hide_process();
      done = work(limit.rlim_cur);
    } catch (...) {
    }
    ::_exit(done ? 0 : 1);
  }
  return wait_for_end(pid) == 0;
}

rlim_t core_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  return limit.rlim_cur;
}

TEST(HiddenProcess, LeavesNoCoreFileAndLetsNoDebuggerAttach) {
  EXPECT_TRUE(in_a_child([](rlim_t) { return core_limit() == 0 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0; }));
}

TEST(HiddenProcess, ProgramsThatItStartsHaveTheCallersLimit) {
  EXPECT_TRUE(in_a_child([](rlim_t callers) {
    // In blocks of 512 or 1024 bytes, but never 0 by that.
    const std::string look = callers == 0 ? "true" : "[ \"$(ulimit -c)\" != 0 ]";
    return wait_for_end(launch({.program = "/bin/sh", .arguments = {"sh", "-c", look}})) == 0 && core_limit() == 0;
  }));
}

TEST(HiddenProcess, OneThatBecomesAProgramGetsItsLimitBack) {
  EXPECT_TRUE(in_a_child([](rlim_t callers) {
    give_back_core_limit();
    return core_limit() == callers;
  }));
}

// Descriptor::borrow() opens the files of /proc/self/fd, which belong to root now.
TEST(HiddenProcess, AnOrdinaryUsersProcessStillOpensItsOwnDescriptors) {
  EXPECT_TRUE(in_a_child([](rlim_t) {
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setresuid(nobody, nobody, nobody) < 0) return false;
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const Pipe pipe = make_pipe();
    const std::string path = "/proc/self/fd/" + std::to_string(pipe.read_end.get());
    const Fd again(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    asio::io_context io;
    Descriptor borrowed = Descriptor::borrow(io.get_executor(), pipe.read_end.get(), Descriptor::Access::read);
    return again && ::write(pipe.write_end.get(), "x", 1) == 1;
  }));
}

}  // namespace
}  // namespace glassh
