// What the transport answers by itself: services, extensions, pings, disconnects, limits.
#include "transport/transport.h"

#include <gtest/gtest.h>

#include "proto/messages_auth.h"
#include "proto/messages_connection.h"
#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using test::TransportPair;

struct ConnectedPair : TransportPair {
  explicit ConnectedPair(Proposal proposal = default_proposal()) : TransportPair(std::move(proposal)) {
    run();
    client.transport.request_service("ssh-userauth");
    run();
    client.transport.enter(Phase::connection);
    server.transport.enter(Phase::connection);
    client.log.clear();
    server.log.clear();
  }
};

TEST(Transport, TheServiceIsAcceptedEachTimeAndBeginsOnce) {  // [4253-10-3] [4253-10-4] keeps
  TransportPair pair;
  pair.run();
  pair.client.transport.request_service("ssh-userauth");
  pair.run();
  EXPECT_EQ(pair.server.log.back(), "service requested");
  EXPECT_EQ(pair.client.log.back(), "service accepted");
  const std::size_t events = pair.server.log.size();
  const std::uint32_t answers = pair.server.transport.writer().sequence_number();
  pair.client.transport.request_service("ssh-userauth");
  test::feed(pair.server.transport.reader(), test::take_ready(pair.client.transport.writer()));
  pair.pull_events(pair.server);
  EXPECT_EQ(pair.server.error, "");
  EXPECT_EQ(pair.server.transport.writer().sequence_number(), answers + 1);
  EXPECT_EQ(pair.server.log.size(), events) << pair.server.log.back();
}

// The request takes 40 ms to get there, and the answer as long again; then the client's first message shows it to the
// server. A slower answer changes nothing.
TEST(Transport, TheLoginShowsTheRoundTripToBoth) {
  TransportPair pair;
  pair.run();
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  const auto arrive_after_40ms = [&](auto& from, auto& to) {
    now += std::chrono::milliseconds(40);
    to.transport.set_now(now);
    test::feed(to.transport.reader(), test::take_ready(from.transport.writer()));
    pair.pull_events(to);
  };
  pair.client.transport.set_now(now);
  pair.client.transport.request_service("ssh-userauth");
  EXPECT_FALSE(pair.client.transport.shortest_turn());
  arrive_after_40ms(pair.client, pair.server);
  arrive_after_40ms(pair.server, pair.client);
  EXPECT_EQ(pair.client.transport.shortest_turn(), std::chrono::milliseconds(80));
  EXPECT_FALSE(pair.server.transport.shortest_turn());
  for (int i = 0; i < 2; ++i) {
    pair.client.transport.writer().send(msg::UserauthRequest{"student", "ssh-connection", msg::NoneRequest::name, {}});
    arrive_after_40ms(pair.client, pair.server);
    EXPECT_EQ(pair.server.transport.shortest_turn(), std::chrono::milliseconds(80)) << pair.server.error;
    now += std::chrono::seconds(1);
  }
}

TEST(Transport, NoServiceIsAskedForAfterTheLogin) {
  ConnectedPair pair;
  pair.client.transport.request_service("ssh-userauth");
  pair.run();
  EXPECT_NE(pair.server.error.find("SSH_MSG_SERVICE_REQUEST (5) may not come during the connection protocol"),
            std::string::npos)
      << pair.server.error;
}

TEST(Transport, AnotherServiceEndsTheConnection) {  // [4253-10-1] [4253-10-2] breaks
  TransportPair pair;
  pair.run();
  pair.client.transport.request_service("ssh-connection");
  pair.run();
  ASSERT_TRUE(pair.client.disconnected);
  EXPECT_EQ(pair.client.disconnected->reason, DisconnectReason::service_not_available);
  EXPECT_TRUE(pair.client.disconnected->by_peer);
  EXPECT_EQ(pair.client.disconnected->description,
            "SSH_MSG_SERVICE_REQUEST: service_name is \"ssh-connection\"; there is only \"ssh-userauth\"");
}

TEST(Transport,
     TheServerSaysWhichSignaturesItTakes) {  // [8308-2.4-2] [8308-3.1-2] [8308-3.1-5] [openssh-ping-1.8-3] keeps
  TransportPair pair;
  pair.run();
  EXPECT_EQ(pair.client.transport.peer_sig_algs(), (std::vector<std::string>{"ssh-ed25519", "rsa-sha2-512"}));
  EXPECT_TRUE(pair.client.transport.peer_answers_ping());
}

