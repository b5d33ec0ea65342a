#include "server/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "test/server/log_lines.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

using test::LogLines;
using testing::HasSubstr;

ServerConfig on_loopback(std::uint16_t port = 0) {
  ServerConfig config;
  config.ports = {port};
  config.listen_addresses = {{"127.0.0.1", std::nullopt}};
  return config;
}

std::uint16_t port_of(const Fd& socket) { return addresses_of(socket.get()).local_port; }

Fd connect_to(std::uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* const generic = &address;
  EXPECT_EQ(::connect(socket.get(), static_cast<const sockaddr*>(generic), sizeof address), 0);
  return socket;
}

// What the other side sends until it closes.
std::string read_all(const Fd& socket) {
  std::string text;
  char piece[256];
  for (ssize_t got = 0; (got = ::read(socket.get(), piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(got));
  }
  return text;
}

TEST(ListenOn, SaysWhichPortTheSystemChose) {
  const LogLines lines;
  const auto sockets = listen_on(on_loopback(), lines.log);
  ASSERT_EQ(sockets.size(), 1u);
  EXPECT_NE(port_of(sockets[0]), 0);
  EXPECT_EQ(lines.text(), fmt::format("Server listening on 127.0.0.1 port {}.\n", port_of(sockets[0])));
}

TEST(ListenOn, ABusyPortIsAnError) {
  const LogLines lines;
  const auto first = listen_on(on_loopback(), lines.log);
  const std::string before = lines.text();
  try {
    listen_on(on_loopback(port_of(first[0])), lines.log);
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(),
              fmt::format("Bind to port {} on 127.0.0.1 failed: Address already in use.", port_of(first[0])));
  }
  EXPECT_EQ(lines.text(), before);
}

TEST(ListenOn, AnUnknownHostIsAnError) {
  const LogLines lines;
  ServerConfig config = on_loopback();
  config.listen_addresses = {{"no such host", std::nullopt}};
  EXPECT_THROW(listen_on(config, lines.log), std::runtime_error);
}

TEST(ListenOn, KeepsToTheAddressFamily) {
  const LogLines lines;
  ServerConfig config = on_loopback();
  config.address_family = AddressFamily::inet6;
  EXPECT_THROW(listen_on(config, lines.log), std::runtime_error) << "127.0.0.1 is no IPv6 address";
}

struct ListenerTest : testing::Test {
  void listen() {
    auto sockets = listen_on(on_loopback(), lines.log);
    port = port_of(sockets[0]);
    listener.emplace(io.get_executor(), std::move(sockets), startups, rng, lines.log, [this](Accepted each) {
      if (std::exchange(fails_once, false)) throw std::runtime_error("no thread takes it");
      accepted.push_back(std::move(each));
    });
    listener->start();
  }
  template <class Condition>
  void run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + test::patience;
    while (!condition() && std::chrono::steady_clock::now() < deadline) io.run_one_for(std::chrono::seconds(1));
    ASSERT_TRUE(condition());
  }

  LogLines lines;
  SystemRng rng;
  asio::io_context io;
  ServerConfig limits = [] {
    ServerConfig config;
    config.max_startups = {.start = 2, .rate = 100, .full = 2};
    config.per_source_penalties.auth_fail = 15;
    return config;
  }();
  Startups startups{limits};
  std::vector<Accepted> accepted;
  bool fails_once = false;
  std::optional<Listener> listener;
  std::uint16_t port = 0;
};

