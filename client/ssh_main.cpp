// glassh: the client. Reads its command line and configuration, connects, and leaves the rest to SshClient.
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "auth/our_algorithms.h"
#include "channels/io/hidden_process.h"
#include "client/child.h"
#include "client/client_log.h"
#include "client/client_trace.h"
#include "client/config/client_config.h"
#include "client/config/client_options.h"
#include "client/connect.h"
#include "client/session_wish.h"
#include "client/ssh_client.h"
#include "config/say.h"
#include "crypto/version.h"

namespace glassh {
namespace {

// Standard descriptors that our parent closed would be given to the first files that we open.
void open_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
}

ClientContext context_for(const std::string& host) {
  const passwd* const user = ::getpwuid(::getuid());
  if (user == nullptr) throw ConfigError(fmt::format("No user exists for uid {}", ::getuid()));
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  ClientContext context;
  context.host = host;
  context.local_user = user->pw_name;
  context.home = user->pw_dir;
  context.uid = user->pw_uid;
  context.local_host_name = name;
  context.environment = [](std::string_view variable) -> std::optional<std::string> {
    const char* const value = std::getenv(std::string(variable).c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
  context.canonical_name = look_up_canonical_name;
  context.run = [](const std::string& command) {
    return run_child({user_shell(), "-c", command}, {.input = "/dev/null", .output = "/dev/null"}) == 0;
  };
  return context;
}

// -V, -Q and --help.
bool answered_without_a_host(const ClientOptions& options) {
  if (options.show_version) {
    say(stderr, "glassh {}, {}\n", glassh_version, libcrypto_version());
  } else if (options.query) {
    for (const std::string& line : query_algorithms(*options.query, our_algorithm_names(Role::client)))
      say(stdout, "{}\n", line);
  } else if (options.help) {
    say(stdout, "{}", client_usage());
  } else {
    return false;
  }
  return true;
}

// What the command line and the configuration ask for, if it can be done.
SessionWish own_session(const ClientOptions& options, const ClientConfig& config, ClientLog& log) {
  const std::string command = options.command.empty() ? config.remote_command.value_or("") : options.command;
  if (config.session_type == SessionType::subsystem && command.empty()) {
    throw ConfigError("You must specify a subsystem to invoke.");
  }
  if (config.fork_after_authentication && command.empty() && config.session_type != SessionType::none) {
    throw ConfigError("Cannot fork into background without a command to execute.");
  }
  const TerminalDecision terminal = decide_terminal(config, !command.empty(), ::isatty(STDIN_FILENO) == 1);
  if (terminal.refused) log.info("Pseudo-terminal will not be allocated because stdin is not a terminal.");
  return session_wish(config, command, terminal.wanted, environment_of_this_process());
}

// Those that end a session in good order, unless our parent wants them ignored (nohup).
void add_ending_signals(asio::signal_set& signals) {
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) signals.add(signal);
  }
}

// At the escapes' command line the interrupt key ends that line only. `killed_by` is set to a signal that the program
// must die of.
void end_by_signals(asio::signal_set& signals, SshClient& client, int& killed_by) {
  signals.async_wait([&](boost::system::error_code error, int signal) {
    if (error) return;
    if (signal == SIGINT && client.interrupt_command_line()) return end_by_signals(signals, client, killed_by);
    if (client.end_by_signal(signal)) killed_by = signal;
    signals.clear();  // a second one ends us at once
  });
}

// `killed_by`: the signal that ended us before the login, if one did.
int connect_and_run(const ClientOptions& options, const ClientConfig& config, ClientLog& log, int& killed_by) {
  ClientTrace trace(log);
  KeyLog key_log;
  if (options.trace) trace.also_to(*options.trace);
  if (options.keylog) {
    key_log = open_key_log(*options.keylog);
    say(stderr, "{}\n", key_log_warning(*options.keylog));  // whatever -q says
  }
  SessionWish wish = own_session(options, config, log);

  SshClient::Deadline deadline;
  if (config.connect_timeout_seconds > 0) {
    deadline = std::chrono::steady_clock::now() + std::chrono::seconds(config.connect_timeout_seconds);
  }
  ServerStream stream = connect_to_server(config, log, deadline);

  asio::io_context io(1);
  SystemRng rng;
  Asker asker = Asker::of_this_process([&log](const std::string& text) { log.error("{}", text); });
  SshClient client(io.get_executor(), config, std::move(wish), std::move(stream), std::move(asker), log, rng,
                   trace.sink(), std::move(key_log), deadline);
  asio::signal_set signals(io);
  add_ending_signals(signals);
  end_by_signals(signals, client, killed_by);

  int status = SshClient::own_error;
  std::exception_ptr failure;
  asio::co_spawn(io, client.run(), [&](std::exception_ptr error, int result) {
    failure = error;
    status = result;
    io.stop();
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return status;
}

int run(const ClientOptions& options, int& killed_by) {
  ClientLog log(options.quiet ? LogLevel::quiet : LogLevel::info);
  try {
    hide_process();
    if (options.log_file) log.use_file(*options.log_file);
    const LoadedClientConfig loaded =
        load_client_config(options, context_for(options.host), our_algorithm_names(Role::client));
    log.set_level(loaded.config.log_level);
    if (options.print_config) {
      say(stdout, "{}", effective_config(loaded.config));
      return 0;
    }
    log.debug1("glassh {}, {}", glassh_version, libcrypto_version());
    for (const ConfigNote& note : loaded.notes) log.line(note.level, note.text);
    return connect_and_run(options, loaded.config, log, killed_by);
  } catch (const ConfigError& error) {
    say(stderr, "glassh: {}\n", error.what());
  } catch (const std::exception& error) {
    log.fatal("glassh: {}", error.what());
  }
  return SshClient::own_error;
}

}  // namespace
}  // namespace glassh

int main(int argc, char** argv) {
  glassh::open_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may go away: that is an error of write(2), not our death
  std::signal(SIGCHLD, SIG_DFL);
  std::setlocale(LC_CTYPE, "");  // in which encoding passwords are typed
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  try {
    const glassh::ClientOptions options = glassh::parse_client_options(arguments);
    if (glassh::answered_without_a_host(options)) return 0;
    int killed_by = 0;
    const int status = glassh::run(options, killed_by);
    // As ssh(1), which catches signals in a session only: a shell's loop ends when its child died of SIGINT. By now the
    // terminal is as it was.
    if (killed_by != 0) {
      std::signal(killed_by, SIG_DFL);
      std::raise(killed_by);
    }
    return status;
  } catch (const glassh::UsageError& error) {
    const std::string_view text = error.what();
    if (!text.empty()) glassh::say(stderr, "glassh: {}\n", text);
    const bool wrong_flag = dynamic_cast<const glassh::FlagError*>(&error) != nullptr;
    if (text.empty() || wrong_flag) glassh::say(stderr, "{}", glassh::client_usage());
    return glassh::SshClient::own_error;
  }
}