TEST(Transport, UnknownExtensionsAreIgnoredAndASecondListReplacesTheFirst) {  // [8308-2.5-1] [8308-2.5-5] [8308-2.5-6]
                                                                              // [8308-2.4-5] keeps
  TransportPair pair;
  pair.run();
  pair.client.transport.request_service("ssh-userauth");
  pair.run();
  msg::ExtInfo message;
  const std::string noise(20000, '\0');
  message.extensions.push_back({"what@example.com", bytes_of(noise)});
  message.extensions.push_back({"server-sig-algs", bytes_of("rsa-sha2-256")});
  pair.server.transport.writer().send(message);
  pair.run();
  EXPECT_EQ(pair.client.transport.peer_sig_algs(), std::vector<std::string>{"rsa-sha2-256"}) << pair.client.error;
  EXPECT_FALSE(pair.client.transport.peer_answers_ping());
  pair.server.transport.writer().send(message);
  pair.run();
  EXPECT_NE(pair.client.error, "");  // a third one
}

TEST(Transport, PingsAreAnsweredAfterTheLoginOnly) {  // [openssh-ping-1.8-1] keeps; past vulnerability 33
  TransportPair early;
  early.run();
  const std::uint32_t unanswered = early.server.transport.writer().sequence_number();
  for (int i = 0; i < 1000; ++i) early.client.transport.send_ping(bytes_of("early"));
  early.run();
  EXPECT_EQ(early.server.transport.writer().sequence_number(), unanswered);
  EXPECT_EQ(early.server.error, "");

  ConnectedPair pair;
  const std::uint32_t before = pair.server.transport.writer().sequence_number();
  pair.client.transport.send_ping(bytes_of("now"));
  pair.run();
  EXPECT_EQ(pair.server.transport.writer().sequence_number(), before + 1);
}

TEST(Transport, APongWaitsForTheEndOfAKeyExchange) {  // [openssh-ping-1.8-2] keeps
  ConnectedPair pair;
  pair.server.transport.start_key_exchange();
  pair.client.transport.send_ping(bytes_of("x"));
  pair.run();
  EXPECT_EQ(pair.server.error + pair.client.error, "");
  EXPECT_EQ(pair.client.transport.reader().packets_under_key(), 1U);  // the PONG, under the new keys
}

TEST(Transport, IgnoreAndDebugAndUnknownMessagesDoNoHarm) {  // [4253-11.2-1] [4253-11.3-1] [4253-11.4-1] [4253-11.4-2]
                                                             // [4253-11.4-3] keeps
  ConnectedPair pair;
  pair.client.transport.writer().send(msg::Ignore{bytes_of("noise")});
  pair.client.transport.send_debug("hello");
  const std::uint32_t number = pair.client.transport.writer().sequence_number();
  pair.client.transport.writer().send_payload(std::vector<std::uint8_t>{199, 1, 2});
  pair.run();
  EXPECT_EQ(pair.server.log, std::vector<std::string>{"debug: hello"});
  EXPECT_EQ(pair.client.error, "");
  EXPECT_EQ(pair.server.transport.writer().sequence_number(), pair.client.transport.reader().sequence_number());
  EXPECT_EQ(number, 3U);  // SERVICE_REQUEST, IGNORE, DEBUG came before it
}

TEST(Transport, NothingFollowsADisconnect) {  // [4253-11.1-1] [4253-11.1-2] [4253-11.1-3] [4253-11.1-4] keeps
  ConnectedPair pair;
  pair.client.transport.disconnect(DisconnectReason::by_application, "bye");
  pair.client.transport.disconnect(DisconnectReason::by_application, "again");
  pair.run();
  ASSERT_TRUE(pair.server.disconnected);
  EXPECT_EQ(pair.server.disconnected->description, "bye");
  EXPECT_TRUE(pair.server.transport.closed());
  EXPECT_FALSE(pair.server.transport.next_event());
}

TEST(Transport, AForgedPacketIsAnsweredWithMacError) {  // [4251-9.3.5-1] breaks
  ConnectedPair pair;
  pair.tamper = [&](test::TransportSide& to, std::vector<std::uint8_t>& bytes) {
    if (&to == &pair.server) bytes[bytes.size() - 20] ^= 1;
  };
  pair.client.transport.writer().send(msg::ChannelEof{1});
  pair.run();
  ASSERT_TRUE(pair.client.disconnected);
  EXPECT_EQ(pair.client.disconnected->reason, DisconnectReason::mac_error);
}

TEST(Transport, KeysAreChangedAfterTheConfiguredBytes) {  // [4253-9-8] keeps
  ConnectedPair pair;
  pair.client.settings.rekey_limit.bytes = 1024 * 1024;  // the transport refers to its settings
  const std::vector<std::uint8_t> data(30000, 'x');
  for (int i = 0; i < 120; ++i) {
    if (pair.client.transport.writer().holding()) pair.run();
    pair.client.transport.writer().send(msg::ChannelData{1, data});
    pair.run();
    pair.pull_events(pair.client);
  }
  EXPECT_EQ(pair.client.key_changes, 1U + 3U) << pair.client.error;
  EXPECT_EQ(pair.server.payloads.size(), 120U);
}

