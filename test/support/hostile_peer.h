// A peer of either role that means no good: a real core over a blocking socket, with no limits of its own.
//
//   HostilePeer<ClientConnection> peer = log_in(port, user, key);  peer.writer().send(…);  peer.write();
#pragma once

#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "channels/io/fd.h"
#include "client/client_connection.h"
#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "proto/messages_session.h"

namespace glassh::test {

struct Gone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline constexpr std::size_t messages_per_write = 64;

// A connection with its core, blocking; a write that gets nowhere for two seconds ends the flood.
template <class Core>
struct HostilePeer {
  Fd socket;
  SystemRng rng;
  Core core;

  template <class Settings>
  HostilePeer(Fd its_socket, std::shared_ptr<const Settings> settings)
      : socket(std::move(its_socket)), core(settings, rng) {
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
      const std::size_t now = std::min(messages_per_write, count - taken);
      for (std::size_t i = 0; i < now; ++i) writer().send_payload(payload);
      if (!write()) break;
      taken += now;
    }
    return taken;
  }
};

// A connection to 127.0.0.1 on which no byte has been sent.
inline HostilePeer<ClientConnection> connect_to(std::uint16_t port, const std::string& user,
                                                const std::string& compression = "none") {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* const generic = &address;
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), static_cast<const sockaddr*>(generic), sizeof address) < 0) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  auto settings = std::make_shared<ClientConnectionSettings>();
  settings->transport.kex.role = Role::client;
  Proposal& proposal = settings->transport.kex.proposal;
  proposal = default_proposal();
  proposal.compression_client_to_server = proposal.compression_server_to_client = {compression};
  settings->auth.user = user;
  settings->auth.accepted_algorithms = {"ssh-ed25519"};
  return HostilePeer<ClientConnection>(std::move(socket), std::shared_ptr<const ClientConnectionSettings>(settings));
}

// Answers the core's questions until the login has succeeded, or only until there are keys.
enum class Until { keys, login };
inline void log_in(HostilePeer<ClientConnection>& peer, const PrivateKey& key, Until until = Until::login) {
  bool keys = false, logged_in = false;
  const auto on_event = [&](ClientEvent& event) {
    if (std::holds_alternative<HostKeyOffered>(event)) peer.core.accept_host_key();
    if (std::holds_alternative<KeysChanged>(event)) keys = true;
    if (std::holds_alternative<IdentitiesWanted>(event)) peer.core.provide_identities({Credential(key.public_key())});
    if (const auto* wanted = std::get_if<UserSignatureWanted>(&event)) {
      peer.core.provide_user_signature(key.sign(wanted->algorithm, wanted->data));
    }
    if (std::holds_alternative<AuthenticationSucceeded>(event)) logged_in = true;
    if (std::holds_alternative<AuthenticationFailed>(event)) throw Gone("permission denied");
  };
  peer.run_until(on_event, [&] { return until == Until::keys ? keys : logged_in; });
}

// To be asked for before a command, so that bash does not take itself for one that a login started: it would read the
// files of the user who runs the test.
inline const msg::Env not_a_login{"SHLVL", "1"};

}  // namespace glassh::test
