#include "server/sessions/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channels/io/launcher.h"

namespace glassh {
namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

// A program that ran before may have left no room, so this writes to a description of our own, which does not block.
// Lines that do not fit are lost.
void complain(const std::string& lines, int standard_error) {
  const std::string path = fmt::format("/proc/self/fd/{}", standard_error);
  const Fd again(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!again) return;
  const ssize_t written = ::write(again.get(), lines.data(), lines.size());
  if (written < 0 && errno != EAGAIN) fail(errno, "write to a program's standard error");
}

// Where the program starts. A line about a home directory that cannot be entered goes to its standard error.
std::string usable_directory(const std::string& directory, int standard_error) {
  const Fd tried(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (tried && ::faccessat(AT_FDCWD, directory.c_str(), X_OK, AT_EACCESS) == 0) return directory;
  complain(fmt::format("Could not chdir to home directory {}: {}\n", directory, std::strerror(errno)), standard_error);
  return "/";
}

}  // namespace

Process spawn_process(const SpawnRequest& request) {
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe error = make_pipe();
  Process process = spawn_process(request, {in.read_end.get(), out.write_end.get(), error.write_end.get()});
  process.standard_input = std::move(in.write_end);
  process.standard_output = std::move(out.read_end);
  process.standard_error = std::move(error.read_end);
  return process;
}

Process spawn_process(const SpawnRequest& request, const ProgramEnds& ends) {
  Launch program{.program = request.program,
                 .arguments = request.arguments,
                 .environment = request.environment,
                 .closes_others = true,
                 .signals = Launch::Signals::all_default,
                 .own_session = true,
                 .open_files = request.open_files};
  if (ends.terminal.empty()) {
    program.streams = {{.as = STDIN_FILENO, .from = ends.input},
                       {.as = STDOUT_FILENO, .from = ends.output},
                       {.as = STDERR_FILENO, .from = ends.error}};
  } else {
    // The child is the leader of a new session by now, so the first terminal that it opens becomes its own.
    program.streams = {{.as = STDIN_FILENO, .path = ends.terminal, .flags = O_RDWR},
                       {.as = STDOUT_FILENO, .from = STDIN_FILENO},
                       {.as = STDERR_FILENO, .from = STDIN_FILENO}};
  }
  if (!request.complaints.empty()) complain(request.complaints, ends.error);
  program.directory = usable_directory(request.directory, ends.error);

  Process process;
  process.pid = launch(program);
  process.pidfd = open_pidfd(process.pid);
  if (!process.pidfd) {
    const int reason = errno;
    process.kill();
    fail(reason, "pidfd_open");
  }
  return process;
}

std::optional<ProgramEnd> Process::end() const {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
    return ProgramEnd{.exit_status = 255};
  }
  if (info.si_pid == 0) return std::nullopt;
  return program_end(info);
}

ProgramEnd program_end(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.exit_status = static_cast<std::uint32_t>(info.si_status)};
  return {.signal = info.si_status, .core_dumped = info.si_code == CLD_DUMPED};
}

void Process::signal_group(int signal) const {
  if (pid > 0) ::kill(-pid, signal);
}

void Process::reap() {
  if (pid > 0) ::waitpid(pid, nullptr, WNOHANG);
  pid = 0;
}

void Process::kill() {
  signal_group(SIGKILL);
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  pid = 0;
}

SpawnRequest shell_request(const Account& account, const std::optional<std::string>& command,
                           std::vector<std::string> environment) {
  // A shell whose name begins with a dash reads the user's profile.
  const std::string name = account.shell.substr(account.shell.rfind('/') + 1);
  SpawnRequest request{account.shell, {}, std::move(environment), account.home};
  if (command) {
    request.arguments = {name, "-c", *command};
  } else {
    request.arguments = {"-" + name};
  }
  return request;
}

}  // namespace glassh
