// glassh-agent: holds private keys and signs for this user's programs. Its command line is ssh-agent(1)'s.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "auth/agent.h"
#include "channels/io/hidden_process.h"
#include "channels/io/private_socket.h"
#include "client/agent/agent_options.h"
#include "client/agent/agent_server.h"
#include "config/say.h"

namespace glassh {
namespace {

constexpr int ended_by_signal = 2;  // the exit status, as ssh-agent's

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

// While this lives, signals that would end us are blocked: the code that removes the socket is not running yet.
class EndingSignalsWait {
 public:
  EndingSignalsWait() {
    sigset_t ending;
    ::sigemptyset(&ending);
    ::sigaddset(&ending, SIGTERM);
    ::sigaddset(&ending, SIGHUP);
    if (::sigprocmask(SIG_BLOCK, &ending, &before_) < 0) fail("sigprocmask");
  }
  ~EndingSignalsWait() { over(); }
  EndingSignalsWait(const EndingSignalsWait&) = delete;
  EndingSignalsWait& operator=(const EndingSignalsWait&) = delete;

  void over() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// -k
int end_agent(const AgentOptions& options) {
  const char* const text = std::getenv("SSH_AGENT_PID");
  if (text == nullptr) throw std::runtime_error("SSH_AGENT_PID not set, cannot kill agent");
  char* end = nullptr;
  errno = 0;
  const long pid = std::strtol(text, &end, 10);
  // 0, -1 and the like would mean many processes, or all of them.
  if (errno != 0 || end == text || *end != '\0' || pid <= 1 || pid > 0x7fffffff) {
    throw std::runtime_error(fmt::format("SSH_AGENT_PID=\"{}\" is no process number, cannot kill agent", text));
  }
  if (::kill(static_cast<pid_t>(pid), SIGTERM) < 0) fail("kill");
  say(stdout, "{}", unsetting_commands(options.style, pid));
  return 0;
}

// A descriptor that becomes readable when the process ends.
Fd watch_process(pid_t pid) {
  Fd watched(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!watched) fail("pidfd_open");
  return watched;
}

// Serves until a signal comes, or until the process behind `parent` (if there is one) ends.
int serve(const AgentOptions& options, PrivateSocket socket, Fd parent, EndingSignalsWait& signals_wait) {
  SystemRng rng;
  AgentServer::Log log;
  if (options.debug) log = [](const std::string& text) { say(stderr, "debug1: {}\n", text); };
  Agent agent({options.lifetime, options.fingerprint_hash, log}, rng);
  const Asker asker = Asker::of_this_process();

  asio::io_context io(1);
  std::signal(SIGPIPE, SIG_IGN);
  asio::signal_set signals(io, SIGTERM, SIGHUP);
  if (options.debug || options.foreground) {
    signals.add(SIGINT);
  } else {
    std::signal(SIGINT, SIG_IGN);
  }
  int status = 0;
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    status = ended_by_signal;
    io.stop();
  });
  signals_wait.over();
  Descriptor command;
  if (parent) {
    command = Descriptor::own(io.get_executor(), std::move(parent));
    command.when_readable([&io] { io.stop(); });
  }
  AgentServer server(io.get_executor(), socket.release_descriptor(), agent, asker, log);
  asio::co_spawn(io, server.run(), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
  io.run();
  return status;
}

// As a child whose standard descriptors nobody waits for: `eval $(glassh-agent)` ends when its output does.
void detach() {
  if (::setsid() < 0) fail("setsid");
  if (::chdir("/") < 0) fail("chdir /");
  const Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nowhere) fail("/dev/null");
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::dup2(nowhere.get(), fd) < 0) fail("dup2");
  }
}

[[noreturn]] void run_command(const std::vector<std::string>& command, const std::string& socket, pid_t agent) {
  ::setenv("SSH_AUTH_SOCK", socket.c_str(), 1);
  ::setenv("SSH_AGENT_PID", std::to_string(agent).c_str(), 1);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  give_back_core_limit();
  ::execvp(words[0], words.data());
  fail(command[0]);
}

int run(const AgentOptions& options) {
  if (options.kill) return end_agent(options);
  hide_process();  // draft-miller-ssh-agent section 8: before the first key comes
  EndingSignalsWait signals_wait;
  PrivateSocket socket = options.bind_address
                             ? PrivateSocket::at(*options.bind_address)
                             : PrivateSocket::in_new_directory("ssh-", fmt::format("agent.{}", ::getpid()));
  if (options.debug || options.foreground) {
    say(stdout, "{}", setting_commands(options.style, socket.path(), std::nullopt, ::getpid()));
    std::fflush(stdout);
    return serve(options, std::move(socket), Fd(), signals_wait);
  }
  Fd parent;
  if (!options.command.empty()) parent = watch_process(::getpid());  // who becomes the command
  const pid_t agent = ::fork();
  if (agent < 0) fail("fork");
  if (agent == 0) {
    detach();
    return serve(options, std::move(socket), std::move(parent), signals_wait);
  }
  const std::string path = socket.path();
  socket.forget();
  signals_wait.over();
  if (!options.command.empty()) run_command(options.command, path, agent);
  say(stdout, "{}", setting_commands(options.style, path, agent, agent));
  return 0;
}

}  // namespace
}  // namespace glassh

int main(int argument_count, char** argument_values) {
  using namespace glassh;
  try {
    const std::vector<std::string> arguments(argument_values + 1, argument_values + argument_count);
    const AgentOptions options = parse_agent_options(arguments, std::getenv("SHELL"));
    if (options.help) {
      say(stdout, "{}", agent_usage());
      return 0;
    }
    return run(options);
  } catch (const UsageError& error) {
    if (*error.what() != '\0') say(stderr, "{}\n", error.what());
    say(stderr, "{}", agent_usage());
  } catch (const std::exception& error) {
    say(stderr, "glassh-agent: {}\n", error.what());
  }
  return 1;
}
