#include "server/program.h"

#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "server/context.h"
#include "server/daemon.h"
#include "server/listener.h"
#include "server/observers.h"
#include "server/password_store.h"
#include "server/worker.h"

namespace glassh {
namespace {

constexpr const char* default_config_file = "/etc/ssh/sshd_config";
constexpr const char* system_host_key_directory = "/etc/ssh";

struct Configuration {
  ServerConfig config;
  std::vector<ConfigNote> notes;
};

// Without -f: sshd's own file, if there is one that we may read.
Configuration read_configuration(const ServerOptions& options) {
  ServerConfigReader reader(our_algorithm_names());
  reader.options(options);
  if (!options.config_file) {
    if (::access(default_config_file, R_OK) == 0) reader.file(default_config_file);
  } else if (!equal_ignoring_case(*options.config_file, "none")) {
    reader.file(*options.config_file);
  }
  ServerConfig config = reader.finish();
  return {std::move(config), reader.notes()};
}

// -C. Without it nothing is known of a connection, so that only Match All applies.
MatchSubject connection_of(const ServerOptions& options) {
  MatchSubject subject;
  subject.groups = group_names;
  if (!options.connection) return subject;
  subject.must_be_complete = true;
  try {
    read_connection_spec(*options.connection, subject);
  } catch (const ConfigError& error) {
    throw UsageError(fmt::format("-C: {}", error.what()));
  }
  return subject;
}

// -t and -T change nothing.
bool only_looking(const ServerOptions& options) { return options.test || options.print_config; }

HostKeys read_host_keys(const ServerOptions& options, const ServerConfig& config, const Account& account, Rng& rng,
                        const Log& log) {
  if (!config.host_keys.empty()) return load_host_keys(config.host_keys, log);
  return default_host_keys(system_host_key_directory, state_directory(account, std::getenv("XDG_STATE_HOME")),
                           only_looking(options) ? nullptr : &rng, log);
}

Log choose_log(const ServerOptions& options, const ServerConfig& config) {
  if (options.log_file) return Log::to_file(config.log_level, *options.log_file);
  if (options.log_to_stderr || options.debug > 0) return Log(config.log_level);
  return Log::to_syslog(config.log_level, config.syslog_facility);
}

void warn_of_key_log(const std::string& path, const Log& log) {
  const std::string text = fmt::format(
      "WARNING: --keylog: whoever reads {} can decrypt every connection to this server, now and later.", path);
  fmt::print(stderr, "\n*** {} ***\n\n", text);
  log.error("{}", text);
}

class Program {
 public:
  Program(const ServerOptions& options, const ServerContext& context) : options_(options), context_(context) {}

  void serve(std::vector<Fd> sockets);
  void serve_standard_input();

 private:
  void accept_on(std::vector<Fd> sockets);
  void await_signal(asio::signal_set& signals);
  void shut_down();

  const ServerOptions& options_;
  const ServerContext& context_;
  Startups startups_{context_.config.max_startups};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<Listener> listener_;
  std::uint64_t accepted_ = 0;
};

// Each connection goes to the next thread and stays there.
void Program::accept_on(std::vector<Fd> sockets) {
  const auto take = [this](Accepted accepted) {
    const std::uint64_t number = ++accepted_;
    workers_[number % workers_.size()]->take(std::move(accepted), number);
    if (options_.debug > 0) {
      listener_->close();
      workers_[0]->drain();
    }
  };
  listener_.emplace(workers_[0]->io().get_executor(), std::move(sockets), startups_, context_.rng, context_.log, take);
  listener_->start();
}

void Program::serve(std::vector<Fd> sockets) {
  // With -d everything happens on one thread, for debuggers.
  const unsigned threads = options_.debug > 0 ? 1 : std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>(context_));
  accept_on(std::move(sockets));
  asio::signal_set signals(workers_[0]->io(), SIGTERM, SIGINT, SIGHUP);
  await_signal(signals);

  std::vector<std::thread> running;
  for (unsigned i = 1; i < threads; ++i) running.emplace_back([worker = workers_[i].get()] { worker->run(); });
  workers_[0]->run();
  for (std::thread& thread : running) thread.join();
}

void Program::await_signal(asio::signal_set& signals) {
  signals.async_wait([this, &signals](const boost::system::error_code& error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      context_.log.error("Received SIGHUP: reading the configuration again is not done yet; restart glasshd instead");
    } else {
      context_.log.info("Received signal {}; terminating.", number);
      shut_down();
    }
    await_signal(signals);
  });
}

void Program::shut_down() {
  if (listener_) listener_->close();
  for (const auto& worker : workers_) worker->shut_down();
}

