#include "client/forwarding/client_forwarding.h"

#include <array>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/config/forward_spec.h"
#include "proto/messages_forward.h"
#include "proto/numbers.h"
#include "test/client/ssh_client_fixture.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint32_t window = 1 << 20;
constexpr std::uint32_t packet = 1 << 15;

struct ForwardingTest : SshClientTest {
  ForwardingTest() { config_.session_type = SessionType::none; }

  void forward(Forward::Kind kind, const std::string& text) { config_.forwards.push_back(*parse_forward(kind, text)); }

  // Something that takes connections, for the client to connect to.
  const Fd service_ = listen_at(look_up_here("127.0.0.1", 0, AF_INET).addresses.at(0));
  const std::string target_ = "127.0.0.1:" + std::to_string(own_endpoint(service_.get()).port);
};

void open_channel(PacketWriter& writer, std::uint32_t channel, std::string_view type,
                  const std::vector<std::uint8_t>& details) {
  writer.send(msg::ChannelOpen{type, channel, window, packet, Rest{details}});
}

void open_tcp(PacketWriter& writer, std::uint32_t channel, std::string_view address, std::uint32_t port) {
  open_channel(writer, channel, msg::ForwardedTcpip::name,
               encode(msg::ForwardedTcpip{address, port, "192.0.2.7", 40000}));
}

// What the client said about the channels that were opened towards it: "yes", or the reason why not.
struct Answers {
  std::map<std::uint32_t, std::string> of;

  bool take(Bytes payload) {
    if (payload[0] == message_number::channel_open_confirmation) {
      of[decode<msg::ChannelOpenConfirmation>(payload).recipient_channel] = "yes";
    } else if (payload[0] == message_number::channel_open_failure) {
      const auto failure = decode<msg::ChannelOpenFailure>(payload);
      of[failure.recipient_channel] = std::to_string(failure.reason_code);
    } else {
      return false;
    }
    return true;
  }
};

// RFC 4254 section 7.2 [4254-7.2-1] [4254-7.2-5]: kept for the first two, broken by the server with the others.
TEST_F(ForwardingTest, OnlyChannelsOfWhatWasAskedForAreConnected) {
  forward(Forward::Kind::remote, "4444:" + target_);
  Answers answers;
  run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (!payload.empty() && payload[0] == message_number::global_request) {
      const auto request = decode<msg::GlobalRequest>(payload);
      if (!request.want_reply) return true;  // no-more-sessions@openssh.com
      EXPECT_EQ(request.request_name, "tcpip-forward");
      const auto wanted = decode<msg::TcpipForward>(request.request_specific_data.bytes);
      EXPECT_EQ(wanted.address_to_bind, "localhost");
      EXPECT_EQ(wanted.port_number_to_bind, 4444U);
      writer.send(msg::RequestSuccess{});
      open_tcp(writer, 1, "localhost", 4444);
      open_tcp(writer, 2, "127.0.0.1", 4444);  // a server that names the address in its own way
      open_tcp(writer, 3, "localhost", 4445);
      open_tcp(writer, 4, "localhost", 0);
      open_channel(writer, 5, msg::ForwardedStreamlocal::name, encode(msg::ForwardedStreamlocal{"/tmp/x", {}}));
      open_channel(writer, 6, msg::ForwardedStreamlocal::name, encode(msg::ForwardedStreamlocal{"", {}}));
      open_channel(writer, 7, msg::DirectTcpip::name, encode(msg::DirectTcpip{"127.0.0.1", 4444, "192.0.2.7", 40000}));
    } else if (!payload.empty()) {
      answers.take(payload);
    }
    return answers.of.size() < 7;
  }});
  const std::map<std::uint32_t, std::string> expected = {{1, "yes"}, {2, "yes"}, {3, "1"}, {4, "1"},
                                                         {5, "1"},   {6, "1"},   {7, "1"}};
  EXPECT_EQ(answers.of, expected);
}

