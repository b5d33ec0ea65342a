// Whole connections with sockets: client and server cores, each under its Drive, joined by a socketpair, with pipes on
// their channels. What the cores promise (test/properties/connection_test.cpp) must survive the rim.
#include <algorithm>
#include <csignal>
#include <functional>
#include <list>
#include <map>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>

#include "channels/io/drive.h"
#include "channels/io/sink.h"
#include "channels/io/source.h"
#include "client/client_connection.h"
#include "proto/messages_transport.h"
#include "server/server_connection.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

std::string read_all(int fd) {
  std::string text;
  std::vector<char> space(64 * 1024);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  for (ssize_t got = 0; (got = ::read(fd, space.data(), space.size())) > 0;) {
    text.append(space.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::string text_for(std::uint32_t channel, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251 + channel * 31);
  return text;
}

// Lets everybody in and echoes: what arrives goes through a pipe and back.
struct Server {
  Server(asio::io_context& io, const std::shared_ptr<const ServerConnectionSettings>& settings, const PrivateKey& key,
         Fd socket)
      : host_key(key), core(settings, rng), drive(io.get_executor(), core, std::move(socket)) {
    asio::co_spawn(io, drive.run(*this), [this](const std::exception_ptr& error) {
      finished = true;
      failed = error != nullptr;
    });
  }

  // As from a process that holds the keys: later, and elsewhere.
  asio::awaitable<void> on(const SignatureWanted& event) {
    co_await asio::post(drive.hub()->executor(), asio::use_awaitable);
    core.provide_signature(host_key.sign(event.host_key_algorithm, event.exchange_hash));
  }
  void on(const AuthSettingsWanted&) { core.provide_auth_settings({.accepted_algorithms = {"ssh-ed25519"}}); }
  asio::awaitable<void> on(const LoginAttempt&) {
    if (never_decides) {
      asio::steady_timer timer(drive.hub()->executor(), asio::steady_timer::time_point::max());
      co_await timer.async_wait(asio::use_awaitable);
    }
    core.decide_login(LoginDecision::accept);
  }
  void on(const LoginComplete&) { core.welcome(); }
  void on(const ChannelOpenWanted& event) {
    core.channels().accept_open(event.channel);
    const ChannelRef channel = drive.hub()->channel(core.channels(), event.channel);
    Pipe pipe = make_pipe();
    sinks[event.channel] = Sink::create(channel, Descriptor::own(drive.hub()->executor(), std::move(pipe.write_end)));
    sources[event.channel] = Source::start(channel, Descriptor::own(drive.hub()->executor(), std::move(pipe.read_end)));
  }
  void on(const DataArrived& event) { sinks.at(event.channel)->write(event.data); }
  void on(const EofArrived& event) { sinks.at(event.channel)->end(); }
  void on(const KeysChanged&) { ++key_changes; }
  void on(const Disconnected& event) { end = event; }
  template <class Other>
  void on(const Other&) {}

  SystemRng rng;
  const PrivateKey& host_key;
  bool never_decides = false;
  std::map<std::uint32_t, std::shared_ptr<Sink>> sinks;
  std::map<std::uint32_t, std::shared_ptr<Source>> sources;
  int key_changes = 0;
  std::optional<Disconnected> end;
  bool finished = false, failed = false;
  ServerConnection core;
  Drive<ServerConnection> drive;
};

struct Client {
  struct Session {
    Fd in, out;  // the far ends of its pipes
    std::string text, arrived;
    std::size_t put = 0;
    bool read = true;
    std::shared_ptr<Source> source;
    std::shared_ptr<Sink> sink;

    bool complete() const { return !in && arrived == text; }
  };

  Client(asio::io_context& io, const std::shared_ptr<const ClientConnectionSettings>& settings, const PrivateKey& key,
         Fd socket)
      : user_key(key), core(settings, rng), drive(io.get_executor(), core, std::move(socket)) {
    asio::co_spawn(io, drive.run(*this), [this](const std::exception_ptr& error) {
      finished = true;
      failed = error != nullptr;
    });
  }

  void on(const HostKeyOffered&) { core.accept_host_key(); }
  void on(const IdentitiesWanted&) { core.provide_identities({Credential(user_key.public_key())}); }
  void on(const UserSignatureWanted& event) { core.provide_user_signature(user_key.sign(event.algorithm, event.data)); }
  void on(const AuthenticationSucceeded&) {
    for (int i = 0; i < channels; ++i) core.channels().open("session");
  }
  void on(const ChannelOpened& event) {
    const ChannelRef channel = drive.hub()->channel(core.channels(), event.channel);
    Session& session = sessions[event.channel];
    session.text = text_for(event.channel, size);
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    session.in = std::move(in.write_end);
    session.out = std::move(out.read_end);
    session.source = Source::start(channel, Descriptor::own(drive.hub()->executor(), std::move(in.read_end)));
    session.sink = Sink::create(channel, Descriptor::own(drive.hub()->executor(), std::move(out.write_end)));
  }
  void on(const DataArrived& event) { sessions.at(event.channel).sink->write(event.data); }
  void on(const EofArrived& event) { sessions.at(event.channel).sink->end(); }
  void on(const KeysChanged&) { ++key_changes; }
  void on(const Disconnected& event) { end = event; }
  template <class Other>
  void on(const Other&) {}

  // What the processes at the pipes do.
  void work() {
    for (auto& [id, session] : sessions) {
      if (session.in && session.put < session.text.size()) {
        ::fcntl(session.in.get(), F_SETFL, O_NONBLOCK);
        const ssize_t put =
            ::write(session.in.get(), session.text.data() + session.put, session.text.size() - session.put);
        if (put > 0) session.put += static_cast<std::size_t>(put);
      }
      if (session.put == session.text.size()) session.in.close();
      if (session.read) session.arrived += read_all(session.out.get());
    }
  }
  bool all_complete() const {
    return static_cast<int>(sessions.size()) == channels &&
           std::all_of(sessions.begin(), sessions.end(), [](const auto& each) { return each.second.complete(); });
  }

  SystemRng rng;
  const PrivateKey& user_key;
  int channels = 1;
  std::size_t size = 100'000;
  std::map<std::uint32_t, Session> sessions;
  int key_changes = 0;
  std::optional<Disconnected> end;
  bool finished = false, failed = false;
  ClientConnection core;
  Drive<ClientConnection> drive;
};

struct Rim : testing::Test {
  SeededRng key_rng{5};
  PrivateKey host_key = PrivateKey::generate("ssh-ed25519", key_rng);
  PrivateKey user_key = PrivateKey::generate("ssh-ed25519", key_rng);
  std::shared_ptr<ServerConnectionSettings> server_settings = std::make_shared<ServerConnectionSettings>();
  std::shared_ptr<ClientConnectionSettings> client_settings = std::make_shared<ClientConnectionSettings>();
  asio::io_context io{1};
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client;

  Rim() {
    std::signal(SIGPIPE, SIG_IGN);
    auto& server_kex = server_settings->transport.kex;
    server_kex.role = Role::server;
    server_kex.proposal = default_proposal();
    server_kex.proposal.host_key = {"ssh-ed25519"};
    server_kex.host_keys = {{"ssh-ed25519", copy_of(host_key.public_key().blob())}};
    server_settings->transport.server_sig_algs = {"ssh-ed25519"};
    client_settings->transport.kex.role = Role::client;
    client_settings->transport.kex.proposal = default_proposal();
    client_settings->auth.user = "student";
    client_settings->auth.accepted_algorithms = {"ssh-ed25519"};
  }
  ~Rim() override {  // before io, whose timers they hold
    client.reset();
    server.reset();
  }

  void connect() {
    SocketPair sockets = make_socket_pair();
    server = std::make_unique<Server>(io, server_settings, host_key, std::move(sockets.first));
    client = std::make_unique<Client>(io, client_settings, user_key, std::move(sockets.second));
  }
  void hang_up() {
    client->core.disconnect(DisconnectReason::by_application, "done");
    client->drive.wake();
    ASSERT_TRUE(run_until([&] { return client->finished && server->finished; }));
  }
  template <class Condition>
  bool run_until(Condition condition) {
    return test::run_until(io, std::move(condition), [this] { client->work(); });
  }
};

TEST_F(Rim, ManySessionsCarryTheirDataAndEnds) {
  connect();
  client->channels = 40;
  ASSERT_TRUE(run_until([&] { return client->all_complete(); }));
  EXPECT_FALSE(client->end);
  hang_up();
  EXPECT_FALSE(client->failed || server->failed);
  ASSERT_TRUE(server->end);
  EXPECT_TRUE(server->end->by_peer);
  EXPECT_EQ(server->end->description, "done");
}

TEST_F(Rim, DataFlowsThroughKeyExchangesOfEitherSide) {
  for (const char* const cipher : {"chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr"}) {
    Proposal& proposal = client_settings->transport.kex.proposal;
    proposal.cipher_client_to_server = proposal.cipher_server_to_client = {cipher};
    client_settings->transport.rekey_limit.bytes = 150'000;
    server_settings->transport.rekey_limit.bytes = 200'000;
    connect();
    client->channels = 5;
    client->size = 400'000;
    ASSERT_TRUE(run_until([&] { return client->all_complete(); })) << cipher;
    EXPECT_GT(client->key_changes, 5) << cipher;
    EXPECT_EQ(server->key_changes, client->key_changes) << cipher;
    EXPECT_FALSE(client->end || server->end) << cipher;
    hang_up();
  }
}

TEST_F(Rim, SessionThatIsNotReadStopsWithinItsWindowsAndHoldsUpNoOther) {
  const ChannelLimits limits{.initial_window = 200'000, .maximum_packet = 32 * 1024, .backlog = 100'000};
  server_settings->channels = client_settings->channels = limits;
  connect();
  client->channels = 3;
  client->size = 3'000'000;
  ASSERT_TRUE(run_until([&] { return client->sessions.size() == 3; }));
  Client::Session& stopped = client->sessions.begin()->second;
  stopped.read = false;
  ASSERT_TRUE(run_until([&] {
    for (const auto& [id, session] : client->sessions) {
      if (&session != &stopped && !session.complete()) return false;
    }
    return true;
  }));
  // Both windows, the four pipes, and what was under way.
  EXPECT_LT(stopped.put, 2 * limits.initial_window + 4 * 64 * 1024 + 2 * limits.backlog);
  for (const auto& [id, sink] : server->sinks) EXPECT_LE(sink->pending(), limits.initial_window);
  EXPECT_LE(stopped.sink->pending(), limits.initial_window);
  stopped.read = true;
  ASSERT_TRUE(run_until([&] { return client->all_complete(); }));
}

TEST_F(Rim, ClientThatVanishesEndsEverythingOfItsOnTheServer) {
  connect();
  client->channels = 10;
  client->size = 2'000'000;
  ASSERT_TRUE(
      run_until([&] { return server->sources.size() == 10 && client->sessions.begin()->second.put > 500'000; }));
  client->drive.hub()->finish();
  ASSERT_TRUE(run_until([&] { return server->finished; }));
  run_until([&] { return io.poll() == 0; });
  ASSERT_TRUE(server->end);
  EXPECT_EQ(server->end->reason, DisconnectReason::connection_lost);
  for (const auto& [id, source] : server->sources) {
    EXPECT_FALSE(source->running());
    EXPECT_EQ(source.use_count(), 1) << "its coroutine has gone";
  }
}

TEST_F(Rim, LoginThatTakesTooLongEndsEvenWhileItIsDecided) {  // [4252-4-6]
  server_settings->login_grace = std::chrono::seconds(1);
  connect();
  server->never_decides = true;
  ASSERT_TRUE(run_until([&] { return server->finished && client->finished; }));
  EXPECT_FALSE(server->failed);
  ASSERT_TRUE(client->end);
  EXPECT_TRUE(client->end->by_peer);
  EXPECT_NE(client->end->description.find("LoginGraceTime"), std::string::npos) << client->end->description;
}

// 100 MB, compressed to a few hundred KB. The socket alone has them all read in a handful of turns.
TEST_F(Rim, CompressedFloodLetsOthersHaveTheirTurns) {
  for (Proposal* const each : {&server_settings->transport.kex.proposal, &client_settings->transport.kex.proposal}) {
    each->compression_client_to_server = each->compression_server_to_client = {"zlib@openssh.com"};
  }
  connect();
  ASSERT_TRUE(run_until([&] { return client->all_complete(); }));
  constexpr std::size_t messages = 500, size = 200'000, turn = 512UL * 1024;
  const std::vector<std::uint8_t> zeros(size);
  for (std::size_t i = 0; i < messages; ++i) client->core.transport().writer().send(msg::Ignore{zeros});
  client->core.disconnect(DisconnectReason::by_application, "done");
  client->drive.wake();
  std::size_t turns = 0;
  const std::function<void()> work = [&] {
    ++turns;
    if (!server->finished) asio::post(io, work);
  };
  asio::post(io, work);
  ASSERT_TRUE(run_until([&] { return server->finished; }));
  ASSERT_TRUE(server->end);
  EXPECT_EQ(server->end->description, "done");
  EXPECT_GE(turns, messages * size / (turn + size)) << "a turn ends with the message that is too much";
}

TEST_F(Rim, IdleConnectionHoldsNoBlock) {
  connect();
  ASSERT_TRUE(run_until([&] { return client->all_complete(); }));
  run_until([&] { return io.poll() == 0; });
  EXPECT_FALSE(client->core.transport().reader().holds_block());
  EXPECT_FALSE(server->core.transport().reader().holds_block());
  EXPECT_EQ(client->core.backlog(), 0u);
  EXPECT_EQ(server->core.backlog(), 0u);
}

}  // namespace
}  // namespace glassh
