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

#include "channels/io/descriptor.h"
#include "client/client_connection.h"
#include "crypto/key_files/key_file.h"
#include "proto/messages_connection.h"
#include "server/server_connection.h"

namespace {

using namespace glassh;

constexpr std::size_t large = 32 * 1024;  // bytes of a message
constexpr std::size_t batch = 64;         // messages in one write

struct Task {
  std::string flood;
  std::size_t count = 0;
  std::string user;
  PrivateKey key;  // the user's, or the host's
};

struct Gone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A connection with its core, blocking; a write that gets nowhere for two seconds ends the flood.
template <class Core>
struct Peer {
  Fd socket;
  SystemRng rng;
  Core core;

  template <class Settings>
  Peer(Fd its_socket, std::shared_ptr<const Settings> settings) : socket(std::move(its_socket)), core(settings, rng) {
    const timeval patience{2, 0};
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0) throw Gone("setsockopt");
    core.set_now(std::chrono::steady_clock::now());
  }

  // False if the other side takes nothing any more.
  bool write() {
    while (core.backlog() > 0) {
      const Bytes first = core.ready().at(0);
      const ssize_t put = ::send(socket.get(), first.data(), first.size(), 0);
      if (put < 0) return false;
      core.written(static_cast<std::size_t>(put));
    }
    return true;
  }

  // Reads and answers until `reached`; throws Gone if the connection ends before.
  template <class OnEvent, class Reached>
  void run_until(OnEvent on_event, Reached reached) {
    while (true) {
      while (auto event = core.next_event()) {
        if (std::holds_alternative<Disconnected>(*event)) throw Gone(std::get<Disconnected>(*event).description);
        on_event(*event);
      }
      if (!write()) throw Gone("it reads nothing");
      if (reached()) return;
      const MutableBytes space = core.space();
      const ssize_t got = ::recv(socket.get(), space.data(), space.size(), 0);
      core.filled(got > 0 ? static_cast<std::size_t>(got) : 0);
      if (got <= 0) core.end_of_input();
    }
  }

  PacketWriter& writer() { return core.transport().writer(); }

  // How many of the payload were taken, up to `count`; whatever comes back is not read.
  std::size_t send_many(const std::vector<std::uint8_t>& payload, std::size_t count) {
    std::size_t taken = 0;
    while (taken < count) {
      const std::size_t now = std::min(batch, count - taken);
      for (std::size_t i = 0; i < now; ++i) writer().send_payload(payload);
      if (!write()) break;
      taken += now;
    }
    return taken;
  }

  std::size_t flood_after_login(const Task& task) {
    const std::string noise(large, 'x');
    if (task.flood == "kexinit") {
      // The first megabyte makes it send its KEXINIT, which is not even read.
      return send_many(encode(msg::Ignore{bytes_of(noise)}), task.count);
    }
    if (task.flood == "newkeys") {
      core.start_key_exchange();
      return send_many(encode(msg::Ignore{bytes_of(noise)}), task.count);
    }
    if (task.flood == "pings") return send_many(encode(msg::Ping{bytes_of("is anybody there?")}), task.count);
    if (task.flood == "requests") {
      return send_many(encode(msg::GlobalRequest{"keepalive@example.com", true, {}}), task.count);
    }
    if (task.flood == "channels") {
      return send_many(encode(msg::ChannelOpen{"no-such-type@example.com", 1, large, large, {}}), task.count);
    }
    throw std::invalid_argument("unknown flood " + task.flood);
  }
};

// ---- against a server

std::shared_ptr<const ClientConnectionSettings> client_settings(const Task& task) {
  auto settings = std::make_shared<ClientConnectionSettings>();
  settings->transport.kex.role = Role::client;
  settings->transport.kex.proposal = default_proposal();
  settings->auth.user = task.user;
  settings->auth.accepted_algorithms = {"ssh-ed25519"};
  return settings;
}

std::size_t flood_server(const Task& task, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* const generic = &address;
  std::size_t taken = 0;
  while (taken < task.count) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.get(), static_cast<const sockaddr*>(generic), sizeof address) < 0) {
      throw std::system_error(errno, std::generic_category(), "connect");
    }
    Peer<ClientConnection> peer(std::move(socket), client_settings(task));
    bool keys = false, logged_in = false;
    const auto on_event = [&](ClientEvent& event) {
      if (std::holds_alternative<HostKeyOffered>(event)) peer.core.accept_host_key();
      if (std::holds_alternative<KeysChanged>(event)) keys = true;
      if (std::holds_alternative<IdentitiesWanted>(event))
        peer.core.provide_identities({Credential(task.key.public_key())});
      if (const auto* wanted = std::get_if<UserSignatureWanted>(&event)) {
        peer.core.provide_user_signature(task.key.sign(wanted->algorithm, wanted->data));
      }
      if (std::holds_alternative<AuthenticationSucceeded>(event)) logged_in = true;
      if (std::holds_alternative<AuthenticationFailed>(event)) throw Gone("permission denied");
    };
    if (task.flood != "early-pings") {
      peer.run_until(on_event, [&] { return logged_in; });
      return peer.flood_after_login(task);
    }
    peer.run_until(on_event, [&] { return keys; });
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
  Peer<ServerConnection> peer(std::move(socket), server_settings(task));
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
  return peer.flood_after_login(task);
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