TEST_F(ForwardingTest, AnOpenWithAStringThatIsTooLongIsRefused) {
  forward(Forward::Kind::remote, "4444:" + target_);
  const std::string much(200'000, 'a');
  Answers answers;
  const Result result = run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (!payload.empty() && payload[0] == message_number::global_request) {
      if (!decode<msg::GlobalRequest>(payload).want_reply) return true;  // no-more-sessions@openssh.com
      writer.send(msg::RequestSuccess{});
      open_tcp(writer, 1, much, 4444);
      open_channel(writer, 2, msg::ForwardedStreamlocal::name, encode(msg::ForwardedStreamlocal{much, {}}));
      open_channel(writer, 3, much, {});
      open_tcp(writer, 4, "localhost", 4444);
    } else if (!payload.empty()) {
      answers.take(payload);
    }
    return answers.of.size() < 4;
  }});
  const std::map<std::uint32_t, std::string> expected = {{1, "1"}, {2, "1"}, {3, "3"}, {4, "yes"}};
  EXPECT_EQ(answers.of, expected);
  EXPECT_THAT(result.log, HasSubstr("refused forwarded-tcpip: address_that_was_connected has 200000 bytes; at most 1024"
                                    " are taken"));
}

TEST_F(ForwardingTest, NothingIsConnectedWithoutARemoteForward) {
  forward(Forward::Kind::local, home_.path("s") + ":/x");
  Answers answers;
  const Result result = run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (payload.empty()) {
      open_tcp(writer, 1, "localhost", 4444);
    } else {
      answers.take(payload);
    }
    return answers.of.empty();
  }});
  EXPECT_EQ(answers.of[1], "1");
  EXPECT_THAT(result.log, HasSubstr("WARNING: Server requests forwarding for unknown listen_port 4444"));
}

// Past vulnerability 95: requests that are under way at the same time. RFC 4254 section 4 [4254-4-5], section 7.1.
TEST_F(ForwardingTest, EachAnswerFindsItsRequest) {
  forward(Forward::Kind::remote, "0:a:1");
  forward(Forward::Kind::remote, "/x:b:2");
  forward(Forward::Kind::remote, "*:0:c:3");
  forward(Forward::Kind::remote, "4444");
  std::vector<std::string> asked;
  const Result result = run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (payload.empty() || payload[0] != message_number::global_request) return true;
    const auto request = decode<msg::GlobalRequest>(payload);
    if (!request.want_reply) return true;
    asked.emplace_back(request.request_name);
    if (asked.size() < 4) return true;
    writer.send(msg::RequestSuccess{Rest{encode(msg::TcpipForwardReply{5001})}});
    writer.send(msg::RequestFailure{});
    writer.send(msg::RequestSuccess{Rest{encode(msg::TcpipForwardReply{5002})}});
    writer.send(msg::RequestFailure{});
    return false;
  }});
  EXPECT_THAT(asked, ElementsAre("tcpip-forward", "streamlocal-forward@openssh.com", "tcpip-forward", "tcpip-forward"));
  EXPECT_THAT(result.log, HasSubstr("Allocated port 5001 for remote forward to a:1\n"));
  EXPECT_THAT(result.log, HasSubstr("Warning: remote port forwarding failed for listen path /x\n"));
  EXPECT_THAT(result.log, HasSubstr("Allocated port 5002 for remote forward to c:3\n"));
  EXPECT_THAT(result.log, HasSubstr("Warning: remote port forwarding failed for listen port 4444\n"));
}

// RFC 4254 section 7.1 [4254-7.1-4]: the port that was chosen is in the answer.
TEST_F(ForwardingTest, APortThatCannotBeOneIsRefused) {
  for (const std::uint32_t port : {0U, 65536U}) {
    config_.forwards.clear();
    forward(Forward::Kind::remote, "0:a:1");
    const Result result = run({.script = [&](PacketWriter& writer, Bytes payload) {
      if (payload.empty() || payload[0] != message_number::global_request) return true;
      writer.send(msg::RequestSuccess{Rest{encode(msg::TcpipForwardReply{port})}});
      return false;
    }});
    EXPECT_THAT(result.log, HasSubstr(fmt::format("Invalid allocated port {} for remote forward to a:1", port)));
    EXPECT_THAT(result.log, HasSubstr("Warning: remote port forwarding failed for listen port 0"));
  }
  const Result result = run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (payload.empty() || payload[0] != message_number::global_request) return true;
    writer.send(msg::RequestSuccess{});  // without a port at all
    return true;
  }});
  ASSERT_TRUE(result.disconnected);
  EXPECT_EQ(result.disconnected->reason, DisconnectReason::protocol_error);
  EXPECT_THAT(result.disconnected->description, HasSubstr("port_that_was_bound"));
}

