// A peer that wants to fill the other's memory, or to keep it busy. It prints how many messages the other side took.
//
//   flood_tool client PORT USER KEYFILE FLOOD COUNT   against a server
//   flood_tool server KEYFILE FLOOD COUNT             against a client; says first "port N", and lets anybody in
//
// The floods, of which all but the first begin after the login:
//   early-pings   pings before the login, over as many connections as it takes (a server's: over one)
//   kexinit       the other side's KEXINIT is never answered, and messages of 32 KB follow
//   newkeys       our KEXINIT is sent, the exchange never goes on, and messages of 32 KB follow
//   pings, requests, channels   pings, global requests, channels to open, all of which want an answer that nobody reads
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

#include "crypto/key_files/key_file.h"
#include "proto/messages_connection.h"
#include "server/server_connection.h"
#include "test/support/hostile_peer.h"

namespace {

using namespace glassh;
using namespace glassh::test;

constexpr std::size_t large = 32 * 1024;  // bytes of a message

struct Task {
  std::string flood;
  std::size_t count = 0;
  std::string user;
  PrivateKey key;  // the user's, or the host's
};

template <class Core>
std::size_t flood_after_login(HostilePeer<Core>& peer, const Task& task) {
  const std::string noise(large, 'x');
  if (task.flood == "kexinit") {
    // The first megabyte makes it send its KEXINIT, which is not even read.
    return peer.send_many(encode(msg::Ignore{bytes_of(noise)}), task.count);
  }
  if (task.flood == "newkeys") {
    peer.core.start_key_exchange();
    return peer.send_many(encode(msg::Ignore{bytes_of(noise)}), task.count);
  }
  if (task.flood == "pings") return peer.send_many(encode(msg::Ping{bytes_of("is anybody there?")}), task.count);
  if (task.flood == "requests") {
    return peer.send_many(encode(msg::GlobalRequest{"keepalive@example.com", true, {}}), task.count);
  }
  if (task.flood == "channels") {
    return peer.send_many(encode(msg::ChannelOpen{"no-such-type@example.com", 1, large, large, {}}), task.count);
  }
  throw std::invalid_argument("unknown flood " + task.flood);
}

// ---- against a server

std::size_t flood_server(const Task& task, std::uint16_t port) {
  std::size_t taken = 0;
  while (taken < task.count) {
    HostilePeer<ClientConnection> peer = connect_to(port, task.user);
    if (task.flood != "early-pings") {
      log_in(peer, task.key);
      return flood_after_login(peer, task);
    }
    log_in(peer, task.key, Until::keys);
    const std::size_t now = peer.send_many(encode(msg::Ping{bytes_of("is anybody there?")}), task.count - taken);
    if (now == 0) throw Gone("it takes no ping");
    taken += now;
  }
  return taken;
}

// ---- against a client

std::shared_ptr<const ServerConnectionSettings> server_settings(const Task& task) {
  auto settings = std::make_shared<ServerConnectionSettings>();
  TransportSettings& transport = settings->transport;
  transport.kex.role = Role::server;
  transport.kex.proposal = default_proposal();
  transport.kex.proposal.host_key = {"ssh-ed25519"};
  transport.kex.host_keys = {{"ssh-ed25519", copy_of(task.key.public_key().blob())}};
  transport.server_sig_algs = {"ssh-ed25519"};
  return settings;
}

std::size_t flood_client(const Task& task) {
  Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  void* const generic = &address;
  if (!listening || ::bind(listening.get(), static_cast<sockaddr*>(generic), size) < 0 ||
      ::listen(listening.get(), 1) < 0 || ::getsockname(listening.get(), static_cast<sockaddr*>(generic), &size) < 0) {
    throw std::system_error(errno, std::generic_category(), "listen");
  }
  fmt::print("port {}\n", ntohs(address.sin_port));
  std::fflush(stdout);
  Fd socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) throw std::system_error(errno, std::generic_category(), "accept");
  HostilePeer<ServerConnection> peer(std::move(socket), server_settings(task));
  bool asked = false, logged_in = false;
  const auto on_event = [&](ServerEvent& event) {
    if (const auto* wanted = std::get_if<SignatureWanted>(&event)) {
      peer.core.provide_signature(task.key.sign(wanted->host_key_algorithm, wanted->exchange_hash));
    }
    if (std::holds_alternative<AuthSettingsWanted>(event)) {
      asked = true;
      ServerAuthSettings settings;
      settings.accepted_algorithms = {"ssh-ed25519"};
      peer.core.provide_auth_settings(std::move(settings));
    }
    if (std::holds_alternative<LoginAttempt>(event)) peer.core.decide_login(LoginDecision::accept);
    if (std::holds_alternative<LoginComplete>(event)) {
      peer.core.welcome();
      logged_in = true;
    }
  };
  if (task.flood == "early-pings") {
    peer.run_until(on_event, [&] { return asked; });
    return peer.send_many(encode(msg::Ping{bytes_of("is anybody there?")}), task.count);
  }
  peer.run_until(on_event, [&] { return logged_in; });
  return flood_after_login(peer, task);
}

std::size_t run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 6 && arguments[0] == "client") {
    const Task task{arguments[4], std::stoul(arguments[5]), arguments[2], load_private_key(arguments[3]).key};
    return flood_server(task, static_cast<std::uint16_t>(std::stoul(arguments[1])));
  }
  if (arguments.size() == 4 && arguments[0] == "server") {
    return flood_client({arguments[2], std::stoul(arguments[3]), "", load_private_key(arguments[1]).key});
  }
  throw std::invalid_argument(
      "usage: flood_tool client PORT USER KEYFILE FLOOD COUNT, or flood_tool server KEYFILE FLOOD COUNT");
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    fmt::print("{}\n", run({argv + 1, argv + argc}));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "flood_tool: {}\n", error.what());
    return 1;
  }
}