// -i: the descriptors get other numbers, and /dev/null takes theirs, so that nothing ever mistakes them for its own.
void Program::serve_standard_input() {
  PeerAddresses addresses = addresses_of(STDIN_FILENO);
  const bool is_socket = ::isatty(STDIN_FILENO) == 0 && addresses.remote_host != "UNKNOWN";
  Fd input = Fd::duplicate(STDIN_FILENO);
  Fd output = is_socket ? Fd() : Fd::duplicate(STDOUT_FILENO);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(null.get(), STDOUT_FILENO);

  workers_.push_back(std::make_unique<Worker>(context_));
  asio::signal_set signals(workers_[0]->io(), SIGTERM, SIGINT, SIGHUP);
  await_signal(signals);
  workers_[0]->take({std::move(input), std::move(addresses), Startups::Place()}, 1, std::move(output));
  workers_[0]->drain();
  workers_[0]->run();
}

void ignore_signals() {
  std::signal(SIGPIPE, SIG_IGN);  // a write to nobody is an error like others
  std::signal(SIGCHLD, SIG_DFL);  // whoever started us may have ignored it, and then no exit status would come
}

void say_notes(const std::vector<ConfigNote>& notes, const Log& log) {
  for (const ConfigNote& note : notes) log.write(note.level, note.text);
  // RFC 4251 section 9.4.2 [4251-9.4.2-2]: debugging is for the administrator, who shall know what it gives away.
  log.debug("LogLevel {} writes details of users' sessions to the log", log_level_name(log.level()));
}

// Everything that may fail before there is a connection has failed when this has returned, but the PID file.
void serve(const ServerOptions& options, const ServerContext& context) {
  ignore_signals();
  Program program(options, context);
  if (options.inetd) return program.serve_standard_input();
  std::vector<Fd> sockets = listen_on(context.config, context.log);
  const std::string& pid_path = context.config.pid_file;
  const std::string pid_file = pid_path.empty() ? std::string() : std::filesystem::absolute(pid_path).string();
  if (options.debug > 0) return program.serve(std::move(sockets));
  if (!options.foreground) leave_foreground(options.log_to_stderr);
  try {
    const PidFile owned(pid_file, context.log);
    program.serve(std::move(sockets));
  } catch (const std::exception& error) {
    context.log.write(LogLevel::fatal, error.what());
    throw;
  }
}

// What would let nobody in, said before anybody tries. Match may change both later on.
void check_authentication(const ServerConfig& config, const Account& account) {
  const ServerAuthSettings settings = auth_settings(config);
  if (AuthenticationProgress(settings.methods, enabled_methods(settings)).impossible()) {
    throw std::runtime_error("AuthenticationMethods cannot be satisfied by enabled authentication methods");
  }
  if (config.password_file.empty()) return;
  const StoredPassword stored = find_in_password_file(config.password_file, account.name, account.uid);
  if (!stored.problem.empty()) throw std::runtime_error(fmt::format("PasswordFile: {}", stored.problem));
}

// Returns the exit status.
int start(const ServerOptions& options) {
  const Configuration read = read_configuration(options);
  const ServerConfig& config = read.config;
  const Log startup_log(config.log_level);
  const Account account = own_account();
  SystemRng rng;
  Passwords passwords;
  const HostKeys host_keys = read_host_keys(options, config, account, rng, startup_log);
  if (host_keys.empty() && (!config.host_keys.empty() || !only_looking(options))) {
    fmt::print(stderr, "glasshd: no hostkeys available -- exiting.\n");
    return 1;
  }
  check_authentication(config, account);
  if (only_looking(options)) {
    say_notes(read.notes, startup_log);
    if (options.print_config) fmt::print("{}", effective_config(config_for(config, connection_of(options))));
    return 0;
  }
  if (host_keys.usable(config.host_key_algorithms).empty()) {
    throw std::runtime_error("HostKeyAlgorithms names no algorithm that one of the host keys has");
  }

  const Log log = choose_log(options, config);
  say_notes(read.notes, log);
  KeyLog key_log;
  if (options.keylog) {
    key_log = open_key_log(*options.keylog);
    warn_of_key_log(*options.keylog, log);
  }
  TraceOutput trace;
  if (options.trace) trace = open_trace(*options.trace);
  serve(options,
        {config, account, log, host_keys, rng, passwords, connection_settings(config, host_keys, std::move(key_log)),
         raise_open_file_limit(), std::move(trace.write), trace.style});
  return 0;
}

}  // namespace

int run_glasshd(const ServerOptions& options) {
  try {
    return start(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "glasshd: {}\n", error.what());
    return options.test ? 1 : 255;
  }
}

}  // namespace glassh
