// A client that asks a server for more channels than people do. It prints how many it got, or what went wrong.
//
//   channel_tool refused PORT USER KEYFILE COUNT           opens COUNT channels of a type that nobody has
//   channel_tool many PORT USER KEYFILE COUNT TARGET_PORT  keeps COUNT channels to an echo at 127.0.0.1:TARGET_PORT
//   open
//                                                          at a time, and has a line come back on each
#include <algorithm>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "channels/io/drive.h"
#include "client/client_connection.h"
#include "crypto/key_files/key_file.h"
#include "proto/messages_forward.h"

namespace {

using namespace glassh;

constexpr std::size_t most_unanswered = 256;  // opens
constexpr std::string_view line = "is anybody there?\n";

struct Task {
  bool refused = false;
  std::uint16_t port = 0;
  std::string user;
  PrivateKey key;
  std::size_t count = 0;
  std::uint16_t target = 0;
};

Task task_of(const std::vector<std::string>& arguments) {
  const bool refused = arguments.size() == 5 && arguments[0] == "refused";
  if (!refused && !(arguments.size() == 6 && arguments[0] == "many")) {
    throw std::invalid_argument("usage: channel_tool refused|many PORT USER KEYFILE COUNT [TARGET_PORT]");
  }
  return {.refused = refused,
          .port = static_cast<std::uint16_t>(std::stoul(arguments[1])),
          .user = arguments[2],
          .key = load_private_key(arguments[3]).key,
          .count = std::stoul(arguments[4]),
          .target = refused ? std::uint16_t{0} : static_cast<std::uint16_t>(std::stoul(arguments[5]))};
}

Fd connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* const generic = &address;  // connect() takes sockaddr*
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), static_cast<const sockaddr*>(generic), sizeof address) < 0) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  return socket;
}

std::shared_ptr<const ClientConnectionSettings> settings_of(const Task& task) {
  auto settings = std::make_shared<ClientConnectionSettings>();
  settings->transport.kex.role = Role::client;
  settings->transport.kex.proposal = default_proposal();
  settings->auth.user = task.user;
  settings->auth.accepted_algorithms = settings->transport.kex.proposal.host_key;
  return settings;
}

// The handler of the drive.
class Client {
 public:
  Client(const Task& task, const asio::any_io_executor& executor)
      : task_(task), connection_(settings_of(task), rng_), drive_(executor, connection_, connect_to(task.port)) {}
  asio::awaitable<void> run() { return drive_.run(*this); }
  const std::string& failure() const { return failure_; }

  void on(const HostKeyOffered&) { connection_.accept_host_key(); }
  void on(const IdentitiesWanted&) { connection_.provide_identities({Credential(task_.key.public_key())}); }
  void on(const UserSignatureWanted& event) {
    connection_.provide_user_signature(task_.key.sign(event.algorithm, event.data));
  }
  void on(const AuthenticationSucceeded&) { open_more(); }
  void on(const AuthenticationFailed&) { leave("permission denied"); }
  void on(const ChannelOpenRefused& event);
  void on(const ChannelOpened& event);
  void on(const DataArrived& event);
  void on(const CloseArrived&);
  void on(const Disconnected& event) {
    if (!done_ && failure_.empty()) failure_ = event.description;
  }
  template <class Other>
  void on(const Other&) {}

 private:
  void open_more();
  void say_something();
  void leave(std::string_view failure);

  const Task& task_;
  SystemRng rng_;
  ClientConnection connection_;
  Drive<ClientConnection> drive_;
  std::size_t asked_ = 0, answered_ = 0, echoed_ = 0, closed_ = 0;
  std::vector<std::uint32_t> open_;
  std::vector<std::size_t> heard_;  // bytes, by channel
  bool done_ = false;
  std::string failure_;
};

void Client::open_more() {
  while (asked_ < task_.count && asked_ - answered_ < most_unanswered) {
    ++asked_;
    if (task_.refused) {
      connection_.channels().open("no-such-type@example.com");
    } else {
      const auto details = encode(msg::DirectTcpip{"127.0.0.1", task_.target, "127.0.0.1", 1});
      connection_.channels().open(msg::DirectTcpip::name, details);
    }
  }
}

void Client::on(const ChannelOpenRefused& event) {
  if (!task_.refused) return leave(fmt::format("open refused: {}", event.description));
  if (event.reason != open_failure_reason::unknown_channel_type) return leave("refused for another reason");
  if (++answered_ == task_.count) return leave("");
  open_more();
}

void Client::on(const ChannelOpened& event) {
  if (task_.refused) return leave("a channel of no type was opened");
  open_.push_back(event.channel);
  if (++answered_ == task_.count) return say_something();
  open_more();
}

// All are open: a line on each.
void Client::say_something() {
  heard_.resize(*std::max_element(open_.begin(), open_.end()) + 1);
  for (const std::uint32_t id : open_) {
    Channel& channel = connection_.channels().at(id);
    const MutableBytes place = channel.data_space(line.size());
    std::copy(line.begin(), line.end(), place.begin());
    channel.commit(line.size());
  }
}

void Client::on(const DataArrived& event) {
  Channel& channel = connection_.channels().at(event.channel);
  channel.consumed(event.data.size());
  std::size_t& heard = heard_[event.channel];
  if (text_of(event.data) != line.substr(heard, event.data.size())) return leave("an echo differs");
  heard += event.data.size();
  if (heard == line.size() && ++echoed_ == task_.count) {
    for (const std::uint32_t id : open_) connection_.channels().at(id).close();
  }
}

void Client::on(const CloseArrived&) {
  if (echoed_ < task_.count) return leave("a channel was closed too early");
  if (++closed_ == task_.count) leave("");
}

void Client::leave(std::string_view failure) {
  failure_ = failure;
  done_ = failure.empty();
  connection_.disconnect(DisconnectReason::by_application, "done");
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const Task task = task_of({argv + 1, argv + argc});
    asio::io_context io(1);
    Client client(task, io.get_executor());
    std::exception_ptr thrown;
    asio::co_spawn(io, client.run(), [&thrown](const std::exception_ptr& failure) { thrown = failure; });
    io.run();
    if (thrown != nullptr) std::rethrow_exception(thrown);
    if (!client.failure().empty()) throw std::runtime_error(client.failure());
    fmt::print("{}\n", task.count);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "channel_tool: {}\n", error.what());
    return 1;
  }
}
