#include "channels/io/tcp_connector.h"

#include <memory>
#include <optional>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "channels/io/private_socket.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

NetworkAddress address_of(const std::string& host, std::uint16_t port = 0) {
  const LookupResult found = look_up_here(host, port, AF_UNSPEC);
  EXPECT_EQ(found.addresses.size(), 1u) << host << ": " << found.problem;
  return found.addresses.at(0);
}

struct Attempt {
  asio::io_context io{1};
  std::shared_ptr<TcpConnector> connector = std::make_shared<TcpConnector>(io.get_executor());
  std::optional<Fd> result = {};

  static asio::awaitable<void> run(Attempt* self, std::string host, std::uint16_t port) {
    self->result = co_await self->connector->connect(std::move(host), port);
  }
  void start(const std::string& host, std::uint16_t port) { asio::co_spawn(io, run(this, host, port), asio::detached); }
  // Until it has come to something.
  void finish() { io.run(); }
};

TEST(TcpSocket, ConnectsToDigitsAndToNames) {
  const Fd listener = listen_at(address_of("127.0.0.1"));
  for (const char* host : {"127.0.0.1", "localhost", "::ffff:127.0.0.1"}) {
    Attempt attempt;
    attempt.start(host, own_endpoint(listener.get()).port);
    attempt.finish();
    ASSERT_TRUE(*attempt.result) << host << ": " << attempt.connector->problem();
    ASSERT_TRUE(test::run_until_readable(attempt.io, listener.get()));
    const Fd accepted = accept_connection(listener.get());
    ASSERT_TRUE(accepted);
    EXPECT_EQ(peer_endpoint(accepted.get()).port, own_endpoint(attempt.result->get()).port);
    EXPECT_EQ(peer_endpoint(attempt.result->get()).host, "127.0.0.1");
    int at_once = 0;
    socklen_t size = sizeof at_once;
    ::getsockopt(attempt.result->get(), IPPROTO_TCP, TCP_NODELAY, &at_once, &size);
    EXPECT_EQ(at_once, 1);
  }
}

TEST(TcpSocket, SaysWhyItCouldNotConnect) {
  Fd listener = listen_at(address_of("127.0.0.1"));
  const std::uint16_t port = own_endpoint(listener.get()).port;
  listener.close();
  Attempt refused;
  refused.start("127.0.0.1", port);
  refused.finish();
  EXPECT_FALSE(*refused.result);
  EXPECT_EQ(refused.connector->problem(), "Connection refused");
  Attempt unknown;
  unknown.start("no-such-host.invalid", 80);
  unknown.finish();
  EXPECT_FALSE(*unknown.result);
  EXPECT_NE(unknown.connector->problem(), "");
  Attempt wrong_family;
  wrong_family.connector = std::make_shared<TcpConnector>(wrong_family.io.get_executor(), AF_INET6);
  wrong_family.start("127.0.0.1", port);
  wrong_family.finish();
  EXPECT_FALSE(*wrong_family.result);
  EXPECT_NE(wrong_family.connector->problem(), "");
}

// A listener whose queue is full answers nothing, which is what a silent host does.
TEST(TcpSocket, AnAttemptThatIsCancelledEndsAtOnce) {
  const Fd listener = listen_at(address_of("127.0.0.1"));
  ASSERT_EQ(::listen(listener.get(), 0), 0);
  std::vector<std::unique_ptr<Attempt>> attempts;
  const std::uint16_t port = own_endpoint(listener.get()).port;
  for (int i = 0; i < 3; ++i) {
    attempts.push_back(std::make_unique<Attempt>());
    attempts.back()->start("127.0.0.1", port);
    attempts.back()->io.poll();
  }
  Attempt& last = *attempts.back();
  ASSERT_FALSE(last.result) << "the queue was meant to be full";
  last.connector->cancel();
  last.finish();
  EXPECT_FALSE(*last.result);
}

TEST(TcpSocket, ALookupThatIsCancelledEndsAtOnce) {
  Attempt attempt;
  attempt.start("no-such-host.invalid", 80);
  attempt.io.poll();
  attempt.connector->cancel();
  attempt.finish();
  EXPECT_FALSE(*attempt.result);
}

TEST(TcpSocket, ListensOnBothFamiliesAtTheSamePort) {
  const Fd first = listen_at(address_of("0.0.0.0"));
  const std::uint16_t port = own_endpoint(first.get()).port;
  EXPECT_NE(port, 0);
  const Fd second = listen_at(address_of("::", port));
  EXPECT_EQ(own_endpoint(second.get()).port, port);
  EXPECT_EQ(own_endpoint(second.get()).host, "::");
  EXPECT_THROW(listen_at(address_of("127.0.0.1", port)), std::system_error);
}

TEST(TcpSocket, AnAddressKnowsItsDigits) {
  NetworkAddress address = address_of("::ffff:192.0.2.7", 80);
  EXPECT_EQ(address.host(), "192.0.2.7");
  address = address_of("2001:db8::1", 80);
  address.set_port(443);
  EXPECT_EQ(address.host(), "2001:db8::1");
  EXPECT_EQ(address.port(), 443);
}

}  // namespace
}  // namespace glassh
