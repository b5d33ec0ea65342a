#include "server/forwarding/direct_forwarding.h"

#include <cstring>

#include "test/server/forwarding/forwarding_fixture.h"
#include "test/support/no_descriptors.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

class DirectForwardingTest : public test::ForwardingTest {
 protected:
  ~DirectForwardingTest() override {
    direct_->end();
    users_.end();
    hub_->finish();
    run_all();
  }

  // The client's channel 7.
  template <class Tail>
  void open(const Tail& tail) {
    open(Tail::name, encode(tail));
  }
  void open(std::string_view type, Bytes details) {
    const auto payload = encode(msg::ChannelOpen{type, 7, 1000, 1000, Rest{details}});
    const auto event = channels_.on_payload(payload);
    direct_->on(std::get<ChannelOpenWanted>(*event));
  }
  template <class M>
  void receive(const M& message) {
    const auto payload = encode(message);
    if (const auto event = channels_.on_payload(payload)) {
      std::visit(
          [&](const auto& each) {
            if constexpr (requires { users_.route(each); }) users_.route(each);
          },
          *event);
    }
    run_all();
  }
  std::string refused() {
    EXPECT_TRUE(run_until([&] { return channels_.count() == 0; }));
    const auto failure = out_.take_only<msg::ChannelOpenFailure>();
    EXPECT_EQ(failure.recipient_channel, 7u);
    return std::to_string(failure.reason_code) + " " + std::string(failure.description);
  }

  std::shared_ptr<DirectForwarding> direct_ = std::make_shared<DirectForwarding>(hub_, channels_, users_, context_);
};

TEST_F(DirectForwardingTest, OpensAreRefusedWhenTheConnectionMayHaveNoMoreDescriptors) {
  const Fd listener = listen();
  const test::NoDescriptors none;
  open(msg::DirectTcpip{"127.0.0.1", own_endpoint(listener.get()).port, "10.0.0.1", 4711});
  EXPECT_EQ(refused(), "4 out of descriptors");
  open(msg::DirectStreamlocal{"/nowhere", {}, 0});
  EXPECT_EQ(refused(), "4 out of descriptors");
}

// [4254-7.2-2] [4254-7.2-4]: a host that nobody announced, and no session anywhere.
TEST_F(DirectForwardingTest, AHostIsConnectedToAndEachDirectionEndsByItself) {
  const Fd listener = listen();
  open(msg::DirectTcpip{"localhost", own_endpoint(listener.get()).port, "10.0.0.1", 4711});
  ASSERT_TRUE(run_until([&] { return users_.count() == 1; }));
  ASSERT_TRUE(test::run_until_readable(io_, listener.get()));
  const Fd peer = accept_connection(listener.get());
  EXPECT_EQ(out_.take_only<msg::ChannelOpenConfirmation>().recipient_channel, 7u);
  receive(msg::ChannelData{0, bytes_of("question")});
  receive(msg::ChannelEof{0});
  EXPECT_EQ(read(peer), "question");
  EXPECT_EQ(read(peer), "") << "the client's end";
  ASSERT_EQ(::send(peer.get(), "answer", 6, 0), 6);
  const auto sent = [this] { return out_.writer.backlog() > 0; };
  ASSERT_TRUE(run_until(sent));
  EXPECT_EQ(text_of(out_.take_only<msg::ChannelData>().data), "answer");
  ::shutdown(peer.get(), SHUT_WR);
  ASSERT_TRUE(run_until(sent));
  run_all();
  const auto packets = out_.take();
  EXPECT_EQ(packets.size(), 2u) << "EOF and CLOSE";
  receive(msg::ChannelClose{0});
  EXPECT_EQ(users_.count(), 0u);
}

// RFC 4254 section 5.1: the client learns why.
TEST_F(DirectForwardingTest, AHostThatCannotBeReachedIsSaidSo) {
  Fd listener = listen();
  const std::uint16_t port = own_endpoint(listener.get()).port;
  listener.close();
  open(msg::DirectTcpip{"127.0.0.1", port, "", 0});
  EXPECT_EQ(refused(), "2 Connection refused");
  EXPECT_NE(lines_.text().find("connect_to 127.0.0.1 port " + std::to_string(port)), std::string::npos);
  open(msg::DirectTcpip{"127.0.0.1", 65536u + port, "", 0});
  EXPECT_EQ(refused(), "2 open failed") << "a port that would wrap into another (past vulnerability 85)";
  open(msg::DirectTcpip{std::string_view("127.0.0.1\0.example.org", 21), port, "", 0});
  EXPECT_EQ(refused(), "2 open failed");
  config_->address_family = AddressFamily::inet6;
  open(msg::DirectTcpip{"127.0.0.1", port, "", 0});
  EXPECT_EQ(refused().substr(0, 2), "2 ");
}

// [4254-7.2-3], and past vulnerability 84.
TEST_F(DirectForwardingTest, WhatIsNotPermittedIsNotTried) {
  const Fd listener = listen();
  const std::uint16_t port = own_endpoint(listener.get()).port;
  context_->permissions.permit_open = {{{"localhost", port}}};
  open(msg::DirectTcpip{"127.0.0.1", port, "", 0});
  EXPECT_EQ(refused(), "1 open failed");
  open(msg::DirectStreamlocal{"/run/nothing", {}, 0});
  EXPECT_EQ(refused(), "1 open failed") << "a socket is none of the places that are permitted";
  context_->permissions.permit_open = {};
  context_->permissions.tcp.open = false;
  open(msg::DirectTcpip{"127.0.0.1", port, "", 0});
  EXPECT_EQ(refused(), "1 open failed");
  context_->permissions.sockets.open = false;
  open(msg::DirectStreamlocal{"/run/nothing", {}, 0});
  EXPECT_EQ(refused(), "1 open failed");
  EXPECT_EQ(read(accept_connection(listener.get())), std::strerror(EBADF)) << "nobody has connected";
}

