// The server's side of X11 forwarding: a display whose connections become channels.
#include "server/forwarding/x11_forwarding.h"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <boost/asio/io_context.hpp>

#include "channels/io/private_socket.h"
#include "channels/io/tcp_connector.h"
#include "proto/messages_forward.h"
#include "test/server/forwarding/channels_fixture.h"

namespace glassh {
namespace {

class X11ForwardingTest : public test::ChannelsTest {
 protected:
  X11ForwardingTest() {
    quiet_ = std::chrono::milliseconds(1);
    // Somewhere where nobody else looks for displays.
    const Fd free = listen_at(look_up_here("127.0.0.1", 0, AF_INET).addresses.at(0));
    config_.x11_display_offset = own_endpoint(free.get()).port - 6000u;
  }
  ~X11ForwardingTest() override { forwarding_.reset(); }

  void create(bool single_connection = false) {
    X11Wish wish{single_connection, *parse_x11_cookie("MIT-MAGIC-COOKIE-1", "C0FFEE"), 3};
    forwarding_ = X11Forwarding::create(hub_, channels_, users_, config_, std::move(wish), lines_.log);
    port_ = static_cast<std::uint16_t>(6000 + forwarding_->display_number());
  }
  // A program that connects; nothing if nobody listens there.
  Fd connect(const std::string& host = "127.0.0.1") {
    Fd program(::socket(host.find(':') == host.npos ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const NetworkAddress address = look_up_here(host, port_, AF_UNSPEC).addresses.at(0);
    const void* const generic = &address.bytes;
    if (::connect(program.get(), static_cast<const sockaddr*>(generic), address.size) < 0) return Fd();
    run();
    return program;
  }
  std::uint32_t opened_channel() {
    run_until_sent();
    const auto open = out_.take_only<msg::ChannelOpen>();
    EXPECT_EQ(open.channel_type, "x11");
    return open.sender_channel;
  }

  ServerConfig config_;
  std::shared_ptr<X11Forwarding> forwarding_;
  std::uint16_t port_ = 0;
};

TEST_F(X11ForwardingTest, AConnectionBecomesAChannelAndBytesGoBothWays) {
  create();
  const Fd program = connect();
  ASSERT_TRUE(program);
  run_until_sent();
  const auto open = out_.take_only<msg::ChannelOpen>();
  const auto details = decode<msg::X11Open>(open.channel_type_specific_data.bytes);
  EXPECT_EQ(details.originator_address, "127.0.0.1");
  EXPECT_EQ(details.originator_port, own_endpoint(program.get()).port);
  const std::uint32_t channel = open.sender_channel;
  receive(msg::ChannelOpenConfirmation{channel, 7, 1000, 1000, {}});
  ASSERT_EQ(::send(program.get(), "setup", 5, 0), 5);
  run_until_sent();
  EXPECT_EQ(text_of(out_.take_only<msg::ChannelData>().data), "setup");
  receive(msg::ChannelData{channel, bytes_of("welcome")});
  EXPECT_EQ(read(program), "welcome");
}

// RFC 4251 section 9.5.3 [4251-9.5.3-2]
TEST_F(X11ForwardingTest, TheDisplayIsOfThisMachineOnlyUnlessTheConfigurationSaysOtherwise) {
  create();
  const std::string number = std::to_string(forwarding_->display_number());
  EXPECT_EQ(forwarding_->display(), "localhost:" + number + ".3");
  EXPECT_EQ(forwarding_->xauth_commands(),
            "remove unix:" + number + ".3\nadd unix:" + number + ".3 MIT-MAGIC-COOKIE-1 c0ffee\n");
  EXPECT_EQ(forwarding_->cookie_line(), "MIT-MAGIC-COOKIE-1 c0ffee\n");
  EXPECT_TRUE(connect("127.0.0.1"));
  EXPECT_FALSE(connect("127.0.0.2"));
  config_.x11_use_localhost = false;
  create();
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  EXPECT_EQ(forwarding_->display(), fmt::format("{}:{}.3", name, forwarding_->display_number()));
  EXPECT_TRUE(connect("127.0.0.2"));
}

// Past vulnerability 90 (CVE-2008-1483): whichever family somebody else has, that display is not ours.
TEST_F(X11ForwardingTest, ADisplayOfWhichSomebodyHasOneFamilyIsNotTaken) {
  for (const std::string host : {"127.0.0.1", "::1", "0.0.0.0", "::"}) {
    SCOPED_TRACE(host);
    create();
    const std::uint32_t number = forwarding_->display_number();
    forwarding_.reset();
    run();
    Fd others;
    try {
      others = listen_at(look_up_here(host, static_cast<std::uint16_t>(6000 + number), AF_UNSPEC).addresses.at(0));
    } catch (const std::system_error& error) {
      // A machine without IPv6 has no such port to take.
      ASSERT_TRUE(host.find(':') != host.npos && error.code().value() != EADDRINUSE) << error.what();
      continue;
    }
    create();
    EXPECT_GT(forwarding_->display_number(), number);
    EXPECT_FALSE(accept_connection(others.get()));
  }
}

TEST_F(X11ForwardingTest, OneFamilyIsEnoughIfItIsTheOnlyOne) {
  config_.address_family = AddressFamily::inet;
  create();
  EXPECT_TRUE(connect("127.0.0.1"));
  EXPECT_FALSE(connect("::1"));
}

TEST_F(X11ForwardingTest, WithoutAFreeDisplayThereIsNone) {
  config_.x11_display_offset = 70000;
  EXPECT_THROW(create(), std::system_error);
}

// RFC 4254 section 6.3.1 [4254-6.3.1-3], past vulnerability 64
TEST_F(X11ForwardingTest, ASingleConnectionIsTheOnlyOne) {
  create(true);
  const Fd program = connect();
  ASSERT_TRUE(program);
  const std::uint32_t channel = opened_channel();
  EXPECT_FALSE(connect());
  receive(msg::ChannelOpenConfirmation{channel, 7, 1000, 1000, {}});
  receive(msg::ChannelData{channel, bytes_of("welcome")});
  EXPECT_EQ(read(program), "welcome");
  EXPECT_FALSE(connect()) << "nor after the client has accepted it";
  receive(msg::ChannelClose{channel});
  EXPECT_FALSE(connect()) << "nor when it is over";
  create(false);
  const Fd one = connect();
  const Fd two = connect();
  EXPECT_TRUE(one && two);
}

// RFC 4254 section 6.3.1 [4254-6.3.1-2]
TEST_F(X11ForwardingTest, NobodyNewGetsInAfterTheSessionButWhoIsInStays) {
  create();
  const Fd program = connect();
  const std::uint32_t channel = opened_channel();
  const Fd waiting = connect();
  const std::uint32_t second = opened_channel();
  receive(msg::ChannelOpenConfirmation{channel, 7, 1000, 1000, {}});
  forwarding_.reset();
  run();
  EXPECT_FALSE(connect());
  receive(msg::ChannelData{channel, bytes_of("still here")});
  EXPECT_EQ(read(program), "still here");
  // Past vulnerability 64: an answer that comes after the display has gone.
  receive(msg::ChannelOpenConfirmation{second, 8, 1000, 1000, {}});
  receive(msg::ChannelData{second, bytes_of("welcome")});
  EXPECT_EQ(read(waiting), "welcome");
}

TEST_F(X11ForwardingTest, AChannelThatTheClientRefusesHangsUpOnTheProgram) {
  create();
  const Fd program = connect();
  receive(msg::ChannelOpenFailure{opened_channel(), 1, "no", ""});
  EXPECT_EQ(read(program), "");
  EXPECT_EQ(users_.count(), 0u);
}

TEST_F(X11ForwardingTest, ThereIsALimitOfConnections) {
  create();
  std::vector<Fd> programs;
  for (int i = 0; i < 258; ++i) programs.push_back(connect());
  EXPECT_EQ(read(programs[256]), "");
  EXPECT_EQ(out_.take().size(), 256u);
  EXPECT_TRUE(silent(programs[255]));
}

// Past vulnerability 64: a storm of connections that come and go at any stage, from two programs at a time.
TEST_F(X11ForwardingTest, AStormOfConnectionsLeavesNothingBehind) {
  create();
  for (std::uint32_t i = 0; i < 100; ++i) {
    Fd first = connect();
    const std::uint32_t one = opened_channel();
    Fd second = connect();
    const std::uint32_t two = opened_channel();
    if (i % 3 == 0) first.close();
    receive(msg::ChannelOpenConfirmation{one, 70, 1000, 1000, {}});
    if (i % 2 == 0) {
      receive(msg::ChannelOpenFailure{two, 1, "", ""});
    } else {
      receive(msg::ChannelOpenConfirmation{two, 71, 1000, 1000, {}});
      receive(msg::ChannelData{two, bytes_of("x")});
      receive(msg::ChannelClose{two});
    }
    if (i % 3 == 1) receive(msg::ChannelEof{one});
    second.close();
    run();
    receive(msg::ChannelClose{one});
    out_.take();
  }
  EXPECT_EQ(users_.count(), 0u);
  EXPECT_LE(channels_.count(), 1u);  // the last one, which is buried with the next message
}

}  // namespace
}  // namespace glassh