TEST(Transport, KeysAreChangedAfterAnHour) {  // [4253-9-8] keeps
  ConnectedPair pair;
  const TimePoint start = TimePoint{} + std::chrono::hours(1000);
  pair.client.transport.set_now(start);
  EXPECT_EQ(pair.client.transport.next_deadline(), start + std::chrono::hours(1));
  pair.client.transport.set_now(start + std::chrono::minutes(59));
  pair.run();
  EXPECT_EQ(pair.client.key_changes, 1U);
  pair.client.transport.set_now(start + std::chrono::hours(1));
  pair.run();
  EXPECT_EQ(pair.client.key_changes, 2U);
  EXPECT_EQ(pair.client.transport.next_deadline(), start + std::chrono::hours(2));
}

TEST(Transport, NobodyRekeysBeforeTheLogin) {  // [8308-3.2.1-3] keeps
  TransportPair pair;
  pair.run();
  pair.client.settings.rekey_limit.bytes = 1;
  pair.pull_events(pair.client);
  EXPECT_FALSE(pair.client.transport.key_exchange().running());
}

TEST(Transport, DataOnItsWayIsTakenUntilThePeersKexinit) {  // [4253-7.1-34] keeps
  ConnectedPair pair;
  pair.client.transport.writer().send(msg::ChannelEof{1});
  pair.server.transport.start_key_exchange();
  pair.run();
  EXPECT_EQ(pair.server.payloads.size(), 1U);
  EXPECT_TRUE(pair.both_have_keys());
}

TEST(Transport, DataAfterThePeersKexinitEndsTheConnection) {  // [4253-7.1-30] breaks; past vulnerability 32
  ConnectedPair pair;
  msg::KexInit kexinit;
  kexinit.kex_algorithms = {"curve25519-sha256"};
  kexinit.server_host_key_algorithms = {"ssh-ed25519"};
  kexinit.encryption_algorithms_client_to_server =
      kexinit.encryption_algorithms_server_to_client = {"aes128-gcm@openssh.com"};
  kexinit.compression_algorithms_client_to_server = kexinit.compression_algorithms_server_to_client = {"none"};
  pair.client.transport.writer().send(kexinit);
  pair.client.transport.writer().send(msg::ChannelEof{1});
  pair.run();
  EXPECT_NE(pair.server.error.find(
                "SSH_MSG_CHANNEL_EOF (96) may not come during the connection protocol, between KEXINIT and NEWKEYS"),
            std::string::npos)
      << pair.server.error;
}

TEST(Transport, MarkersInALaterKexinitChangeNothing) {  // [openssh-strict-kex-1.9-2] keeps
  ConnectedPair pair;
  pair.client.transport.start_key_exchange();
  pair.run();
  EXPECT_TRUE(pair.client.transport.key_exchange().strict());
  EXPECT_TRUE(pair.both_have_keys());
}

// Compression makes much work of few bytes, so a turn is limited by what comes out of it.
TEST(Transport, ATurnEndsAfterSoManyBytesOfPayloads) {
  ConnectedPair pair;
  const std::string name(1000, 'x');
  for (int i = 0; i < 3; ++i) pair.client.transport.writer().send(msg::GlobalRequest{name, false, {}});
  pair.server.transport.begin_turn({.payload_bytes = 1500, .backlog = 1 << 20});
  pair.run();
  EXPECT_EQ(pair.server.payloads.size(), 2U);
  EXPECT_TRUE(pair.server.transport.paused());
  pair.server.transport.begin_turn({.payload_bytes = 1500, .backlog = 1 << 20});
  pair.pull_events(pair.server);
  EXPECT_EQ(pair.server.payloads.size(), 3U);
  EXPECT_FALSE(pair.server.transport.paused());
}

TEST(Transport, ATurnEndsWhileTooMuchWaitsForThePeer) {
  ConnectedPair pair;
  pair.server.transport.writer().send(msg::ChannelEof{1});
  pair.client.transport.writer().send(msg::ChannelEof{1});
  pair.server.transport.begin_turn({.payload_bytes = 1500, .backlog = 0});
  const std::vector<std::uint8_t> sent = test::take_ready(pair.client.transport.writer());
  test::feed(pair.server.transport.reader(), sent);
  pair.pull_events(pair.server);
  EXPECT_EQ(pair.server.payloads.size(), 0U);
  EXPECT_TRUE(pair.server.transport.paused());
  pair.run();  // it leaves
  pair.pull_events(pair.server);
  EXPECT_FALSE(pair.server.transport.paused());
  EXPECT_EQ(pair.server.payloads.size(), 1U);
}

}  // namespace
}  // namespace glassh
