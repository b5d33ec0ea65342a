#include "server/login/run_as.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/authorized_keys.h"
#include "channels/io/descriptor.h"
#include "channels/io/hidden_process.h"
#include "channels/io/launcher.h"
#include "channels/io/slow_calls.h"

namespace glassh {
namespace {

// --- The child ------------------------------------------------------------------------------------------------------

// Everything that is prepared before fork(2): behind it, beside other threads, only plain system calls are safe.
struct Plan {
  std::vector<char*> arguments, environment;
  std::vector<gid_t> groups;
  uid_t uid = 0;
  gid_t gid = 0;
  bool changes_user = false;
  int null = -1, output = -1, failure = -1;
};

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The library's functions would ask the other threads, which a child does not have, to do the same. Groups first: with
// the user changed there is no right to do so any more.
bool become(const Plan& plan) {
  if (!plan.changes_user) return true;
  return ::syscall(SYS_setgroups, plan.groups.size(), plan.groups.data()) == 0 &&
         ::syscall(SYS_setresgid, plan.gid, plan.gid, plan.gid) == 0 &&
         ::syscall(SYS_setresuid, plan.uid, plan.uid, plan.uid) == 0;
}

[[noreturn]] void run_child(const Plan& plan) {
  reset_signals();
  give_back_core_limit();
  const bool ready = ::setsid() >= 0 && become(plan) && ::chdir("/") == 0 && ::dup2(plan.null, STDIN_FILENO) >= 0 &&
                     ::dup2(plan.output, STDOUT_FILENO) >= 0 && ::dup2(plan.null, STDERR_FILENO) >= 0 &&
                     ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
  if (ready) ::execve(plan.arguments[0], plan.arguments.data(), plan.environment.data());
  const int reason = errno;
  // Nothing can be done about a failure to say why.
  if (::write(plan.failure, &reason, sizeof reason) < 0) ::_exit(254);
  ::_exit(255);
}

// --- Our side -------------------------------------------------------------------------------------------------------

// Killed and reaped when it goes out of scope, if it is still there.
struct Child {
  pid_t pid = 0;
  Fd pidfd;

  Child() = default;
  Child(Child&& other) noexcept : pid(std::exchange(other.pid, 0)), pidfd(std::move(other.pidfd)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(pid, other.pid);
    std::swap(pidfd, other.pidfd);
    return *this;
  }
  ~Child() {
    if (pid <= 0) return;
    kill();
    if (::waitpid(pid, nullptr, WNOHANG) != 0) return;
    const auto wait = [its_pid = pid] { wait_for_end(its_pid); };
    SlowCaller("", "").forget(SlowKind::programs, wait);
  }
  void kill() const {
    if (pid > 0) ::kill(-pid, SIGKILL);
    if (pid > 0) ::kill(pid, SIGKILL);  // before its setsid() there is no such group
  }
  // Its status for waitpid(2)'s macros, once pidfd says that it has ended.
  int reap() {
    int status = 0;
    ::waitpid(std::exchange(pid, 0), &status, WNOHANG);
    return status;
  }
};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

std::vector<std::string> environment_of(const Account& user) {
  return {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "USER=" + user.name, "LOGNAME=" + user.name, "HOME=" + user.home};
}

struct Started {
  Child child;
  Fd output;  // comes out here
};

// Waits until the program runs. Throws std::system_error.
Started start(const RunRequest& request) {
  const std::vector<std::string> environment = environment_of(request.user);
  Pipe output = make_pipe();
  Pipe failure = make_pipe();
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) fail("/dev/null");
  const Plan plan{argument_pointers(request.arguments),
                  argument_pointers(environment),
                  group_ids(request.user),
                  request.user.uid,
                  request.user.gid,
                  ::geteuid() == 0,
                  null.get(),
                  output.write_end.get(),
                  failure.write_end.get()};
  const pid_t pid = ::fork();
  if (pid < 0) fail("fork");
  if (pid == 0) run_child(plan);
  Started started;
  started.child.pid = pid;
  failure.write_end = Fd();
  int reason = 0;
  if (::read(failure.read_end.get(), &reason, sizeof reason) == sizeof reason) {
    errno = reason;
    fail(request.arguments[0].c_str());
  }
  started.child.pidfd = open_pidfd(pid);
  if (!started.child.pidfd) fail("pidfd_open");
  started.output = std::move(output.read_end);
  return started;
}

// What the timer and the reading coroutine share.
struct Progress {
  Child child;
  Descriptor output, end;
  bool too_late = false;
};

std::string text_of_status(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was killed by signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return fmt::format("exited with status {}", WEXITSTATUS(status));
  return {};
}

// Why this program is not run; empty: it may be.
std::string check_program(const RunRequest& request) {
  const std::string& path = request.arguments[0];
  if (!path.starts_with('/')) return fmt::format("{} is no absolute path", path);
  if (const auto problem = check_strict_modes(path, "/", ::geteuid())) return *problem;
  const bool may_become = ::geteuid() == 0 || request.user.uid == ::geteuid();
  return may_become ? std::string() : fmt::format("only root can run it as {}", request.user.name);
}

struct Start {
  Started started;
  std::string problem;
};

Start check_and_start(const RunRequest& request) {
  std::string problem = check_program(request);
  if (!problem.empty()) return {{}, std::move(problem)};
  return {start(request), {}};
}

asio::awaitable<std::string> read_all(Progress& progress, std::size_t limit, std::string& problem) {
  std::string text;
  std::array<std::uint8_t, 4096> space;
  for (;;) {
    const IoResult got = progress.output.read(space);
    if (got.would_block()) {
      co_await progress.output.readable();
      if (!progress.output.is_open()) break;
      continue;
    }
    if (got.failed() || got.size == 0) break;
    text += text_of(Bytes(space).first(got.size));
    if (text.size() > limit) {
      problem = fmt::format("wrote more than {} bytes", limit);
      progress.child.kill();
      break;
    }
  }
  co_return text;
}

}  // namespace

asio::awaitable<RunResult> run_as(asio::any_io_executor executor, std::shared_ptr<SlowCaller> slow,
                                  RunRequest request) {
  RunResult result;
  const auto progress = std::make_shared<Progress>();
  const auto begin = [request] { return check_and_start(request); };
  try {
    Start begun = co_await call_slowly(slow, SlowKind::programs, begin);
    if (!begun.problem.empty()) co_return RunResult{{}, std::move(begun.problem)};
    progress->child = std::move(begun.started.child);
    progress->output = Descriptor::own(executor, std::move(begun.started.output));
    progress->end = Descriptor::own(executor, std::move(progress->child.pidfd));
  } catch (const std::system_error& error) {
    result.problem = fmt::format("cannot be run: {}", error.what());
    co_return result;
  }
  asio::steady_timer timer(executor, request.time_limit);
  timer.async_wait([weak = std::weak_ptr(progress)](const boost::system::error_code& error) {
    const auto late = weak.lock();
    if (error || !late) return;
    late->too_late = true;
    late->child.kill();
    late->output.close();
  });
  std::string text = co_await read_all(*progress, request.output_limit, result.problem);
  progress->output.close();
  co_await progress->end.readable();
  const std::string ending = text_of_status(progress->child.reap());
  if (progress->too_late) result.problem = fmt::format("did not end within {} ms", request.time_limit.count());
  if (result.problem.empty()) result.problem = ending;
  if (result.problem.empty()) result.output = std::move(text);
  co_return result;
}

}  // namespace glassh
