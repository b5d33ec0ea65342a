// Two sessions of one client connection: a whole SshClient on one side, on the other the server's core, its drive and
// its sessions, which run real programs. RFC 4254 section 5: channels share a connection and nothing else.
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "channels/io/channel_users.h"
#include "channels/io/drive.h"
#include "server/server_connection.h"
#include "server/sessions/session.h"
#include "test/client/ssh_client_fixture.h"
#include "test/server/log_lines.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

// Lets everybody in, and gives each channel a session.
struct SessionServer {
  SessionServer(asio::io_context& io, Fd socket, const std::string& home)
      : account{"ada", ::geteuid(), ::getegid(), home, "/bin/sh"},
        core(settings(host_key), rng),
        drive(io.get_executor(), core, std::move(socket)) {
    ServerConfig config;
    config.accept_env = {"GLASSH_*"};
    context = std::make_shared<SessionContext>(SessionContext{
        std::make_shared<ServerConfig>(config), account, lines.log, 0, {"192.0.2.1", 50000, "192.0.2.2", 22}});
    asio::co_spawn(io, drive.run(*this), [this](const std::exception_ptr& error) {
      EXPECT_FALSE(error);
      users.end();
      finished = true;
    });
  }

  static std::shared_ptr<ServerConnectionSettings> settings(const PrivateKey& key) {
    auto settings = std::make_shared<ServerConnectionSettings>();
    settings->transport.kex.role = Role::server;
    settings->transport.kex.proposal = default_proposal();
    settings->transport.kex.proposal.host_key = {"ssh-ed25519"};
    settings->transport.kex.host_keys = {{"ssh-ed25519", copy_of(key.public_key().blob())}};
    settings->transport.server_sig_algs = {"ssh-ed25519"};
    return settings;
  }

  void on(const SignatureWanted& wanted) {
    core.provide_signature(host_key.sign(wanted.host_key_algorithm, wanted.exchange_hash));
  }
  void on(const AuthSettingsWanted&) { core.provide_auth_settings({.accepted_algorithms = {"ssh-ed25519"}}); }
  void on(const LoginAttempt&) { core.decide_login(LoginDecision::accept); }
  void on(const LoginComplete&) { core.welcome(); }
  void on(const ChannelOpenWanted& wanted) {
    core.channels().accept_open(wanted.channel);
    users.add(Session::create(drive.hub()->channel(core.channels(), wanted.channel), context));
  }
  void on(const Disconnected& event) { end = event; }
  template <class Event>
  void on(const Event& event) {
    if constexpr (requires { users.route(event); }) users.route(event);
  }

  SeededRng rng{3};
  PrivateKey host_key = PrivateKey::generate("ssh-ed25519", rng);
  test::LogLines lines;
  Account account;
  std::shared_ptr<SessionContext> context;
  ChannelUsers users;
  std::optional<Disconnected> end;
  bool finished = false;
  ServerConnection core;
  Drive<ServerConnection> drive;
};

// The far ends of one session's descriptors.
struct Ends {
  explicit Ends(SessionStreams& streams) {
    Pipe input = make_pipe();
    Pipe output = make_pipe();
    Pipe errors = make_pipe();
    streams.input = std::move(input.read_end);
    streams.output = std::move(output.write_end);
    streams.errors = std::move(errors.write_end);
    in = std::move(input.write_end);
    out = std::move(output.read_end);
    err = std::move(errors.read_end);
  }

