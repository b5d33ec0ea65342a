#include "server/sessions/spawn.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channels/io/launcher.h"

namespace glassh {
namespace {

// RFC 4254 section 6.10 [4254-6.10-6]: the names that travel as they are, without SIG in front and without an @.
constexpr std::pair<std::string_view, int> signals[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"FPE", SIGFPE},   {"HUP", SIGHUP},   {"ILL", SIGILL},
    {"INT", SIGINT},   {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},
    {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
};

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

// A program that ran before may have left no room, and whoever writes then waits: better it is not said.
void complain(const std::string& lines, int standard_error) {
  pollfd asked{standard_error, POLLOUT, 0};
  if (::poll(&asked, 1, 0) <= 0) return;
  const ssize_t written = ::write(standard_error, lines.data(), lines.size());
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

std::optional<ProcessEnd> Process::end() const {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
    return ProcessEnd{.exit_status = 255};
  }
  if (info.si_pid == 0) return std::nullopt;
  return process_end(info);
}

ProcessEnd process_end(const siginfo_t& info) {
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

std::vector<std::string> session_environment(const Account& account, const PeerAddresses& addresses,
                                             const EnvironmentSources& sources) {
  const std::string_view path = account.uid == 0 ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                                                 : "/usr/local/bin:/usr/bin:/bin:/usr/games";
  std::vector<EnvironmentVariable> variables;
  // A later value replaces an earlier one.
  const auto set = [&variables](std::string_view name, std::string value) {
    const auto same = [name](const EnvironmentVariable& variable) { return variable.name == name; };
    const auto found = std::find_if(variables.begin(), variables.end(), same);
    if (found != variables.end()) found->value = std::move(value);
    if (found == variables.end()) variables.push_back({std::string(name), std::move(value)});
  };
  for (const auto& [name, value] : sources.from_client) set(name, value);
  set("USER", account.name);
  set("LOGNAME", account.name);
  set("HOME", account.home);
  set("PATH", std::string(path));
  set("SHELL", account.shell);
  if (const char* const zone = std::getenv("TZ")) set("TZ", zone);
  set("MAIL", "/var/mail/" + account.name);
  if (!sources.term.empty()) set("TERM", sources.term);
  if (!sources.display.empty()) set("DISPLAY", sources.display);
  if (!sources.agent_socket.empty()) set("SSH_AUTH_SOCK", sources.agent_socket);
  for (const auto& [name, value] : sources.from_keys) set(name, value);
  // Nobody but us says what was asked for before a command was forced, how the user logged in, and where.
  const auto drop = [&variables](std::string_view name) {
    std::erase_if(variables, [name](const EnvironmentVariable& variable) { return variable.name == name; });
  };
  drop("SSH_ORIGINAL_COMMAND");
  drop("SSH_USER_AUTH");
  drop("SSH_TTY");
  for (const auto& [name, value] : sources.from_config) set(name, value);
  set("SSH_CLIENT", fmt::format("{} {} {}", addresses.remote_host, addresses.remote_port, addresses.local_port));
  set("SSH_CONNECTION", fmt::format("{} {} {} {}", addresses.remote_host, addresses.remote_port, addresses.local_host,
                                    addresses.local_port));
  if (sources.original_command) set("SSH_ORIGINAL_COMMAND", *sources.original_command);
  if (!sources.auth_info_file.empty()) set("SSH_USER_AUTH", sources.auth_info_file);
  if (!sources.terminal.empty()) set("SSH_TTY", sources.terminal);

  std::vector<std::string> out;
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  return out;
}

std::optional<int> signal_number(std::string_view name) {
  for (const auto& [known, number] : signals) {
    if (known == name) return number;
  }
  return std::nullopt;
}

std::string signal_name(int number) {
  for (const auto& [name, known] : signals) {
    if (known == number) return std::string(name);
  }
  // RFC 4254 section 6.10 [4254-6.10-5]: any other signal needs a name with a domain; OpenSSH has one for all of them.
  return "SIG@openssh.com";
}

}  // namespace glassh
