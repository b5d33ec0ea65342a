#include "server/glasshd.h"

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include "channels/io/hidden_process.h"
#include "channels/io/holdings.h"
#include "channels/io/slow_calls.h"
#include "channels/io/thread.h"
#include "config/say.h"
#include "server/connection_thread.h"
#include "server/daemon.h"
#include "server/listener.h"
#include "server/service_manager.h"
#include "server/setup.h"

namespace glassh {
namespace {

// For sockets' names in directories that may hang, when the last connection has ended.
constexpr std::chrono::seconds time_to_clean_up{2};

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

// One connection on one thread: its lines are written by that thread as well, so that they are there when a debugger
// stops it.
bool serves_one_connection(const ServerOptions& options) { return options.inetd || options.debug > 0; }

Log choose_log(const ServerOptions& options, const ServerConfig& config) {
  if (options.log_file) return Log::to_file(config.log_level, *options.log_file);
  if (options.log_to_stderr || options.debug > 0) return Log(config.log_level);
  return Log::to_syslog(config.log_level, config.syslog_facility);
}

void warn_of_key_log(const std::string& path, const Log& log) {
  const std::string text = fmt::format(
      "WARNING: --keylog: whoever reads {} can decrypt every connection to this server, now and later.", path);
  say(stderr, "\n*** {} ***\n\n", text);
  log.error("{}", text);
}

void say_notes(const std::vector<ConfigNote>& notes, const Log& log) {
  for (const ConfigNote& note : notes) log.write(note.level, note.text);
  // RFC 4251 section 9.4.2 [4251-9.4.2-2]: debugging is for the administrator, who shall know what it gives away.
  log.debug("LogLevel {} writes details of users' sessions to the log", log_level_name(log.level()));
}

// Lives as long as the process serves; start() owns it. Job: to listen, to hand connections to the threads, and to obey
// the signals:
//   SIGHUP   reads the configuration again; connections keep the one that they have
//   SIGTERM  stops listening and leaves the sessions running; a second one ends them too (SIGQUIT alike)
//   SIGINT   ends everything
//   SIGUSR1  writes to the log what the process holds for its peers
// Signals, new connections and reloading, which reads files and looks up names, are the first thread's; connections are
// served by others. With -d, and with -i, there is but one connection and one thread, and each of the signals but
// SIGUSR1 ends it.
class Glasshd {
 public:
  Glasshd(const ServerOptions& options, const Lasting& lasting, std::shared_ptr<const Generation> first)
      : options_(options), lasting_(lasting), generation_(std::move(first)) {}

  // `pid_file` may be empty.
  void serve(std::vector<Fd> sockets, const std::string& pid_file);
  void serve_standard_input();

 private:
  const Log& log() const { return lasting_.log; }
  void accept_on(std::vector<Fd> sockets);
  void take(Accepted accepted, Fd output = Fd());
  void start_connection_threads(std::vector<std::thread>& running);
  void await_signal(asio::signal_set& signals);
  void on_signal(int number);
  void reload();
  void listen_anew(const ServerConfig& config);
  void listen_as_before();
  void close_listener();
  void stop_listening();
  void drain_threads();
  void shut_down();

