// The rules of RFC 4254 that bind both sides, through both connections: what a peer says about channels, packet by
// packet, and what comes back. The tests of Channels (test/channels) have more cases of each rule.
#include <gtest/gtest.h>

#include <limits>

#include "proto/messages_session.h"
#include "proto/messages_transport.h"
#include "test/properties/handshake.h"

namespace glassh::test {
namespace {

constexpr std::uint32_t peers_number = 77;

// A channel that the peer has opened, on a connection of either role. It has a window of 10 bytes to write in.
struct OpenChannel {
  explicit OpenChannel(Role role, std::uint32_t window = 10, std::uint32_t maximum_packet = 1 << 15)
      : victim(victim_of(role)), peer(*victim, {}) {
    log_in(peer, role);
    open = heard_after(peer, [&] { say(msg::ChannelOpen{"session", peers_number, window, maximum_packet, {}}); });
    number = decode<msg::ChannelOpenConfirmation>(peer.heard.back()).sender_channel;
  }
  Channels& channels() {
    if (auto* server = dynamic_cast<ServerVictim*>(victim.get())) return server->core->channels();
    return dynamic_cast<ClientVictim&>(*victim).core->channels();
  }
  Channel& channel() { return channels().at(number); }
  template <class M>
  void say(const M& message) {
    peer.say(message);
  }
  template <class M>
  std::string answer_to(const M& message) {
    return heard_after(peer, [&] { peer.say(message); });
  }
  // The messages that leave when our application has done something.
  template <class Act>
  std::string after(Act act) {
    return heard_after(peer, [&] {
      act();
      peer.listen();
    });
  }
  // Writes as much as goes, up to `size` bytes. Returns how much that was.
  std::size_t write(std::size_t size, std::uint32_t extended_type = 0) {
    std::size_t written = 0;
    while (written < size && channel().room() > 0) {
      const MutableBytes place = channel().data_space(size - written, extended_type);
      std::fill(place.begin(), place.end(), std::uint8_t{'x'});
      channel().commit(place.size());
      written += place.size();
    }
    peer.listen();
    return written;
  }
  std::string end() const { return victim->end ? victim->end->description : ""; }