TEST_F(ListenerTest, HandsOnEachConnection) {
  listen();
  const Fd one = connect_to(port);
  run_until([&] { return accepted.size() == 1; });
  const Accepted& got = accepted[0];
  EXPECT_EQ(got.addresses.local_port, port);
  EXPECT_EQ(got.addresses.remote_port, port_of(one));
  EXPECT_EQ(got.addresses.remote_host, "127.0.0.1");
  EXPECT_EQ(::fcntl(got.socket.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(::fcntl(got.socket.get(), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ASSERT_EQ(::getsockopt(got.socket.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_EQ(no_delay, 1);
}

// [4251-9.3.5-3]
TEST_F(ListenerTest, TellsThoseBeyondMaxStartups) {
  listen();
  const Fd one = connect_to(port);
  const Fd two = connect_to(port);
  const Fd three = connect_to(port);
  run_until([&] { return accepted.size() == 2 && lines.text().find("drop") != std::string::npos; });
  EXPECT_EQ(read_all(three), "Not allowed at this time\r\n");
  EXPECT_THAT(lines.text(), HasSubstr(fmt::format("error: beginning MaxStartups throttling\n"
                                                  "drop connection #2 from [127.0.0.1]:{} on [127.0.0.1]:{} past "
                                                  "MaxStartups\n",
                                                  port_of(three), port)));
  accepted.clear();  // both have gone
  const Fd four = connect_to(port);
  run_until([&] { return accepted.size() == 1; });
}

TEST_F(ListenerTest, TellsASourceThatIsPenalised) {
  listen();
  const Fd one = connect_to(port);
  run_until([&] { return accepted.size() == 1; });
  EXPECT_THAT(accepted[0].place.penalise(SourcePenalty::auth_fail, std::chrono::steady_clock::now()),
              HasSubstr("127.0.0.1/32: activating ipv4 penalty of 15 seconds"));
  accepted.clear();
  const Fd two = connect_to(port);
  run_until([&] { return lines.text().find("drop") != std::string::npos; });
  EXPECT_EQ(read_all(two), "Not allowed at this time\r\n");
  EXPECT_THAT(lines.text(),
              HasSubstr(fmt::format("drop connection #0 from [127.0.0.1]:{} on [127.0.0.1]:{} penalty: failed "
                                    "authentication\n",
                                    port_of(two), port)));
  EXPECT_TRUE(accepted.empty());
}

TEST_F(ListenerTest, StopsWhenClosed) {
  listen();
  listener->close();
  io.run();  // returns: nothing waits any more
  const Fd late(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* const generic = &address;
  EXPECT_EQ(::connect(late.get(), static_cast<const sockaddr*>(generic), sizeof address), -1);
}

TEST_F(ListenerTest, GoesOnWhenAConnectionCannotBeHandedOn) {
  listen();
  fails_once = true;
  const Fd one = connect_to(port);
  run_until([&] { return !fails_once; });
  EXPECT_EQ(read_all(one), "") << "it is closed";
  EXPECT_THAT(lines.text(), HasSubstr("error: accept: no thread takes it\n"));
  const Fd two = connect_to(port);
  run_until([&] { return accepted.size() == 1; });
}

// SIGHUP with an address more: a client that waits to be accepted at the address that stays is not lost.
TEST_F(ListenerTest, HandsItsSocketsToTheNextListener) {
  listen();
  const Fd waits = connect_to(port);
  ServerConfig config = on_loopback(port);
  config.listen_addresses.push_back({"127.0.0.2", std::nullopt});
  auto sockets = listen_on(config, lines.log, listener->sockets());
  ASSERT_EQ(sockets.size(), 2u);
  EXPECT_THROW(listen_on(config, lines.log), AddressInUse);
  Listener next(io.get_executor(), std::move(sockets), startups, rng, lines.log,
                [this](Accepted each) { accepted.push_back(std::move(each)); });
  listener->close();
  EXPECT_TRUE(listener->sockets().empty());
  next.start();
  run_until([&] { return accepted.size() == 1; });
  const Fd later = connect_to(port);
  run_until([&] { return accepted.size() == 2; });
  next.close();
}

// accept(2) fails with EMFILE as long as that connection waits: trying again at once would burn a processor.
TEST_F(ListenerTest, DoesNotSpinWithoutDescriptors) {
  listen();
  const Fd one = connect_to(port);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const Fd lowest_free = Fd::duplicate(one.get());
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest_free.get());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  std::size_t turns = io.run_one_for(test::patience);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);
  while (std::chrono::steady_clock::now() < until) turns += io.run_one_for(std::chrono::milliseconds(50));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);

  EXPECT_LT(turns, 20u);
  EXPECT_THAT(lines.text(), HasSubstr("error: accept: Too many open files\n"));
  EXPECT_TRUE(accepted.empty());
  run_until([&] { return accepted.size() == 1; });
}

}  // namespace
}  // namespace glassh