  const ServerOptions& options_;
  const Lasting& lasting_;
  const ServiceManager manager_ = ServiceManager::from_environment();
  std::shared_ptr<const Generation> generation_;
  Startups startups_{*generation_->config};
  std::vector<std::unique_ptr<ConnectionThread>> threads_;  // if there are others, the first one serves no connection
  std::size_t others_serving_ = 0;                          // threads but the first
  std::vector<std::unique_ptr<Listener>> listeners_;  // the last one listens; coroutines may still look at the others
  std::optional<PidFile> pid_file_;
  std::optional<asio::steady_timer> listens_again_;  // while no socket listens that should
  bool stopping_ = false;
  std::uint64_t accepted_ = 0;
};

// A signal that comes before the signal set is there, or when it has gone, must not kill the process: it waits. `how`
// is SIG_BLOCK or SIG_UNBLOCK, for this thread and those that it starts.
void mask_requests(int how) {
  sigset_t requests;
  sigemptyset(&requests);
  for (const int number : {SIGHUP, SIGUSR1, SIGTERM, SIGINT, SIGQUIT}) sigaddset(&requests, number);
  ::pthread_sigmask(how, &requests, nullptr);
}

// Each connection goes to the next thread and stays there.
void Glasshd::take(Accepted accepted, Fd output) {
  const std::uint64_t number = ++accepted_;
  const std::shared_ptr<const ServerContext> context(generation_, &generation_->context);
  const std::size_t others = threads_.size() - 1;
  const std::size_t which = others == 0 ? 0 : 1 + number % others;
  threads_[which]->take(context, std::move(accepted), number, std::move(output));
}

void Glasshd::accept_on(std::vector<Fd> sockets) {
  const auto on_accepted = [this](Accepted accepted) {
    take(std::move(accepted));
    if (options_.debug > 0) stop_listening();
  };
  listeners_.push_back(std::make_unique<Listener>(threads_[0]->io().get_executor(), std::move(sockets), startups_,
                                                  lasting_.rng, log(), on_accepted));
  listeners_.back()->start();
}

void Glasshd::serve(std::vector<Fd> sockets, const std::string& pid_file) {
  // With -d everything happens on one thread, for debuggers.
  const unsigned threads =
      1 + (serves_one_connection(options_) ? 0 : std::max(1U, std::thread::hardware_concurrency()));
  for (unsigned i = 0; i < threads; ++i) threads_.push_back(std::make_unique<ConnectionThread>(log()));
  accept_on(std::move(sockets));
  asio::signal_set signals(threads_[0]->io(), SIGTERM, SIGINT, SIGHUP);
  signals.add(SIGQUIT);
  signals.add(SIGUSR1);
  await_signal(signals);
  prepare_slow_calls();
  lasting_.passwords.start();
  std::vector<std::thread> running;
  const auto join_all = [&running] {
    for (std::thread& thread : running) thread.join();
  };
  try {
    start_connection_threads(running);
    mask_requests(SIG_UNBLOCK);
    pid_file_.emplace(pid_file, log());
    manager_.ready();
    threads_[0]->run();  // the first thread goes last, since it minds the signals
  } catch (...) {
    shut_down();
    drain_threads();
    join_all();
    throw;
  }
  join_all();
  mask_requests(SIG_BLOCK);
  finish_forgotten_calls(time_to_clean_up);
}

// Whatever it throws, `running` has the threads that began.
void Glasshd::start_connection_threads(std::vector<std::thread>& running) {
  others_serving_ = threads_.size() - 1;
  running.reserve(others_serving_);
  for (std::size_t i = 1; i < threads_.size(); ++i) {
    running.push_back(start_thread("connections", [this, thread = threads_[i].get()] {
      thread->run();
      asio::post(threads_[0]->io(), [this] {
        if (--others_serving_ == 0) threads_[0]->drain();
      });
    }));
  }
}

// ---- signals

void Glasshd::await_signal(asio::signal_set& signals) {
  signals.async_wait([this, &signals](const boost::system::error_code& error, int number) {
    if (error) return;
    on_signal(number);
    await_signal(signals);
  });
}

void Glasshd::on_signal(int number) {
  if (number == SIGUSR1) return log().write(LogLevel::error, "holdings: " + text_of(holdings()));
  const bool one_connection = serves_one_connection(options_);
  if (number == SIGHUP && !one_connection) return reload();
  const bool again = stopping_;
  log().info("Received signal {}; terminating.", number);
  stop_listening();
  if (number == SIGINT || again || one_connection) shut_down();
}

void Glasshd::stop_listening() {
  if (std::exchange(stopping_, true)) return;
  manager_.stopping();
  close_listener();
  if (pid_file_) pid_file_->remove();  // another server may be started now
  drain_threads();
}

void Glasshd::drain_threads() {
  for (std::size_t i = 1; i < threads_.size(); ++i) threads_[i]->drain();
  if (threads_.size() == 1) threads_[0]->drain();
}

void Glasshd::shut_down() {
  for (const auto& thread : threads_) thread->shut_down();
}

// All of the new configuration applies, or nothing of it: a server that has begun is not lost by a typing error.
void Glasshd::reload() {
  log().info("Received SIGHUP; restarting.");
  if (stopping_) return;
  manager_.reloading();
  try {
    Configuration read = read_configuration(options_);
    HostKeySigner host_keys = read_host_keys(read.config, lasting_.account, &lasting_.rng, log());
    if (host_keys.empty()) throw std::runtime_error("no hostkeys available");
    check_authentication(read.config, lasting_.account);
    check_host_keys(read.config, host_keys.public_keys());
    auto next = std::make_shared<const Generation>(lasting_, std::move(read.config), std::move(host_keys));
    listen_anew(*next->config);
    generation_ = std::move(next);
    lasting_.log.set_level(generation_->config->log_level);
    startups_.limit_to(*generation_->config);
    say_notes(read.notes, log());
  } catch (const std::exception& error) {
    log().error("SIGHUP: {}; what was read before stays in force", error.what());
  }
  manager_.ready();
}

// A socket whose address stays is kept, and with it those who wait to be accepted. The others are bound before the old
// ones are closed, unless one of these is in the way: 127.0.0.1 of 0.0.0.0.
void Glasshd::listen_anew(const ServerConfig& config) {
  const ServerConfig& before = *generation_->config;
  Listener& old = *listeners_.back();  // stays where it is when another one is added
  const bool same = config.endpoints() == before.endpoints() && config.address_family == before.address_family;
  if (same && !listens_again_) return old.say_where();
  try {
    accept_on(listen_on(config, log(), old.sockets()));
    old.close();
    return listens_again_.reset();
  } catch (const AddressInUse&) {
    close_listener();
  }
  try {
    accept_on(listen_on(config, log()));
  } catch (const std::exception&) {
    listen_as_before();
    throw;
  }
}

// Another program may have taken an address meanwhile, and may give it back.
void Glasshd::listen_as_before() {
  try {
    accept_on(listen_on(*generation_->config, log()));
    listens_again_.reset();
    return;
  } catch (const std::exception& error) {
    if (!listens_again_) log().error("no address is listened on: {}; trying again every second", error.what());
  }
  if (!listens_again_) listens_again_.emplace(threads_[0]->io());
  listens_again_->expires_after(std::chrono::seconds(1));
  listens_again_->async_wait([this](const boost::system::error_code& error) {
    if (!error) listen_as_before();
  });
}

void Glasshd::close_listener() {
  if (!listeners_.empty()) listeners_.back()->close();
  listens_again_.reset();
}

// -i: the descriptors get other numbers, and /dev/null takes theirs, so that nothing ever mistakes them for its own.
void Glasshd::serve_standard_input() {
  PeerAddresses addresses = addresses_of(STDIN_FILENO);
  const bool is_socket = ::isatty(STDIN_FILENO) == 0 && addresses.remote_host != "UNKNOWN";
  Fd input = Fd::duplicate(STDIN_FILENO);
  Fd output = is_socket ? Fd() : Fd::duplicate(STDOUT_FILENO);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(null.get(), STDOUT_FILENO);

  threads_.push_back(std::make_unique<ConnectionThread>(log()));
  asio::signal_set signals(threads_[0]->io(), SIGTERM, SIGINT, SIGHUP);
  await_signal(signals);
  mask_requests(SIG_UNBLOCK);
  take({std::move(input), std::move(addresses), Startups::Place()}, std::move(output));
  threads_[0]->drain();
  threads_[0]->run();
  finish_forgotten_calls(time_to_clean_up);
}

void ignore_signals() {
  mask_requests(SIG_BLOCK);
  std::signal(SIGPIPE, SIG_IGN);  // a write to nobody is an error like others
  std::signal(SIGUSR1, SIG_IGN);  // until on_signal() takes it
  std::signal(SIGCHLD, SIG_DFL);  // whoever started us may have ignored it, and then no exit status would come
}

void start_queues(const Lasting& lasting) {
  lasting.log.start_queue();
  for (const auto& queue : {lasting.trace.queue, lasting.key_log.queue}) {
    if (queue) queue->start();
  }
}

// Everything that may fail before there is a connection has failed when this has returned, but the PID file.
void serve(const ServerOptions& options, const Lasting& lasting, std::shared_ptr<const Generation> first) {
  ignore_signals();
  const ServerConfig& config = *first->config;
  if (options.inetd) return Glasshd(options, lasting, std::move(first)).serve_standard_input();
  std::vector<Fd> sockets = listen_on(config, lasting.log);
  const std::string pid_file =
      config.pid_file.empty() ? std::string() : std::filesystem::absolute(config.pid_file).string();
  // SIGHUP comes when we are somewhere else.
  ServerOptions from_anywhere = options;
  if (options.config_file && !equal_ignoring_case(*options.config_file, "none")) {
    from_anywhere.config_file = std::filesystem::absolute(*options.config_file).string();
  }
  for (std::string& path : from_anywhere.host_keys) path = std::filesystem::absolute(path).string();
  if (options.debug > 0) return Glasshd(from_anywhere, lasting, std::move(first)).serve(std::move(sockets), "");
  if (!options.foreground) leave_foreground(options.log_to_stderr);
  try {
    start_queues(lasting);
    Glasshd(from_anywhere, lasting, std::move(first)).serve(std::move(sockets), pid_file);
  } catch (const std::exception& error) {
    const bool is_said_there = options.log_to_stderr && !options.log_file;  // by our caller
    if (!is_said_there) lasting.log.write(LogLevel::fatal, error.what());
    throw;
  }
}

// Returns the exit status.
int start(const ServerOptions& options) {
  if (options.debug == 0) hide_process();  // with -d a debugger may attach
  Configuration read = read_configuration(options);
  const Log startup_log(read.config.log_level);
  const Account account = own_account();
  terminal_group();
  SystemRng rng;
  Passwords passwords;
  HostKeySigner host_keys = read_host_keys(read.config, account, only_looking(options) ? nullptr : &rng, startup_log);
  if (host_keys.empty() && (!read.config.host_keys.empty() || !only_looking(options))) {
    say(stderr, "glasshd: no hostkeys available -- exiting.\n");
    return 1;
  }
  check_authentication(read.config, account);
  if (only_looking(options)) {
    say_notes(read.notes, startup_log);
    if (options.print_config) say(stdout, "{}", effective_config(config_for(read.config, connection_of(options))));
    return 0;
  }
  check_host_keys(read.config, host_keys.public_keys());

  Log log = choose_log(options, read.config);
  say_notes(read.notes, log);
  Lasting lasting{account, log, rng, passwords};
  if (options.keylog) {
    lasting.key_log = open_key_log(*options.keylog, log);
    warn_of_key_log(*options.keylog, log);
  }
  if (options.trace) lasting.trace = open_trace(*options.trace);
  lasting.open_files = raise_open_file_limit();
  serve(options, lasting, std::make_shared<const Generation>(lasting, std::move(read.config), std::move(host_keys)));
  return 0;
}

}  // namespace

int run_glasshd(const ServerOptions& options) {
  try {
    return start(options);
  } catch (const std::exception& error) {
    say(stderr, "glasshd: {}\n", error.what());
    return options.test ? 1 : 255;
  }
}

}  // namespace glassh
