// Many clients in one thread, against any server on this machine: how many logins per second it does, or what its idle
// connections cost. A login is a whole one: connecting, key exchange, publickey with the query first.
//
//   login_bench logins PORT USER KEYFILE COUNT CONCURRENT [COMMAND]   prints logins per second; with COMMAND each runs
//                                                                     it and waits for its exit status
//   login_bench idle PORT USER KEYFILE COUNT CONCURRENT               prints "ready" when all are logged in, and keeps
//                                                                     them until its standard input ends
#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "channels/io/drive.h"
#include "client/client_connection.h"
#include "crypto/key_files/key_file.h"
#include "proto/messages_session.h"

namespace {

using namespace glassh;

struct Task {
  bool idle = false;
  std::uint16_t port = 0;
  PrivateKey key;
  std::string command = {};
  std::size_t count = 0;
  std::size_t concurrent = 0;
  std::shared_ptr<const ClientConnectionSettings> settings = {};
};

Task task_of(const std::vector<std::string>& arguments) {
  if (arguments.size() < 6 || (arguments[0] != "logins" && arguments[0] != "idle")) {
    throw std::invalid_argument("usage: login_bench logins|idle PORT USER KEYFILE COUNT CONCURRENT [COMMAND]");
  }
  Task task{.key = load_private_key(arguments[3]).key};
  task.idle = arguments[0] == "idle";
  task.port = static_cast<std::uint16_t>(std::stoul(arguments[1]));
  task.count = std::stoul(arguments[4]);
  task.concurrent = std::stoul(arguments[5]);
  if (arguments.size() > 6) task.command = arguments[6];

  auto settings = std::make_shared<ClientConnectionSettings>();
  settings->transport.kex.role = Role::client;
  settings->transport.kex.proposal = default_proposal();
  settings->auth.user = arguments[2];
  settings->auth.accepted_algorithms = settings->transport.kex.proposal.host_key;
  task.settings = std::move(settings);
  return task;
}

// Over the loopback this does not wait, unless the server's queue is full.
Fd connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* const generic = &address;  // connect() takes sockaddr*
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!socket || ::connect(socket.get(), static_cast<const sockaddr*>(generic), sizeof address) < 0 ||
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  return socket;
}

class Bench;

// One connection; the handler of its drive.
class Client {
 public:
  Client(Bench& bench, const asio::any_io_executor& executor);
  asio::awaitable<void> run() { return drive_.run(*this); }
  bool succeeded() const { return succeeded_; }
  const std::string& failure() const { return failure_; }

  void on(const HostKeyOffered&) { connection_.accept_host_key(); }
  void on(const IdentitiesWanted&);
  void on(const UserSignatureWanted& event);
  void on(const AuthenticationSucceeded&);
  void on(const AuthenticationFailed&) { leave(false, "permission denied"); }
  void on(const ChannelOpened& event);
  void on(const ChannelOpenRefused&) { leave(false, "no channel"); }
  void on(const ChannelRequested& event);
  void on(const CloseArrived&) { leave(exit_status_ == 0u, "no exit status 0"); }
  void on(const Disconnected& event) { failure_ = event.description; }
  template <class Other>
  void on(const Other&) {}

 private:
  void leave(bool succeeded, std::string_view failure);

  Bench& bench_;
  ClientConnection connection_;
  Drive<ClientConnection> drive_;
  std::optional<std::uint32_t> exit_status_;
  bool succeeded_ = false;
  std::string failure_;
};

class Bench {
 public:
  explicit Bench(const Task& task) : task_(task), io_(1) {}
  double run();  // logins per second

  const Task& task() const { return task_; }
  Rng& rng() { return rng_; }
  void logged_in();

 private:
  asio::awaitable<void> one_after_the_other();
  asio::awaitable<void> keep();

  const Task& task_;
  asio::io_context io_;
  SystemRng rng_;
  std::size_t begun_ = 0;
  std::size_t logged_in_ = 0;
  std::exception_ptr failure_;
};

// ---- one client

Client::Client(Bench& bench, const asio::any_io_executor& executor)
    : bench_(bench),
      connection_(bench.task().settings, bench.rng()),
      drive_(executor, connection_, connect_to(bench.task().port)) {}

void Client::on(const IdentitiesWanted&) {
  connection_.provide_identities({Credential(bench_.task().key.public_key())});
}

void Client::on(const UserSignatureWanted& event) {
  connection_.provide_user_signature(bench_.task().key.sign(event.algorithm, event.data));
}

void Client::on(const AuthenticationSucceeded&) {
  bench_.logged_in();
  if (bench_.task().idle) return;
  if (bench_.task().command.empty()) return leave(true, "");
  connection_.channels().open(msg::SessionOpen::name);
}

void Client::on(const ChannelOpened& event) {
  connection_.channels().at(event.channel).request(msg::Exec{bench_.task().command}, false);
}

void Client::on(const ChannelRequested& event) {
  if (event.type == msg::ExitStatus::name) exit_status_ = decode<msg::ExitStatus>(event.details).exit_status;
}

void Client::leave(bool succeeded, std::string_view failure) {
  succeeded_ = succeeded;
  failure_ = failure;
  connection_.disconnect(DisconnectReason::by_application, "done");
}

// ---- all of them

asio::awaitable<void> Bench::one_after_the_other() {
  while (begun_ < task_.count) {
    ++begun_;
    Client client(*this, io_.get_executor());
    co_await client.run();
    if (!client.succeeded()) throw std::runtime_error("a login failed: " + client.failure());
  }
}

asio::awaitable<void> Bench::keep() {
  Client client(*this, io_.get_executor());
  co_await client.run();
  throw std::runtime_error("an idle connection ended: " + client.failure());
}

// Of the idle ones only so many are on their way in at a time.
void Bench::logged_in() {
  ++logged_in_;
  if (!task_.idle) return;
  if (begun_ < task_.count) {
    ++begun_;
    asio::co_spawn(io_, keep(), [this](const std::exception_ptr& failure) {
      failure_ = failure;
      io_.stop();
    });
  } else if (logged_in_ == task_.count) {
    io_.stop();
  }
}

double Bench::run() {
  const auto ended = [this](const std::exception_ptr& failure) {
    if (failure == nullptr) return;
    failure_ = failure;
    io_.stop();
  };
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < std::min(task_.concurrent, task_.count); ++i) {
    if (task_.idle) ++begun_;
    asio::co_spawn(io_, task_.idle ? keep() : one_after_the_other(), ended);
  }
  io_.run();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  if (task_.idle) {
    fmt::print("ready\n");
    std::fflush(stdout);
    char unused = 0;
    while (::read(STDIN_FILENO, &unused, 1) > 0) {
    }
  }
  return static_cast<double>(logged_in_) / seconds.count();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const Task task = task_of({argv + 1, argv + argc});
    const double rate = Bench(task).run();
    if (!task.idle) fmt::print("{:.1f}\n", rate);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "login_bench: {}\n", error.what());
    return 1;
  }
}
