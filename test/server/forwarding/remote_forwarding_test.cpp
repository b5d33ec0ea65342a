#include "server/forwarding/remote_forwarding.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "test/server/forwarding/forwarding_fixture.h"
#include "test/support/no_descriptors.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

class RemoteForwardingTest : public test::ForwardingTest {
 protected:
  ~RemoteForwardingTest() override {
    remote_->end();
    users_.end();
    hub_->finish();
    run_all();
  }

  static asio::awaitable<void> ask(RemoteForwardingTest* self, std::string name, std::vector<std::uint8_t> details,
                                   bool want_reply) {
    const GlobalRequested request{name, want_reply, details};
    self->answer_ = co_await self->remote_->on(request);
  }
  template <class Tail>
  bool ask(const Tail& tail, bool want_reply = true) {
    answer_.reset();
    asio::co_spawn(io_, ask(this, std::string(Tail::name), encode(tail), want_reply), asio::detached);
    EXPECT_TRUE(run_until([&] { return answer_.has_value(); }));
    return answer_->success;
  }
  std::uint16_t port() const {
    return static_cast<std::uint16_t>(decode<msg::TcpipForwardReply>(answer_->details).port_that_was_bound);
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

  std::shared_ptr<RemoteForwarding> remote_ = std::make_shared<RemoteForwarding>(hub_, channels_, users_, context_);
  std::optional<ForwardAnswer> answer_;
};

TEST_F(RemoteForwardingTest, ListensNowhereWhenTheConnectionMayHaveNoMoreDescriptors) {
  TemporaryDirectory directory;
  const test::NoDescriptors none;
  EXPECT_FALSE(ask(msg::TcpipForward{"localhost", 0}));
  EXPECT_FALSE(ask(msg::StreamlocalForward{directory.path("socket")}));
  EXPECT_TRUE(run_until([&] { return !std::filesystem::exists(directory.path("socket")); }))
      << "the name goes a little later";
}

// [4254-7.1-4]
TEST_F(RemoteForwardingTest, OnlyAPortThatWeChoseIsTold) {
  ASSERT_TRUE(ask(msg::TcpipForward{"localhost", 0}));
  const std::uint16_t chosen = port();
  EXPECT_NE(chosen, 0);
  ASSERT_TRUE(ask(msg::CancelTcpipForward{"localhost", chosen}));
  EXPECT_TRUE(answer_->details.empty());
  ASSERT_TRUE(ask(msg::TcpipForward{"localhost", chosen}));
  EXPECT_TRUE(answer_->details.empty());
  EXPECT_FALSE(ask(msg::TcpipForward{"localhost", chosen})) << "it is taken";
  EXPECT_FALSE(ask(msg::TcpipForward{"localhost", 0}, false)) << "who would learn the port?";
  EXPECT_EQ(remote_->count(), 1u);
}

// The port is chosen at ::1. At 127.0.0.1 some 600 of 28,000 are taken, and 300 choices meet one of them, but for luck
// of one in five hundred.
TEST_F(RemoteForwardingTest, APortThatWeChoseIsOursAtEachAddress) {
  std::vector<Fd> taken;
  while (taken.size() < 600) taken.push_back(listen_at(look_up_here("127.0.0.1", 0, AF_INET).addresses.front()));
  for (int choices = 0; choices < 300; ++choices) {
    ASSERT_TRUE(ask(msg::TcpipForward{"localhost", 0}));
    const std::uint16_t chosen = port();
    for (const Fd& each : taken) ASSERT_NE(own_endpoint(each.get()).port, chosen);
    ASSERT_TRUE(ask(msg::CancelTcpipForward{"localhost", chosen}));
  }
}

// RFC 4254 section 7.2, and [4254-7.2-4]: there is no session.
TEST_F(RemoteForwardingTest, AConnectionBecomesAChannelThatOutlivesTheListener) {
  ASSERT_TRUE(ask(msg::TcpipForward{"localhost", 0}));
  for (const char* host : {"127.0.0.1", "::1"}) {
    const Fd peer = connect(host, port());
    ASSERT_TRUE(peer) << host;
    ASSERT_TRUE(run_until([&] { return out_.writer.backlog() > 0; }));
    const auto packets = out_.take();
    ASSERT_EQ(packets.size(), 1u);
    const auto open = decode<msg::ChannelOpen>(packets[0]);
    EXPECT_EQ(open.channel_type, "forwarded-tcpip");
    const auto details = decode<msg::ForwardedTcpip>(open.channel_type_specific_data.bytes);
    EXPECT_EQ(details.address_that_was_connected, "localhost") << "as the client said it";
    EXPECT_EQ(details.port_that_was_connected, port());
    EXPECT_EQ(details.originator_IP_address, host);
    EXPECT_EQ(details.originator_port, own_endpoint(peer.get()).port);
    receive(msg::ChannelOpenFailure{open.sender_channel, 1, "no", ""});
    EXPECT_EQ(read(peer), "");
  }
  const std::uint16_t chosen = port();
  const Fd peer = connect("127.0.0.1", chosen);
  ASSERT_TRUE(run_until([&] { return users_.count() == 1; }));
  out_.take();
  ASSERT_TRUE(ask(msg::CancelTcpipForward{"localhost", chosen}));
  receive(msg::ChannelOpenConfirmation{0, 7, 1000, 1000, {}});
  receive(msg::ChannelData{0, bytes_of("still here")});
  EXPECT_EQ(read(peer), "still here");
  EXPECT_FALSE(connect("127.0.0.1", chosen));
}

TEST_F(RemoteForwardingTest, OnlyWhatWasAskedForCanBeCancelled) {
  ASSERT_TRUE(ask(msg::TcpipForward{"localhost", 0}));
  const std::uint16_t chosen = port();
  EXPECT_FALSE(ask(msg::CancelTcpipForward{"127.0.0.1", chosen}));
  EXPECT_FALSE(ask(msg::CancelTcpipForward{"localhost", chosen + 65536u}));
  EXPECT_FALSE(ask(msg::CancelStreamlocalForward{""}));
  EXPECT_TRUE(connect("127.0.0.1", chosen));
}

// [4254-7.1-2], past vulnerabilities 84 and 85.
TEST_F(RemoteForwardingTest, WhatIsNotPermittedIsNotListenedOn) {
  EXPECT_FALSE(ask(msg::TcpipForward{"localhost", 1023})) << "for privileged users";
  EXPECT_FALSE(ask(msg::TcpipForward{"localhost", 65536})) << "it would wrap into 0";
  EXPECT_FALSE(ask(msg::TcpipForward{"localhost", 0xffffffff}));
  EXPECT_FALSE(ask(msg::TcpipForward{std::string_view("localhost\0", 10), 0}));
  context_->permissions.permit_listen = {{{"localhost", 8080}}};
  EXPECT_FALSE(ask(msg::TcpipForward{"localhost", 0}));
  EXPECT_NE(lines_.text().find("remote forward to host localhost port 0, but the request was denied"),
            std::string::npos);
  context_->permissions.permit_listen = {};
  context_->permissions.tcp.listen = false;
  EXPECT_FALSE(ask(msg::TcpipForward{"localhost", 0}));
  const TemporaryDirectory directory;
  context_->permissions.sockets.listen = false;
  EXPECT_FALSE(ask(msg::StreamlocalForward{directory.path("s")}));
  EXPECT_FALSE(std::filesystem::exists(directory.path("s")));
}

TEST_F(RemoteForwardingTest, ASocketHasTheModeOfTheMaskAndGoesWithTheListener) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("socket");
  const ::mode_t umask_before = ::umask(0077);
  for (const std::uint32_t mask : {0177u, 0111u, 0u}) {
    config_->stream_local_bind_mask = mask;
    ASSERT_TRUE(ask(msg::StreamlocalForward{path}));
    struct stat found {};
    ASSERT_EQ(::lstat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0777u & ~mask);
    ASSERT_TRUE(ask(msg::CancelStreamlocalForward{path}));
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  ::umask(umask_before);
}

TEST_F(RemoteForwardingTest, OnlyASocketIsReplacedAndOnlyIfTheConfigurationSaysSo) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("socket");
  ASSERT_TRUE(ask(msg::StreamlocalForward{path}));
  EXPECT_FALSE(ask(msg::StreamlocalForward{path}));
  config_->stream_local_bind_unlink = true;
  ASSERT_TRUE(ask(msg::StreamlocalForward{path}));
  // The first listener lost its name, and must not take the second one's away.
  ASSERT_TRUE(ask(msg::CancelStreamlocalForward{path}));
  EXPECT_TRUE(std::filesystem::exists(path));
  ASSERT_TRUE(ask(msg::CancelStreamlocalForward{path}));
  EXPECT_FALSE(std::filesystem::exists(path));
  std::ofstream(path) << "precious";
  EXPECT_FALSE(ask(msg::StreamlocalForward{path}));
  EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

// Past vulnerability 88
TEST_F(RemoteForwardingTest, AConnectionToASocketNamesItsPath) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("socket");
  ASSERT_TRUE(ask(msg::StreamlocalForward{path}));
  const Fd program = connect_to_socket(path);
  EXPECT_EQ(peer_user_id(program.get()), ::geteuid());
  ASSERT_TRUE(run_until([&] { return users_.count() == 1; }));
  const auto open = out_.take_only<msg::ChannelOpen>();
  EXPECT_EQ(open.channel_type, "forwarded-streamlocal@openssh.com");
  EXPECT_EQ(decode<msg::ForwardedStreamlocal>(open.channel_type_specific_data.bytes).socket_path, path);
}

