#include "channels/io/launcher.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channels/io/hidden_process.h"

extern char** environ;

namespace glassh {
namespace {

// posix_spawn's functions return an error number.
void check(int error, const std::string& what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

// The list of steps that the child takes between its birth and the program's first instruction.
class FileActions {
 public:
  explicit FileActions(const Launch& program) {
    check(::posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init");
    try {
      add_all(program);
    } catch (...) {
      ::posix_spawn_file_actions_destroy(&actions_);
      throw;
    }
  }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  void add_all(const Launch& program) {
    for (const LaunchStream& stream : program.streams) add(stream);
    if (program.closes_others) {
      check(::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1),
            "posix_spawn_file_actions_addclosefrom_np");
    }
    if (!program.directory.empty()) {
      check(::posix_spawn_file_actions_addchdir_np(&actions_, program.directory.c_str()),
            "posix_spawn_file_actions_addchdir_np");
    }
  }
  void add(const LaunchStream& stream) {
    if (stream.path.empty()) {
      check(::posix_spawn_file_actions_adddup2(&actions_, stream.from, stream.as), "posix_spawn_file_actions_adddup2");
    } else {
      check(::posix_spawn_file_actions_addopen(&actions_, stream.as, stream.path.c_str(), stream.flags, 0600),
            "posix_spawn_file_actions_addopen");
    }
  }

  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  explicit Attributes(const Launch& program) {
    check(::posix_spawnattr_init(&attributes_), "posix_spawnattr_init");
    const bool all = program.signals == Launch::Signals::all_default;
    sigset_t defaults;
    sigset_t none;
    ::sigemptyset(&none);
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    // sigfillset() leaves out two signals of the C library's own, which would then be ignored by the program.
    if (all) std::memset(&defaults, 0xff, sizeof defaults);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    int flags = POSIX_SPAWN_SETSIGDEF;
    if (all) flags |= POSIX_SPAWN_SETSIGMASK;
    if (program.own_session) flags |= POSIX_SPAWN_SETSID;
    ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

// posix_spawn cannot set it. A program that looks in its first microseconds may see our limit, which does no harm.
void limit_open_files(pid_t pid, std::uint64_t soft_limit) {
  rlimit limit{};
  if (soft_limit == 0 || ::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) < 0) return;
  limit.rlim_cur = std::min<rlim_t>(soft_limit, limit.rlim_max);
  (void)::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr);
}

}  // namespace

std::vector<char*> argument_pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

pid_t launch(const Launch& program) {
  const FileActions actions(program);
  const Attributes attributes(program);
  const std::vector<char*> arguments = argument_pointers(program.arguments);
  std::vector<char*> own_environment;
  if (program.environment) own_environment = argument_pointers(*program.environment);
  char** const environment = program.environment ? own_environment.data() : environ;
  const auto spawn = program.search_path ? ::posix_spawnp : ::posix_spawn;
  pid_t pid = 0;
  const CallersCoreLimit core_limit;
  check(spawn(&pid, program.program.c_str(), actions.get(), attributes.get(), arguments.data(), environment),
        program.program);
  limit_open_files(pid, program.open_files);
  return pid;
}

// glibc 2.36 declares pidfd_open() in a way that C++ cannot link with.
Fd open_pidfd(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

std::optional<int> wait_for_end(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return std::nullopt;
  }
  return status;
}

}  // namespace glassh
