// How a peer is asked for an answer while data flow, message by message: which question, when, and that nothing of it
// reaches the application.
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/messages_connection.h"
#include "proto/messages_transport.h"
#include "test/properties/handshake.h"

namespace glassh::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A channel that the peer has opened and may write to.
struct Flow {
  // A server says that it answers PING, or does not.
  explicit Flow(Role role, bool answers_ping = true) : victim(victim_of(role)), peer(*victim, {}) {
    if (role == Role::server) {
      log_in(peer, role);
    } else {
      peer.say_version();
      exchange_keys(peer);
      if (answers_ping) peer.say(msg::ExtInfo{{{"ping@openssh.com", bytes_of("0")}}});
      peer.say(msg::ServiceAccept{"ssh-userauth"});
      peer.say(msg::UserauthSuccess{});
    }
    peer.say(msg::ChannelOpen{"session", 77, 1 << 20, 1 << 15, {}});
    number = decode<msg::ChannelOpenConfirmation>(peer.heard.back()).sender_channel;
  }

  Channels& channels() {
    if (auto* server = dynamic_cast<ServerVictim*>(victim.get())) return server->core->channels();
    return dynamic_cast<ClientVictim&>(*victim).core->channels();
  }

  // Everything that follows on so many bytes but the adjustments of the window.
  std::string heard_after_bytes(std::size_t size) {
    const std::size_t before = peer.heard.size();
    for (std::size_t said = 0; size > 0; size -= said) {
      said = std::min(size, data.size());
      peer.say(msg::ChannelData{number, Bytes(data).first(said)});
    }
    std::string heard;
    for (std::size_t i = before; i < peer.heard.size(); ++i) {
      if (peer.heard[i][0] != msg::ChannelWindowAdjust::number) heard += words_of(peer.heard[i]) + "; ";
    }
    return heard;
  }

  std::size_t answers_seen() const {
    return static_cast<std::size_t>(
        std::count(victim->events.begin(), victim->events.end(), "global request answered"));
  }
  std::string end() const { return victim->end ? victim->end->description : ""; }

  const Payload data = Payload(1 << 14, 'x');
  std::unique_ptr<Victim> victim;
  HandMadePeer peer;
  std::uint32_t number = 0;
};

constexpr const char* request = "SSH_MSG_GLOBAL_REQUEST (80); ";
constexpr const char* ping = "SSH_MSG_PING (192); ";

Payload pong_to(const Flow& flow) {
  const auto asked = std::find_if(flow.peer.heard.rbegin(), flow.peer.heard.rend(),
                                  [](const Payload& each) { return each[0] == msg::Ping::number; });
  return asked == flow.peer.heard.rend() ? Payload{} : encode(msg::Pong{decode<msg::Ping>(*asked).data});
}

TEST(PathProbe, AClientIsAskedByAGlobalRequestWhoseAnswerTheServerKeepsToItself) {  // [4254-4-1] keeps
  for (const bool success : {true, false}) {
    Flow flow(Role::server);
    EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow - 1), "");
    EXPECT_EQ(flow.heard_after_bytes(1), request);
    const auto asked = decode<msg::GlobalRequest>(flow.peer.heard.back());
    EXPECT_EQ(asked.request_name, "keepalive@openssh.com");
    EXPECT_TRUE(asked.want_reply);
    success ? flow.peer.say(msg::RequestSuccess{}) : flow.peer.say(msg::RequestFailure{});
    EXPECT_EQ(flow.answers_seen(), 0U);
    EXPECT_EQ(flow.end(), "");
  }
}

TEST(PathProbe, TheApplicationsOwnRequestsHaveTheirAnswersInOrder) {  // [4254-4-5] keeps
  Flow flow(Role::server);
  flow.channels().send_global("before@example.com", true);
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), fmt::format("{}{}", request, request));
  flow.channels().send_global("behind@example.com", true);
  flow.peer.say(msg::RequestFailure{});
  EXPECT_EQ(flow.answers_seen(), 1U);
  flow.peer.say(msg::RequestFailure{});
  EXPECT_EQ(flow.answers_seen(), 1U) << "that was the probe's";
  flow.peer.say(msg::RequestFailure{});
  EXPECT_EQ(flow.answers_seen(), 2U);
  EXPECT_EQ(flow.end(), "");
}

TEST(PathProbe, AServerIsAskedByPingIfItHasSaidThatItAnswers) {  // [openssh-ping-1.8-1] keeps
  Flow flow(Role::client);
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), ping);
  flow.peer.say(pong_to(flow));
  flow.victim->let_pass(seconds(2));
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), ping) << "the first one is answered";
  EXPECT_EQ(flow.end(), "");
}

TEST(PathProbe, AServerThatHasNotSaidSoIsAskedByAGlobalRequest) {
  Flow flow(Role::client, false);
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), request);
  flow.peer.say(msg::RequestFailure{});
  EXPECT_EQ(flow.answers_seen(), 0U);
  EXPECT_EQ(flow.end(), "");
}

TEST(PathProbe, APongWithOtherDataIsNoAnswer) {  // [openssh-ping-1.8-1] breaks
  Flow flow(Role::client);
  flow.peer.say(msg::Pong{bytes_of("round trip 1")});
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), ping);
  flow.peer.say(msg::Pong{bytes_of("round trip 2")});
  flow.peer.say(msg::Pong{});
  flow.victim->let_pass(seconds(2));
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), "") << "the probe is still under way";
  flow.peer.say(pong_to(flow));
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), ping);
  EXPECT_EQ(flow.end(), "");
}

TEST(PathProbe, APeerThatDoesNotAnswerIsAskedOnce) {
  for (const Role role : both_roles) {
    Flow flow(role);
    EXPECT_NE(flow.heard_after_bytes(RoundTrip::flow), "");
    for (int i = 0; i < 20; ++i) {
      flow.victim->let_pass(seconds(2));
      EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), "");
    }
    EXPECT_EQ(flow.end(), "");
  }
}

TEST(PathProbe, NoPeerIsAskedWhileAKeyExchangeRuns) {
  for (const Role role : both_roles) {
    Flow flow(role);
    flow.victim->start_key_exchange();
    EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), "SSH_MSG_KEXINIT (20); ");
    exchange_keys(flow.peer);
    EXPECT_EQ(flow.heard_after_bytes(1), role == Role::server ? request : ping);
    EXPECT_EQ(flow.end(), "");
  }
}

// paramiko and asyncssh do so; the peer's key exchange and our question met on the way.
TEST(PathProbe, AnAnswerDuringThePeersKeyExchangeIsTakenOnce) {
  for (const bool twice : {false, true}) {
    Flow flow(Role::server);
    EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), request);
    flow.peer.say_kexinit();
    flow.peer.say(msg::RequestFailure{});
    EXPECT_EQ(flow.end(), "");
    EXPECT_EQ(flow.answers_seen(), 0U);
    if (twice) flow.peer.say(msg::RequestFailure{});
    EXPECT_EQ(flow.end().empty(), !twice) << flow.end();
  }
}

// OpenSSH drops a PING that reaches it during a key exchange.
TEST(PathProbe, APingWithoutAnswerBeforeNewKeysIsFollowedByAnother) {
  Flow flow(Role::client);
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), ping);
  exchange_keys(flow.peer);
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), "") << "not so soon";
  flow.victim->let_pass(seconds(2));
  EXPECT_EQ(flow.heard_after_bytes(RoundTrip::flow), ping);
  EXPECT_EQ(flow.end(), "");
}

}  // namespace
}  // namespace glassh::test