// RFC 4254 section 7.1 [4254-7.1-6]: until the server has answered the cancellation, channels may still come.
TEST_F(ForwardingTest, ChannelsAreTakenUntilTheCancellationIsAnswered) {
  forward(Forward::Kind::remote, "4444:" + target_);
  Answers answers;
  ServicePhase* client = nullptr;
  bool granted = false;
  meanwhile_ = [&] {
    if (!granted) return;
    EXPECT_FALSE(client->forwarding().cancel(Forward::Kind::remote, *parse_listen_endpoint("4445")));
    EXPECT_FALSE(client->forwarding().cancel(Forward::Kind::local, *parse_listen_endpoint("4444")));
    EXPECT_THAT(client->forwarding().list(), ElementsAre("remote forward 4444 -> [127.0.0.1]:" + target_.substr(10)));
    // Not before the client has the server's answer.
    if (!client->forwarding().cancel(Forward::Kind::remote, *parse_listen_endpoint("4444"))) return;
    granted = false;
    EXPECT_FALSE(client->forwarding().cancel(Forward::Kind::remote, *parse_listen_endpoint("4444")));
  };
  const auto script = [&](PacketWriter& writer, Bytes payload) {
    if (payload.empty()) return true;
    if (payload[0] != message_number::global_request) {
      answers.take(payload);
      return answers.of.size() < 2;
    }
    const auto request = decode<msg::GlobalRequest>(payload);
    if (!request.want_reply) return true;
    if (request.request_name == "tcpip-forward") {
      granted = true;
      writer.send(msg::RequestSuccess{});
      return true;
    }
    EXPECT_EQ(request.request_name, "cancel-tcpip-forward");
    const auto wanted = decode<msg::CancelTcpipForward>(request.request_specific_data.bytes);
    EXPECT_EQ(wanted.address_to_bind, "localhost");
    EXPECT_EQ(wanted.port_number_to_bind, 4444U);
    open_tcp(writer, 1, "localhost", 4444);
    writer.send(msg::RequestSuccess{});
    open_tcp(writer, 2, "localhost", 4444);
    return true;
  };
  run({.script = script}, "",
      [&](SshClient& started) { started.on_login = [&](ServicePhase& service) { client = &service; }; });
  EXPECT_EQ(answers.of[1], "yes");
  EXPECT_EQ(answers.of[2], "1");
}

TEST_F(ForwardingTest, ARefusedForwardEndsTheClientIfThatIsWanted) {
  config_.exit_on_forward_failure = true;
  forward(Forward::Kind::remote, "4444:a:1");
  const Result result = run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (!payload.empty() && payload[0] == message_number::global_request) writer.send(msg::RequestFailure{});
    return true;
  }});
  EXPECT_EQ(result.status, 255);
  EXPECT_THAT(result.log, HasSubstr("Error: remote port forwarding failed for listen port 4444\n"));
  EXPECT_TRUE(result.disconnected);
}

TEST_F(ForwardingTest, WhatCannotBeListenedAtEndsTheClientIfThatIsWanted) {
  config_.exit_on_forward_failure = true;
  forward(Forward::Kind::local, target_ + ":a:1");
  const Result result = run({});
  EXPECT_EQ(result.status, 255);
  const std::string port = target_.substr(10);
  EXPECT_THAT(result.log, HasSubstr("bind [127.0.0.1]:" + port + ": Address already in use\n"));
  EXPECT_THAT(result.log, HasSubstr("cannot listen to port: " + port + "\nCould not request local forwarding.\n"));
}

Fd connect_when_there(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  return connect_to_socket(path);
}

std::string read_what_is_there(const Fd& socket) {
  std::array<char, 100> space;
  const ssize_t size = ::recv(socket.get(), space.data(), space.size(), MSG_DONTWAIT);
  return size > 0 ? std::string(space.data(), static_cast<std::size_t>(size)) : size == 0 ? "end" : "nothing";
}