  void types(std::string_view text) const {
    EXPECT_EQ(::write(in.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void collect() {
    take(out, output);
    take(err, errors);
  }
  static void take(const Fd& from, std::string& into) {
    ::fcntl(from.get(), F_SETFL, O_NONBLOCK);
    char space[4096];
    for (ssize_t got = 0; (got = ::read(from.get(), space, sizeof space)) > 0;) {
      into.append(space, static_cast<std::size_t>(got));
    }
  }

  Fd in, out, err;
  std::string output, errors;
};

// Names itself by what its environment says, and ends with `status` when it has been told something.
std::string program(int status) {
  return "echo \"$GLASSH_NAME runs$GLASSH_ONLY_ONE\"; echo \"$GLASSH_NAME complains\" >&2; read line; "
         "echo \"$GLASSH_NAME was told $line\"; exit " +
         std::to_string(status);
}

struct TwoSessionsTest : SshClientTest {
  TwoSessionsTest() {
    home_.write("log", "");
    log.use_file(home_.path("log"));
    SocketPair sockets = make_socket_pair();
    server = std::make_unique<SessionServer>(io, std::move(sockets.first), home_.path(""));
    const std::vector<std::string> environment = {"GLASSH_NAME=one", "GLASSH_ONLY_ONE= alone", "HOME=/nowhere"};
    config_.send_env = {"GLASSH_*"};
    client =
        std::make_unique<SshClient>(io.get_executor(), config_, session_wish(config_, program(3), false, environment),
                                    ServerStream(std::move(sockets.second), "192.0.2.1", 22), Asker({}, {}, terminal_),
                                    log, rng_, nullptr, KeyLog{}, std::nullopt);
  }
  ~TwoSessionsTest() override {  // before io, whose timers they hold
    run_until([this] { return server->finished; });
    client.reset();
    server.reset();
  }

  // Starts both sessions: the client's own on its standard descriptors, the other on pipes.
  void start() {
    SessionStreams standard;
    one.emplace(standard);
    std::optional<StandardStreams> in_place;
    in_place.emplace(std::array{standard.input.get(), standard.output.get(), standard.errors.get()});
    client->on_login = [&](ServicePhase& service) {
      in_place.reset();
      SessionStreams streams;
      two.emplace(streams);
      const std::vector<std::string> environment = {"GLASSH_NAME=two"};
      second = service.open_session(session_wish(config_, program(4), false, environment), std::move(streams));
    };
    asio::co_spawn(io, client->run(), [this](const std::exception_ptr& error, int result) {
      EXPECT_FALSE(error);
      status = result;
    });
    EXPECT_TRUE(run_until([this] { return second != nullptr; }));
  }
  template <class Condition>
  bool run_until(Condition condition) {
    return test::run_until(io, std::move(condition), [this] {
      if (one) one->collect();
      if (two) two->collect();
    });
  }
  bool both_run() {
    const auto spoke = [](const Ends& ends) { return ends.output.ends_with("\n") && ends.errors.ends_with("\n"); };
    return run_until([&] { return spoke(*one) && spoke(*two); });
  }

  asio::io_context io{1};
  ClientLog log{LogLevel::info};
  std::unique_ptr<SessionServer> server;
  std::unique_ptr<SshClient> client;
  std::optional<Ends> one, two;
  std::shared_ptr<RemoteSession> second;
  std::optional<int> status;  // of the client, when it has ended
};

TEST_F(TwoSessionsTest, RunAtTheSameTimeEachWithItsOwnDescriptorsAndEnvironment) {
  start();
  ASSERT_TRUE(both_run());
  EXPECT_EQ(one->output, "one runs alone\n");
  EXPECT_EQ(one->errors, "one complains\n");
  EXPECT_EQ(two->output, "two runs\n");
  EXPECT_EQ(two->errors, "two complains\n");
  EXPECT_EQ(server->users.count(), 2u);

  // The second ends, and the first goes on.
  two->types("enough\n");
  ASSERT_TRUE(run_until([this] { return second->written(); }));
  EXPECT_EQ(second->exit_status(), 4);
  EXPECT_EQ(two->output, "two runs\ntwo was told enough\n");
  EXPECT_EQ(one->output, "one runs alone\n");
  EXPECT_FALSE(status);
  EXPECT_FALSE(server->end);

  // The connection ends with the last one.
  one->types("more\n");
  ASSERT_TRUE(run_until([this] { return status.has_value(); }));
  EXPECT_EQ(status, 3);
  EXPECT_EQ(second->exit_status(), 4);
  EXPECT_EQ(one->output, "one runs alone\none was told more\n");
  EXPECT_EQ(one->errors, "one complains\n");
  ASSERT_TRUE(run_until([this] { return server->finished; }));
  ASSERT_TRUE(server->end);
  EXPECT_EQ(server->end->reason, DisconnectReason::by_application);
  EXPECT_EQ(home_.read("log"), "");
}

TEST_F(TwoSessionsTest, TheConnectionOutlivesTheFirstSessionWhileTheSecondGoesOn) {
  start();
  ASSERT_TRUE(both_run());
  one->types("enough\n");
  ASSERT_TRUE(run_until([this] { return one->output == "one runs alone\none was told enough\n"; }));
  ASSERT_TRUE(run_until([this] { return server->users.count() == 1; }));
  EXPECT_FALSE(second->ended());
  EXPECT_FALSE(status);

  two->types("more\n");
  ASSERT_TRUE(run_until([this] { return status.has_value(); }));
  EXPECT_EQ(status, 3) << "the client's own session is the first";
  EXPECT_EQ(second->exit_status(), 4);
  EXPECT_EQ(two->output, "two runs\ntwo was told more\n");
}

TEST_F(TwoSessionsTest, ASignalEndsBoth) {
  start();
  ASSERT_TRUE(both_run());
  EXPECT_FALSE(client->end_by_signal(SIGTERM)) << "the program ends by itself";
  ASSERT_TRUE(run_until([this] { return status.has_value(); }));
  EXPECT_EQ(status, SshClient::own_error);
  EXPECT_TRUE(second->ended());
  EXPECT_EQ(second->exit_status(), std::nullopt);
}

}  // namespace
}  // namespace glassh
