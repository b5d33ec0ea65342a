// A refused login through ArrivingConnection, over a socketpair: the answer goes out first, and then its line is in the
// log, whatever happens to the connection.
#include "server/arriving_connection.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "test/server/login/fake_record.h"
#include "test/support/patience.h"
#include "test/support/victim.h"

namespace glassh {
namespace {

namespace asio = boost::asio;

struct RefusingRecord final : test::FakeRecord {
  asio::awaitable<std::vector<std::uint8_t>> sign_exchange(const SignatureWanted& wanted) override {
    co_return test::signed_by_host(wanted.exchange_hash);
  }
  asio::awaitable<LoginTerms> name(std::string) override {
    ServerAuthSettings settings{.password = true, .max_tries = 20};
    co_return LoginTerms{std::move(settings), true};
  }
  asio::awaitable<LoginDecision> try_password(std::string, SecretBytes password) override {
    if (!password.empty()) on_password();  // it is empty for `none`
    co_return LoginDecision::refuse;
  }
  void left(SourcePenalty) override {}

  std::function<void()> on_password = [] {};
};

struct NoKeeper final : Keeper {
  std::unique_ptr<KeeperRecord> arrived(Arrived) const override { test::FakeRecord::unexpected(); }
};

struct Arrival {
  Arrival() {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2] = {};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    client_end = Fd(ends[0]);
    drive.emplace(io.get_executor(), core, Fd(ends[1]));
  }

  static std::shared_ptr<const ServerConnectionSettings> settings() {
    auto settings = std::make_shared<ServerConnectionSettings>();
    settings->transport = test::victims_transport(Role::server, default_proposal());
    return settings;
  }

  // The client tries one password and then waits. Returns when the connection has ended.
  void run() {
    const ServerContext context{config, log, host_keys, keeper, rng, settings()};
    ConnectionParts parts{context, {}, core, *drive, record};
    ArrivingConnection arriving(parts);
    bool ended = false;
    asio::co_spawn(io, drive->run(arriving), [&](const std::exception_ptr&) { ended = true; });
    EXPECT_TRUE(test::run_until(
        io, [&] { return ended; }, [this] { client_acts(); }));
  }

  void client_acts() {
    if (client_end.get() < 0 || password_sent) return;
    std::uint8_t bytes[4096];
    while (unread() > 0) {
      const ssize_t size = read(client_end.get(), bytes, sizeof bytes);
      client.hear(Bytes(bytes, static_cast<std::size_t>(size)));
    }
    const std::vector<std::uint8_t> said = client.said();
    EXPECT_EQ(write(client_end.get(), said.data(), said.size()), static_cast<ssize_t>(said.size()));
    password_sent = std::count(client.events.begin(), client.events.end(), "password wanted") > 0;
  }

  std::size_t unread() const {
    int size = 0;
    EXPECT_EQ(ioctl(client_end.get(), FIONREAD, &size), 0);
    return static_cast<std::size_t>(size);
  }

  asio::io_context io;
  Fd client_end;
  bool password_sent = false;
  test::ClientVictim client{default_proposal(), {}, {"password"}};
  SeededRng rng{8};
  ServerConfig config;
  HostKeys host_keys;
  NoKeeper keeper;
  RefusingRecord record;
  std::function<void()> on_refusal_logged = [] {};
  bool refusal_logged = false;
  Log log{LogLevel::verbose, [this](LogLevel, std::string_view line) {
            if (!line.starts_with("Failed password")) return;
            refusal_logged = true;
            on_refusal_logged();
          }};
  ServerConnection core{settings(), rng};
  std::optional<Drive<ServerConnection>> drive;
};

// Past vulnerability 19: the time of the answer does not depend on whether there is a line.
TEST(RefusalLog, TheAnswerIsSentFirst) {
  Arrival arrival;
  std::size_t sent = 0;
  arrival.on_refusal_logged = [&] {
    sent = arrival.unread();
    arrival.client_end = Fd();
  };
  arrival.run();
  EXPECT_GT(sent, 0u);
}

// Otherwise a client that does not wait for answers could guess passwords that no log shows.
TEST(RefusalLog, AClientThatIsGoneIsInTheLog) {
  Arrival arrival;
  arrival.record.on_password = [&] { arrival.client_end = Fd(); };
  arrival.run();
  EXPECT_TRUE(arrival.refusal_logged);
}

// The server ends the connection so many turns after it was asked about the password.
TEST(RefusalLog, WhatWasAnsweredIsInTheLogWheneverTheServerEnds) {
  unsigned answered = 0;
  for (unsigned turns = 0; turns < 10; ++turns) {
    SCOPED_TRACE(turns);
    Arrival arrival;
    bool sent = false;
    const std::function<void(unsigned)> end_after = [&](unsigned left) {
      if (left > 0) return asio::post(arrival.io, [&, left] { end_after(left - 1); });
      sent = arrival.unread() > 0;
      arrival.core.disconnect(DisconnectReason::by_application, "enough");
      arrival.drive->wake();
    };
    arrival.record.on_password = [&] { end_after(turns); };
    arrival.run();
    EXPECT_EQ(arrival.refusal_logged, sent);
    answered += sent;
  }
  EXPECT_GT(answered, 0u);
  EXPECT_LT(answered, 10u);
}

}  // namespace
}  // namespace glassh