TEST_F(DirectForwardingTest, ASilentHostKeepsNobodyElseWaiting) {
  const Fd silent = listen();
  ASSERT_EQ(::listen(silent.get(), 0), 0);
  const std::uint16_t port = own_endpoint(silent.get()).port;
  const Fd first = connect("127.0.0.1", port);  // fills the queue
  for (int i = 0; i < 2; ++i) open(msg::DirectTcpip{"127.0.0.1", port, "", 0});
  run_all();
  out_.take();
  const Fd listener = listen();
  const std::size_t before = users_.count();
  open(msg::DirectTcpip{"127.0.0.1", own_endpoint(listener.get()).port, "", 0});
  ASSERT_TRUE(run_until([&] { return users_.count() == before + 1; }));
  EXPECT_EQ(out_.take_only<msg::ChannelOpenConfirmation>().recipient_channel, 7u);
  EXPECT_GT(channels_.count(), users_.count()) << "the silent one is still awaited, until the connection ends";
}

// Past vulnerability 88: the socket's owner sees the user of the session.
TEST_F(DirectForwardingTest, ASocketIsConnectedToAsTheUser) {
  const TemporaryDirectory directory;
  PrivateSocket socket = PrivateSocket::at(directory.path("socket"));
  open(msg::DirectStreamlocal{socket.path(), {}, 0});
  ASSERT_TRUE(run_until([&] { return out_.writer.backlog() > 0; }));
  EXPECT_EQ(out_.take_only<msg::ChannelOpenConfirmation>().recipient_channel, 7u);
  const Fd peer = accept_connection(socket.number());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer_user_id(peer.get()), ::geteuid());
  socket.remove();
  open(msg::DirectStreamlocal{socket.path(), {}, 0});
  ASSERT_TRUE(run_until([&] { return out_.writer.backlog() > 0; }));
  EXPECT_NE(out_.take_only<msg::ChannelOpenFailure>().description, "");
  // A name without a file, as a NUL in front would make it.
  open(msg::DirectStreamlocal{std::string_view("\0abstract", 9), {}, 0});
  ASSERT_TRUE(run_until([&] { return out_.writer.backlog() > 0; }));
  EXPECT_EQ(out_.take_only<msg::ChannelOpenFailure>().reason_code, open_failure_reason::connect_failed);
}

TEST_F(DirectForwardingTest, ASocketWhoseQueueIsFullIsWaitedFor) {
  const TemporaryDirectory directory;
  const PrivateSocket socket = PrivateSocket::at(directory.path("socket"));
  ASSERT_EQ(::listen(socket.number(), 0), 0);
  const Fd first = connect_to_socket(socket.path());
  open(msg::DirectStreamlocal{socket.path(), {}, 0});
  run_all();
  EXPECT_TRUE(out_.take().empty());
  const Fd made_room = accept_connection(socket.number());
  ASSERT_TRUE(run_until([&] { return users_.count() == 1; }));
  EXPECT_EQ(out_.take_only<msg::ChannelOpenConfirmation>().recipient_channel, 7u);
}

// Past vulnerability 55: whoever is turned away leaves nothing behind.
TEST_F(DirectForwardingTest, RefusedOpensLeaveNothing) {
  context_->permissions.tcp.open = false;
  const auto payload =
      encode(msg::ChannelOpen{msg::DirectTcpip::name, 7, 1000, 1000, Rest{encode(msg::DirectTcpip{"h", 1, "", 0})}});
  for (int i = 0; i < 20'000; ++i) {
    const auto event = channels_.on_payload(payload);
    direct_->on(std::get<ChannelOpenWanted>(*event));
    ASSERT_EQ(std::get<ChannelOpenWanted>(*event).channel, 0u) << "the number is free again";
    if (i % 100 == 0) out_.take();
  }
  EXPECT_EQ(channels_.count(), 0u);
  EXPECT_EQ(users_.count(), 0u);
}

TEST_F(DirectForwardingTest, DetailsThatDoNotDecodeAreTheClientsMistake) {
  const auto details = encode(msg::DirectTcpip{"host", 80, "", 0});
  EXPECT_THROW(open(msg::DirectTcpip::name, Bytes(details).first(details.size() - 1)), ProtocolError);
}

TEST_F(DirectForwardingTest, AHostOrAPathThatIsTooLongIsRefused) {
  const std::string much(261'400, 'a');
  open(msg::DirectTcpip{much, 22, "127.0.0.1", 1});
  EXPECT_EQ(refused(), "2 direct-tcpip: host_to_connect has 261400 bytes; at most 1024 are taken");
  open(msg::DirectTcpip{"127.0.0.1", 22, much, 1});
  EXPECT_EQ(refused(), "2 direct-tcpip: originator_IP_address has 261400 bytes; at most 1024 are taken");
  open(msg::DirectStreamlocal{much, {}, 0});
  EXPECT_EQ(refused(), "2 direct-streamlocal@openssh.com: socket_path has 261400 bytes; at most 4095 are taken");
  EXPECT_NE(lines_.text().find("at most 1024 are taken"), std::string::npos);
}

}  // namespace
}  // namespace glassh