TEST_F(RemoteForwardingTest, TheEndOfTheConnectionFreesThePort) {
  ASSERT_TRUE(ask(msg::TcpipForward{"127.0.0.1", 0}));
  remote_->end();
  EXPECT_FALSE(connect("127.0.0.1", port()));
}

// The name of a listener would be repeated in each channel's open.
TEST_F(RemoteForwardingTest, AnAddressOrAPathThatIsTooLongIsRefused) {
  const std::string host(261'600, 'a');
  EXPECT_FALSE(ask(msg::TcpipForward{host, 0}));
  EXPECT_FALSE(ask(msg::TcpipForward{host.substr(0, 1025), 0}));
  EXPECT_FALSE(ask(msg::CancelTcpipForward{host, 1}));
  EXPECT_FALSE(ask(msg::StreamlocalForward{"/" + host}));
  EXPECT_FALSE(ask(msg::CancelStreamlocalForward{host}));
  EXPECT_EQ(remote_->count(), 0U);
  EXPECT_NE(lines_.text().find("refused tcpip-forward: address_to_bind has 261600 bytes; at most 1024 are taken"),
            std::string::npos);
  EXPECT_TRUE(ask(msg::TcpipForward{"localhost", 0})) << "the connection lives";
}

}  // namespace
}  // namespace glassh
