// What a peer can say about channels to make an implementation crash, hang, lie or grow: past vulnerabilities 50 to 55.
// Each either ends the connection by a ProtocolError that names the message, or changes nothing.
#include <limits>

#include "test/channels/fixture.h"

namespace glassh {
namespace {

using test::zeros;
using HostilePeer = test::ChannelsFixture;

constexpr std::uint32_t largest = std::numeric_limits<std::uint32_t>::max();

// ---- past vulnerability 50: windows that overflow or underflow

TEST_F(HostilePeer, NoAdjustCarriesAWindowOver32Bits) {  // [4254-5.2-3] breaks; past vulnerability 50
  for (const std::uint32_t window : {1u, 500u, 0x80000000u, largest}) {
    const std::uint32_t id = opened(window, 50).id();
    EXPECT_EQ(error_of(msg::ChannelWindowAdjust{id, largest - window}), "") << "2^32 - 1 is allowed";
    EXPECT_EQ(channels().at(id).window_to_peer(), largest);
    const std::string error = error_of(msg::ChannelWindowAdjust{id, 1});
    EXPECT_NE(error.find("bytes_to_add 1 raises the window of 4294967295 above 2^32 - 1"), error.npos) << error;
    EXPECT_EQ(channels().at(id).window_to_peer(), largest);
  }
}

TEST_F(HostilePeer, AdjustsOfNothingChangeNothing) {  // past vulnerability 50
  Channel& channel = opened(0, 50);
  for (int i = 0; i < 10'000; ++i) ASSERT_FALSE(receive(msg::ChannelWindowAdjust{channel.id(), 0}));
  EXPECT_EQ(channel.window_to_peer(), 0u);
  EXPECT_EQ(channel.room(), 0u);
  EXPECT_TRUE(out.take().empty());
}

TEST_F(HostilePeer, DataNeverTakesAWindowBelowNothing) {  // [4254-5.2-4] breaks; past vulnerability 50
  const std::uint32_t id = opened().id();
  for (int i = 0; i < 10; ++i) ASSERT_EQ(error_of_data(id, 99), "");
  EXPECT_EQ(channels().at(id).window_from_peer().available(), 10u);
  EXPECT_NE(error_of_data(id, 11), "");
  EXPECT_EQ(channels().at(id).window_from_peer().available(), 10u) << "what was refused does not count";
}

// ---- past vulnerability 51: maximum packet sizes of 0, 1 and 2^32 - 1

TEST_F(HostilePeer, MaximumPacketSizeOfNothingIsRefused) {  // past vulnerability 51
  EXPECT_FALSE(receive(msg::ChannelOpen{"session", 42, 500, 0, {}}));
  EXPECT_EQ(out.take_only<msg::ChannelOpenFailure>().recipient_channel, 42u);
  const std::uint32_t id = channels().open("session");
  EXPECT_NE(error_of(msg::ChannelOpenConfirmation{id, 7, 500, 0, {}}).find("maximum_packet_size is 0"),
            std::string::npos);
}

TEST_F(HostilePeer, MaximumPacketSizeOfOneByteIsKept) {  // [4254-5.2-4] keeps; past vulnerability 51
  Channel& ours = opened(500, 1);
  const std::uint32_t theirs = expect<ChannelOpenWanted>(msg::ChannelOpen{"session", 42, 500, 1, {}}).channel;
  channels().accept_open(theirs);
  out.take();
  for (Channel* const channel : {&ours, &channels().at(theirs)}) {
    for (const std::uint32_t extended_type : {0u, 1u}) {
      EXPECT_EQ(channel->data_space(100, extended_type).size(), 1u);
      channel->commit(1);
    }
  }
  EXPECT_EQ(out.take().size(), 4u);
}

TEST_F(HostilePeer, LargestMaximumPacketSizeIsNotBelieved) {  // [4254-5.2-8] keeps; past vulnerability 51
  Channel& ours = opened(largest, largest);
  const std::uint32_t theirs = expect<ChannelOpenWanted>(msg::ChannelOpen{"session", 42, largest, largest, {}}).channel;
  channels().accept_open(theirs);
  for (const Channel* const channel : {&ours, &channels().at(theirs)}) {
    EXPECT_LE(channel->room(), PacketWriter::bulk_payload);
    EXPECT_GE(channel->room(), 32768u);
  }
}

// ---- past vulnerability 52: messages for channels that are closed, half closed or were never there

TEST_F(HostilePeer, NothingReachesAChannelThatTheApplicationHasClosed) {  // past vulnerability 52
  Channel& channel = opened();
  const std::uint32_t id = channel.id();
  channel.close();
  out.take();
  const test::Payload status = encode(msg::ExitStatus{0});
  EXPECT_FALSE(receive(msg::ChannelRequest{id, "exit-status", false, Rest{status}})) << "a forged exit status";
  EXPECT_FALSE(receive(msg::ChannelData{id, bytes_of("late")}));
  EXPECT_FALSE(receive(msg::ChannelExtendedData{id, 1, bytes_of("late")}));
  EXPECT_FALSE(receive(msg::ChannelEof{id}));
  EXPECT_FALSE(receive(msg::ChannelWindowAdjust{id, 100}));
  EXPECT_TRUE(out.take().empty());
}

TEST_F(HostilePeer, NothingReachesAChannelThatIsGoneNorTheNextOneOfItsNumber) {  // past vulnerability 52
  const ChannelHandle gone = opened().handle();
  receive(msg::ChannelClose{gone.id});
  out.take();
  const std::vector<test::Payload> late = {encode(msg::ChannelData{gone.id, bytes_of("late")}),
                                           encode(msg::ChannelExtendedData{gone.id, 1, {}}),
                                           encode(msg::ChannelEof{gone.id}),
                                           encode(msg::ChannelClose{gone.id}),
                                           encode(msg::ChannelWindowAdjust{gone.id, 1}),
                                           encode(msg::ChannelRequest{gone.id, "exit-status", false, {}}),
                                           encode(msg::ChannelSuccess{gone.id}),
                                           encode(msg::ChannelFailure{gone.id}),
                                           encode(msg::ChannelOpenConfirmation{gone.id, 1, 1, 1, {}}),
                                           encode(msg::ChannelOpenFailure{gone.id, 1, "", ""})};
  for (const test::Payload& message : late) {
    const std::string error = test::protocol_error_of([&] { channels().on_payload(message); });
    EXPECT_NE(error.find("there is no such channel"), error.npos) << int{message[0]} << " " << error;
  }
  EXPECT_EQ(opened().id(), gone.id) << "the number is used again";
  EXPECT_EQ(channels().find(gone), nullptr) << "but whoever still holds the old channel does not get the new one";
}

TEST_F(HostilePeer, NumbersFarFromAnyChannelAreNoChannels) {  // [4254-5-2] breaks; past vulnerability 52
  opened();
  for (const std::uint32_t id : {1u, 4u, 0x7fffffffu, 0x80000000u, largest}) {
    EXPECT_NE(error_of_data(id, 1).find("there is no such channel"), std::string::npos) << id;
    EXPECT_NE(error_of(msg::ChannelClose{id}).find("there is no such channel"), std::string::npos) << id;
  }
}

// ---- past vulnerability 53: answers to nothing

TEST_F(HostilePeer, AnswersToNothingEndTheConnectionAtOnce) {  // [4254-4-3] [4254-5.4-1] breaks; past vulnerability 53
  const std::uint32_t id = opened().id();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_NE(error_of(msg::RequestSuccess{}), "");
    ASSERT_NE(error_of(msg::RequestFailure{}), "");
    ASSERT_NE(error_of(msg::ChannelSuccess{id}), "");
    ASSERT_NE(error_of(msg::ChannelFailure{id}), "");
  }
  // And nothing was left behind that a real answer could be taken for.
  channels().send_global("x", true);
  channels().at(id).send_request("y", true, {});
  EXPECT_TRUE(expect<GlobalRequestAnswered>(msg::RequestSuccess{}).success);
  EXPECT_FALSE(expect<ChannelRequestAnswered>(msg::ChannelFailure{id}).success);
}

// ---- past vulnerability 54: sizes that do not fit into 32 bits

TEST_F(HostilePeer, SizesAround4GiBAreNotCutOffTo32Bits) {  // past vulnerability 54
  Channel& channel = opened(largest, largest);
  constexpr std::size_t around = std::size_t{1} << 32;
  for (const std::size_t at_most :
       {around - 1, around, around + 1, 2 * around, std::numeric_limits<std::size_t>::max()}) {
    const std::size_t space = channel.data_space(at_most).size();
    EXPECT_EQ(space, channel.room()) << at_most;
    EXPECT_GT(space, 0u) << "a loop that waits for progress would never end";
    channel.commit(space);
    out.take();
  }
}

TEST_F(HostilePeer, MoreThan4GiBGoThroughOneChannel) {  // past vulnerability 54
  use({.initial_window = 2 * 1024 * 1024, .maximum_packet = 32 * 1024});
  const std::uint32_t id = opened().id();
  payload = encode(msg::ChannelData{id, Bytes(zeros).first(32 * 1024)});
  constexpr std::uint64_t more = (std::uint64_t{1} << 32) + 1024 * 1024;
  std::uint64_t given = 2 * 1024 * 1024;
  for (std::uint64_t received = 0; received < more; received += 32 * 1024) {
    ASSERT_TRUE(channels().on_payload(payload));
    channels().at(id).consumed(32 * 1024);
    if (out.writer.backlog() < 4096) continue;
    for (const auto& each : out.take()) given += decode<msg::ChannelWindowAdjust>(each).bytes_to_add;
  }
  for (const auto& each : out.take()) given += decode<msg::ChannelWindowAdjust>(each).bytes_to_add;
  EXPECT_GE(given, more);
  EXPECT_LE(given, more + 3 * 1024 * 1024);
}

// ---- past vulnerability 55: channels that are refused, and stay

TEST_F(HostilePeer, AMillionRefusedChannelsLeaveNothingBehind) {  // [4254-5.1-1] keeps; past vulnerability 55
  const test::Payload open = encode(msg::ChannelOpen{"no-such-type", 42, 500, 50, {}});
  std::size_t answers = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const auto event = channels().on_payload(open);
    ASSERT_TRUE(event && std::holds_alternative<ChannelOpenWanted>(*event));
    const std::uint32_t id = std::get<ChannelOpenWanted>(*event).channel;
    ASSERT_EQ(id, 0u) << "its place is taken by the next one";
    channels().refuse_open(id, open_failure_reason::unknown_channel_type, "no");
    ASSERT_EQ(channels().count(), 0u);
    if (i % 1000 == 999) answers += out.take().size();
  }
  EXPECT_EQ(answers, 1'000'000u);
}

}  // namespace
}  // namespace glassh