  std::unique_ptr<Victim> victim;
  HandMadePeer peer;
  std::string open;
  std::uint32_t number = 0;  // the victim's
};

template <class Check>
void for_both(Check check) {
  for (const Role role : {Role::server, Role::client}) {
    SCOPED_TRACE(role == Role::server ? "server" : "client");
    check(role);
  }
}

// ---- global requests

TEST(ChannelRules, GlobalRequestsAreAnsweredInOrderIfTheyWantIt) {  // [4254-4-1] [4254-4-2] [4254-4-5] keep
  for_both([](Role role) {
    OpenChannel its(role);
    EXPECT_EQ(its.answer_to(msg::GlobalRequest{"what@example.com", true, {}}), "SSH_MSG_REQUEST_FAILURE (82)");
    EXPECT_EQ(its.answer_to(msg::GlobalRequest{"what@example.com", false, {}}), "");
    EXPECT_EQ(its.end(), "");
  });
}

TEST(ChannelRules, AnAnswerToNoGlobalRequestEndsTheConnection) {  // [4254-4-3] breaks
  for_both([](Role role) {
    OpenChannel its(role);
    EXPECT_EQ(its.answer_to(msg::RequestSuccess{}), "DISCONNECT 2");
  });
}

// ---- windows

TEST(ChannelRules, NoMoreIsWrittenThanTheWindowHas) {  // [4254-5-1] [4254-5.2-1] [4254-5.2-9] keep
  for_both([](Role role) {
    OpenChannel its(role);
    EXPECT_EQ(its.write(100), 10U);
    its.say(msg::ChannelWindowAdjust{its.number, 7});
    EXPECT_EQ(its.write(100, 1), 7U) << "extended data take from the same window";
    EXPECT_EQ(its.write(100), 0U);
  });
}

TEST(ChannelRules, AWindowHasUpTo4GiBAndNotAByteMore) {  // [4254-5.2-2] keeps, [4254-5.2-3] breaks
  for_both([](Role role) {
    OpenChannel its(role, std::numeric_limits<std::uint32_t>::max() - 5);
    EXPECT_EQ(its.answer_to(msg::ChannelWindowAdjust{its.number, 5}), "");
    EXPECT_EQ(its.channel().window_to_peer(), std::numeric_limits<std::uint32_t>::max());
    EXPECT_EQ(its.answer_to(msg::ChannelWindowAdjust{its.number, 1}), "DISCONNECT 2");
  });
}

TEST(ChannelRules, DataBeyondTheMaximumPacketSizeEndTheConnection) {  // [4254-5.2-4] breaks
  for_both([](Role role) {
    OpenChannel its(role);
    const auto confirmation = decode<msg::ChannelOpenConfirmation>(its.peer.heard.back());
    const std::size_t window = confirmation.initial_window_size;
    const std::size_t packet = confirmation.maximum_packet_size;
    const Payload data(packet);
    const Payload too_much(packet + 1);
    EXPECT_GE(window, packet);
    its.say(msg::ChannelExtendedData{its.number, 1, data});
    EXPECT_EQ(its.end(), "");
    EXPECT_EQ(its.answer_to(msg::ChannelExtendedData{its.number, 1, too_much}), "DISCONNECT 2");
  });
}

TEST(ChannelRules, PacketsAreAsLongAsBothTransportsTake) {  // [4254-5.2-7] [4254-5.2-8] keep
  for_both([](Role role) {
    OpenChannel its(role, 1 << 20, std::numeric_limits<std::uint32_t>::max());
    const auto confirmation = decode<msg::ChannelOpenConfirmation>(its.peer.heard.back());
    EXPECT_LE(confirmation.maximum_packet_size + 100, PacketReader::max_packet_length);
    EXPECT_GT(its.write(100'000), 99'999U);
    for (const Payload& payload : its.peer.heard) EXPECT_LE(payload.size(), PacketWriter::bulk_payload);
    OpenChannel small(role, 1 << 20, 100);
    EXPECT_EQ(small.write(1000), 1000U);
    for (const Payload& payload : small.peer.heard) {
      if (payload[0] != msg::ChannelData::number) continue;
      EXPECT_LE(decode<msg::ChannelData>(payload).data.size(), 100U);
    }
  });
}

// ---- numbers

TEST(ChannelRules, MessagesCarryTheNumberThatTheirRecipientChose) {  // [4254-5-2] keeps and breaks
  for_both([](Role role) {
    OpenChannel its(role);
    its.write(1);
    EXPECT_EQ(decode<msg::ChannelData>(its.peer.heard.back()).recipient_channel, peers_number);
    EXPECT_EQ(its.answer_to(msg::ChannelData{its.number + 1, bytes_of("x")}), "DISCONNECT 2");
  });
}

TEST(ChannelRules, ANumberIsFreeWhenBothHaveClosed) {  // [4254-5.3-3] [4254-5.3-4] keep
  for_both([](Role role) {
    OpenChannel its(role);
    EXPECT_EQ(its.answer_to(msg::ChannelClose{its.number}), "SSH_MSG_CHANNEL_CLOSE (97)");
    its.say(msg::ChannelOpen{"session", 5, 10, 10, {}});
    EXPECT_EQ(decode<msg::ChannelOpenConfirmation>(its.peer.heard.back()).sender_channel, its.number);
    EXPECT_EQ(its.after([&] { its.channel().close(); }), "SSH_MSG_CHANNEL_CLOSE (97)");
    its.say(msg::ChannelOpen{"session", 6, 10, 10, {}});
    EXPECT_NE(decode<msg::ChannelOpenConfirmation>(its.peer.heard.back()).sender_channel, its.number)
        << "the peer has not closed it yet";
    EXPECT_EQ(its.answer_to(msg::ChannelClose{its.number}), "") << "ours went first";
    EXPECT_EQ(its.answer_to(msg::ChannelClose{its.number}), "DISCONNECT 2") << "the channel is gone";
  });
}

// ---- ends

TEST(ChannelRules, AnEndNeedsNoWindowAndNoAnswer) {  // [4254-5.3-1] [4254-5.3-2] [4254-5.3-5] [4254-5.3-7] keep
  for_both([](Role role) {
    OpenChannel its(role, 0);
    EXPECT_EQ(its.answer_to(msg::ChannelEof{its.number}), "");
    EXPECT_EQ(its.after([&] { its.channel().send_eof(); }), "SSH_MSG_CHANNEL_EOF (96)");
    OpenChannel other(role, 0);
    EXPECT_EQ(other.answer_to(msg::ChannelEof{other.number}), "");
    other.say(msg::ChannelWindowAdjust{other.number, 4});
    EXPECT_EQ(other.write(4), 4U) << "the other direction goes on";
    EXPECT_EQ(other.after([&] { other.channel().close(); }), "SSH_MSG_CHANNEL_CLOSE (97)") << "without an EOF";
  });
}

TEST(ChannelRules, DataBehindAnEofEndTheConnection) {  // [4254-5.3-1] breaks
  for_both([](Role role) {
    OpenChannel its(role);
    its.say(msg::ChannelEof{its.number});
    EXPECT_EQ(its.answer_to(msg::ChannelData{its.number, bytes_of("x")}), "DISCONNECT 2");
  });
}

// ---- requests

// [4254-4-6] [4254-5.4-1] [4254-5.4-3] keep
TEST(ChannelRules, RequestsNeedNoWindowAndAreAnsweredInOrder) {
  for_both([](Role role) {
    OpenChannel its(role, 0);
    its.peer.deaf = true;
    its.say(msg::ChannelRequest{its.number, "one", true, {}});
    its.say(msg::ChannelRequest{its.number, "two", false, {}});
    its.peer.deaf = false;
    EXPECT_EQ(its.answer_to(msg::ChannelRequest{its.number, "three", true, {}}),
              "SSH_MSG_CHANNEL_SUCCESS (99); SSH_MSG_CHANNEL_SUCCESS (99)");
    const std::vector<std::string>& events = its.victim->events;
    ASSERT_GE(events.size(), 3U);
    EXPECT_EQ(std::vector<std::string>(events.end() - 3, events.end()),
              (std::vector<std::string>{"request one", "request two", "request three"}));
  });
}

TEST(ChannelRules, AnAnswerToNoRequestEndsTheConnection) {  // [4254-5.4-1] breaks
  for_both([](Role role) {
    OpenChannel its(role);
    EXPECT_EQ(its.answer_to(msg::ChannelSuccess{its.number}), "DISCONNECT 2");
  });
}

TEST(ChannelRules, ARefusalHasAReasonAndExtendedDataAType) {  // [4250-4.3.1-1] [4250-4.4.1-1] keep
  for_both([](Role role) {
    OpenChannel its(role);
    its.write(3, 1);
    EXPECT_GT(decode<msg::ChannelExtendedData>(its.peer.heard.back()).data_type_code, 0U);
    its.say(msg::ChannelOpen{"session", 8, 10, 0, {}});
    const auto refusal = decode<msg::ChannelOpenFailure>(its.peer.heard.back());
    EXPECT_EQ(refusal.recipient_channel, 8U);
    EXPECT_GT(refusal.reason_code, 0U);
  });
}

TEST(ChannelRules, ADisconnectHasAReason) {  // [4250-4.2.1-1] keeps
  for_both([](Role role) {
    OpenChannel its(role);
    its.say(msg::ChannelData{99, {}});
    EXPECT_GT(decode<msg::Disconnect>(its.peer.heard.back()).reason_code, 0U);
  });
}

}  // namespace
}  // namespace glassh::test