TEST_F(ForwardingTest, AConnectionHereBecomesAChannel) {
  const std::string path = home_.path("socket");
  forward(Forward::Kind::local, path + ":example.org:80");
  Fd program;
  meanwhile_ = [&] {
    if (!program) program = connect_when_there(path);
  };
  bool closed = false;
  run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (payload.empty()) return true;
    if (payload[0] == message_number::channel_open) {
      const auto open = decode<msg::ChannelOpen>(payload);
      EXPECT_EQ(open.channel_type, "direct-tcpip");
      const auto wanted = decode<msg::DirectTcpip>(open.channel_type_specific_data.bytes);
      EXPECT_EQ(wanted.host_to_connect, "example.org");
      EXPECT_EQ(wanted.port_to_connect, 80U);
      writer.send(msg::ChannelOpenConfirmation{open.sender_channel, 5, window, packet, {}});
      writer.send(msg::ChannelData{open.sender_channel, bytes_of("hello")});
      writer.send(msg::ChannelClose{open.sender_channel});
    }
    closed = closed || payload[0] == message_number::channel_close;
    return !closed;
  }});
  EXPECT_EQ(read_what_is_there(program), "hello");
  EXPECT_EQ(read_what_is_there(program), "end");
  EXPECT_THAT(::access(path.c_str(), F_OK), -1) << "the socket is gone with the client";
}

TEST_F(ForwardingTest, ARefusedChannelClosesTheConnection) {
  const std::string path = home_.path("socket");
  forward(Forward::Kind::local, path + ":/far/away");
  Fd program;
  meanwhile_ = [&] {
    if (!program) program = connect_when_there(path);
  };
  bool refused = false;
  const Result result = run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (payload.empty() || payload[0] != message_number::channel_open) return true;
    const auto open = decode<msg::ChannelOpen>(payload);
    EXPECT_EQ(open.channel_type, "direct-streamlocal@openssh.com");
    EXPECT_EQ(decode<msg::DirectStreamlocal>(open.channel_type_specific_data.bytes).socket_path, "/far/away");
    writer.send(msg::ChannelOpenFailure{open.sender_channel, 2, "no\x1b[31m", ""});
    refused = true;
    return false;
  }});
  EXPECT_TRUE(refused);
  EXPECT_EQ(read_what_is_there(program), "end");
  EXPECT_THAT(result.log, HasSubstr("channel 0: open failed: connect failed: no\\033[31m\n"));
}

TEST_F(ForwardingTest, ASocketThatIsThereIsReplacedOnlyIfItIsOne) {
  config_.stream_local_bind_unlink = true;
  config_.exit_on_forward_failure = true;
  const std::string path = home_.write("file", "precious");
  forward(Forward::Kind::local, path + ":/x");
  EXPECT_EQ(run({}).status, 255);
  EXPECT_EQ(home_.read("file"), "precious");
}

TEST_F(ForwardingTest, WithAKeyThatHasChangedNothingIsForwarded) {
  forward(Forward::Kind::local, home_.path("socket") + ":/x");
  const PrivateKey other = PrivateKey::generate("ssh-ed25519", rng_);
  config_.user_known_hosts_files = {home_.write("known_hosts", "example.com " + other.public_key().line() + "\n")};
  bool there = false;
  meanwhile_ = [&] { there = there || ::access(home_.path("socket").c_str(), F_OK) == 0; };
  const Result result = run({.script = [](PacketWriter&, Bytes) { return false; }});
  EXPECT_FALSE(there);
  EXPECT_THAT(result.log, HasSubstr("Port forwarding is disabled to avoid man-in-the-middle attacks."));
  EXPECT_THAT(result.log, Not(HasSubstr("Error: forwarding")));
  config_.exit_on_forward_failure = true;
  const Result ended = run({});
  EXPECT_EQ(ended.status, 255);
  EXPECT_THAT(ended.log, HasSubstr("Error: forwarding disabled due to host key check failure"));
}

}  // namespace
}  // namespace glassh
