// A whole client and a whole server, each with its drive, over a socket pair: for what works on channels at the rim.
//
// The user logs in with a key. Then the client's channels are the test's, and each channel that the client opens gets
// the user that the test makes for it on the server.
//
//   DrivenPair pair([](ChannelRef channel) { return Session::create(channel, context); });
//   const auto id = pair.open("session");  pair.client_channel(id).request(msg::Exec{"date"}, true);
//   pair.run_until([&] { return pair.has_seen("close"); });
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "channels/io/channel_users.h"
#include "channels/io/drive.h"
#include "client/client_connection.h"
#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "proto/messages_session.h"
#include "server/server_connection.h"
#include "test/support/patience.h"

namespace glassh::test {

class DrivenPair {
 public:
  using MakeUser = std::function<std::shared_ptr<ChannelUser>(ChannelRef)>;

  explicit DrivenPair(MakeUser make_user) : DrivenPair(std::move(make_user), make_socket_pair()) {}

  // Nothing here takes long; a test that does has hung.
  template <class Condition>
  bool run_until(Condition condition) {
    return test::run_until(io, std::move(condition));
  }
  // Logs in if that is not done, and opens a channel. Returns its number at the client once it is open.
  std::uint32_t open(std::string_view type) {
    run_until([this] { return client.logged_in; });
    const std::uint32_t id = client.core.channels().open(type);
    client.drive.wake();
    run_until([this, id] { return client_channel(id).open(); });
    return id;
  }
  Channel& client_channel(std::uint32_t id) { return client.core.channels().at(id); }
  template <class Tail>
  void request(std::uint32_t id, const Tail& tail) {
    client_channel(id).request(tail, true);
    client.drive.wake();
  }
  void send(std::uint32_t id, std::string_view text) {
    Channel& channel = client_channel(id);
    const MutableBytes place = channel.data_space(text.size());
    std::copy(text.begin(), text.end(), place.begin());
    channel.commit(text.size());
    client.drive.wake();
  }

  // What the client has seen of all its channels, in order: "+" and "-" for answers, data, "exit-status 3", "eof",
  // "close". Data that follow data are one.
  std::vector<std::string> seen;
  bool has_seen(std::string_view what) const { return !seen.empty() && seen.back() == what; }

  asio::io_context io{1};
  SystemRng rng;
  const PrivateKey host_key = PrivateKey::generate("ssh-ed25519", rng);
  const PrivateKey user_key = PrivateKey::generate("ssh-ed25519", rng);

  struct ClientEnd {
    ClientEnd(DrivenPair& its_pair, Fd socket)
        : pair(its_pair), core(settings(), pair.rng), drive(pair.io.get_executor(), core, std::move(socket)) {}
    static std::shared_ptr<const ClientConnectionSettings> settings() {
      auto made = std::make_shared<ClientConnectionSettings>();
      made->transport.kex.role = Role::client;
      made->transport.kex.proposal = default_proposal();
      made->auth.user = "student";
      made->auth.accepted_algorithms = {"ssh-ed25519"};
      return made;
    }

    void on(const HostKeyOffered&) { core.accept_host_key(); }
    void on(const IdentitiesWanted&) { core.provide_identities({Credential(pair.user_key.public_key())}); }
    void on(const UserSignatureWanted& event) {
      core.provide_user_signature(pair.user_key.sign(event.algorithm, event.data));
    }
    void on(const AuthenticationSucceeded&) { logged_in = true; }
    void on(const ChannelRequestAnswered& event) { pair.seen.emplace_back(event.success ? "+" : "-"); }
    void on(const DataArrived& event) {
      if (!std::exchange(data_before, true)) pair.seen.emplace_back();
      pair.seen.back() += text_of(event.data);
      core.channels().at(event.channel).consumed(event.data.size());
    }
    void on(const ChannelRequested& event) {
      std::string text(event.type);
      if (event.type == msg::ExitStatus::name) {
        text += " " + std::to_string(decode<msg::ExitStatus>(event.details).exit_status);
      }
      note(std::move(text));
    }
    void on(const EofArrived&) { note("eof"); }
    void on(const CloseArrived&) { note("close"); }
    template <class Other>
    void on(const Other&) {}
    void note(std::string text) {
      data_before = false;
      pair.seen.push_back(std::move(text));
    }

    DrivenPair& pair;
    ClientConnection core;
    Drive<ClientConnection> drive;
    bool logged_in = false, data_before = false;
  };

  struct ServerEnd {
    ServerEnd(DrivenPair& its_pair, Fd socket, MakeUser its_make_user)
        : pair(its_pair),
          make_user(std::move(its_make_user)),
          core(settings(), pair.rng),
          drive(pair.io.get_executor(), core, std::move(socket)) {}
    std::shared_ptr<const ServerConnectionSettings> settings() const {
      auto made = std::make_shared<ServerConnectionSettings>();
      made->transport.kex.role = Role::server;
      made->transport.kex.proposal = default_proposal();
      made->transport.kex.proposal.host_key = {"ssh-ed25519"};
      made->transport.kex.host_keys = {{"ssh-ed25519", copy_of(pair.host_key.public_key().blob())}};
      made->transport.server_sig_algs = {"ssh-ed25519"};
      return made;
    }

    void on(const SignatureWanted& event) {
      core.provide_signature(pair.host_key.sign(event.host_key_algorithm, event.exchange_hash));
    }
    void on(const AuthSettingsWanted&) { core.provide_auth_settings({.accepted_algorithms = {"ssh-ed25519"}}); }
    void on(const LoginAttempt& event) {
      const bool ours = event.key != nullptr && event.key->key() == pair.user_key.public_key();
      core.decide_login(ours ? LoginDecision::accept : LoginDecision::refuse);
    }
    void on(const LoginComplete&) { core.welcome(); }
    void on(const ChannelOpenWanted& event) {
      core.channels().accept_open(event.channel);
      users.add(make_user(drive.hub()->channel(core.channels(), event.channel)));
    }
    void on(const Disconnected&) { users.end(); }
    template <class Event>
    void on(const Event& event) {
      if constexpr (requires { users.route(event); }) users.route(event);
    }

    DrivenPair& pair;
    MakeUser make_user;
    ServerConnection core;
    Drive<ServerConnection> drive;
    ChannelUsers users;
  };

  ClientEnd client;
  ServerEnd server;

  ~DrivenPair() {
    leave(client);
    leave(server);
    run_until([this] { return running_ == 0; });
  }

 private:
  DrivenPair(MakeUser make_user, SocketPair sockets)
      : client(*this, std::move(sockets.first)), server(*this, std::move(sockets.second), std::move(make_user)) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto ended = [this](const std::exception_ptr&) { --running_; };
    asio::co_spawn(io, client.drive.run(client), ended);
    asio::co_spawn(io, server.drive.run(server), ended);
  }

  template <class End>
  static void leave(End& end) {
    if (!end.core.closed()) end.core.disconnect(DisconnectReason::by_application, "the test is over");
    end.drive.wake();
  }

  int running_ = 2;
};

}  // namespace glassh::test
