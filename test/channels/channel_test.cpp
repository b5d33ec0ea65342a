// RFC 4254 section 5.2 and 5.3: windows, packet sizes, EOF and CLOSE, in both directions.
#include "test/channels/fixture.h"

namespace glassh {
namespace {

using test::zeros;
using ChannelTest = test::ChannelsFixture;

// ---- out

TEST_F(ChannelTest, RoomIsTheSmallestOfWindowPacketAndTransport) {  // [4254-5.2-4] [4254-5.2-8] keeps
  EXPECT_EQ(opened(500, 50).room(), 50u);
  EXPECT_EQ(opened(30, 50).room(), 30u);
  EXPECT_EQ(opened(0, 50).room(), 0u);  // [4254-5-1]
  const std::size_t most = opened(0xffffffff, 0xffffffff).room();
  EXPECT_GE(most, 32768u);
  EXPECT_LE(most, PacketWriter::bulk_payload);
}

TEST_F(ChannelTest, DataGoesWhereItIsSealedAndTakesFromTheWindow) {
  Channel& channel = opened(500, 50);
  send(channel, 40);
  const auto data = out.take_only<msg::ChannelData>();
  EXPECT_EQ(data.recipient_channel, peer_id);  // [4254-5-2] keeps
  EXPECT_EQ(text_of(data.data), std::string(40, 'x'));
  EXPECT_EQ(channel.window_to_peer(), 460u);
}

TEST_F(ChannelTest, ExtendedDataTakesFromTheSameWindow) {  // [4254-5.2-9] [4250-4.4.1-1] keeps
  Channel& channel = opened(500, 50);
  send(channel, 30, extended_data_type::standard_error);
  const auto data = out.take_only<msg::ChannelExtendedData>();
  EXPECT_EQ(data.recipient_channel, peer_id);
  EXPECT_EQ(data.data_type_code, 1u);
  EXPECT_EQ(text_of(data.data), std::string(30, 'x'));
  EXPECT_EQ(channel.window_to_peer(), 470u);
}

TEST_F(ChannelTest, SpaceIsNeverMoreThanRoomAndCommitMayBeLess) {
  Channel& channel = opened(500, 50);
  EXPECT_EQ(channel.data_space(1000).size(), 50u);
  channel.commit(7);
  EXPECT_EQ(out.take_only<msg::ChannelData>().data.size(), 7u);
  EXPECT_EQ(channel.data_space(10).size(), 10u);
  channel.commit(0);
  EXPECT_TRUE(out.take().empty());
  EXPECT_EQ(channel.window_to_peer(), 493u);
}

TEST_F(ChannelTest, WindowOfTheLargestSizeIsUsedWhole) {  // [4254-5.2-2] keeps
  Channel& channel = opened(0xffffffff, 0xffffffff);
  const std::size_t sent = channel.room();
  send(channel, sent);
  EXPECT_EQ(channel.window_to_peer(), 0xffffffff - sent);
  EXPECT_FALSE(receive(msg::ChannelWindowAdjust{channel.id(), static_cast<std::uint32_t>(sent)}));
  EXPECT_EQ(channel.window_to_peer(), 0xffffffffu);
}

TEST_F(ChannelTest, WindowAdjustMakesRoomAgain) {  // [4254-5.2-1] keeps
  Channel& channel = opened(10, 50);
  send(channel, 10);
  EXPECT_EQ(channel.room(), 0u);
  EXPECT_FALSE(receive(msg::ChannelWindowAdjust{channel.id(), 0})) << "adding nothing is allowed, and changes nothing";
  EXPECT_FALSE(receive(msg::ChannelWindowAdjust{channel.id(), 20}));
  EXPECT_EQ(channel.room(), 20u);
  EXPECT_FALSE(receive(msg::ChannelWindowAdjust{channel.id(), 5}));
  EXPECT_EQ(channel.window_to_peer(), 25u);
}

TEST_F(ChannelTest, WindowAboveTheLimitIsRefused) {  // [4254-5.2-3] breaks
  Channel& channel = opened(2, 50);
  EXPECT_EQ(error_of(msg::ChannelWindowAdjust{channel.id(), 0xfffffffe}),
            "SSH_MSG_CHANNEL_WINDOW_ADJUST: recipient_channel 0: bytes_to_add 4294967294 raises the window of 2 above "
            "2^32 - 1");
}

TEST_F(ChannelTest, NoRoomWhileAKeyExchangeHoldsTheWriter) {
  Channel& channel = opened();
  out.writer.hold();
  EXPECT_EQ(channel.room(), 0u);
}

TEST_F(ChannelTest, NoRoomWhileTooMuchWaitsForTheSocket) {
  use({.initial_window = 1000, .maximum_packet = 100, .backlog = 4000});
  Channel& channel = opened(100'000, 100);
  while (channel.room() > 0) send(channel, 50);
  EXPECT_GE(out.writer.backlog(), 4000u);
  EXPECT_LE(out.writer.backlog(), 4200u);
  out.take();
  EXPECT_EQ(channel.room(), 100u);
}

// A key press does not stand behind a whole backlog of a file's, nor wait until there is room again.
TEST_F(ChannelTest, BulkLeavesMostOfTheBacklogToOthers) {
  use({.initial_window = 1000, .maximum_packet = 100, .backlog = 4000});
  Channel& file = opened(100'000, 100);
  Channel& keys = opened(100'000, 100, peer_id + 1);
  while (file.room() > 0) send(file, 100);
  EXPECT_GE(out.writer.backlog(), 1000u);
  EXPECT_LE(out.writer.backlog(), 1200u);
  EXPECT_EQ(keys.room(), 100u);
  send(keys, 1);
  EXPECT_EQ(keys.room(), 100u);
  out.take();
  EXPECT_EQ(file.room(), 100u);
  send(file, 10);  // its source is empty for now
  while (file.room() > 0) send(file, 10);
  EXPECT_GE(out.writer.backlog(), 4000u) << "it moves no bulk any more";
}

TEST_F(ChannelTest, EofIsSentOnceAndEndsRoom) {  // [4254-5.3-1] keeps
  Channel& channel = opened(0, 50);
  channel.send_eof();  // [4254-5.3-7] keeps: no window is needed
  channel.send_eof();
  EXPECT_EQ(out.take_only<msg::ChannelEof>().recipient_channel, peer_id);
  EXPECT_FALSE(receive(msg::ChannelWindowAdjust{channel.id(), 100})) << "nobody waits for room any more";
  EXPECT_EQ(channel.room(), 0u);
}

// ---- in

TEST_F(ChannelTest, DataWithinWindowAndPacketIsDelivered) {
  Channel& channel = opened();
  const auto arrived = expect<DataArrived>(msg::ChannelData{channel.id(), bytes_of("hello")});
  EXPECT_EQ(arrived.channel, channel.id());
  EXPECT_EQ(text_of(arrived.data), "hello");
  EXPECT_EQ(arrived.extended_type, 0u);
  EXPECT_EQ(channel.window_from_peer().available(), 995u);
  const auto error = expect<DataArrived>(msg::ChannelExtendedData{channel.id(), 1, bytes_of("oops")});
  EXPECT_EQ(text_of(error.data), "oops");
  EXPECT_EQ(error.extended_type, 1u);
  EXPECT_EQ(channel.window_from_peer().available(), 991u);  // [4254-5.2-9] keeps
}

TEST_F(ChannelTest, DataAboveTheMaximumPacketIsRefused) {  // [4254-5.2-4] breaks
  const std::uint32_t id = opened().id();
  EXPECT_EQ(error_of_data(id, 100), "");
  EXPECT_EQ(error_of_data(id, 101),
            "SSH_MSG_CHANNEL_DATA: recipient_channel 0: 101 bytes of data, maximum_packet_size is 100");
  EXPECT_EQ(error_of(msg::ChannelExtendedData{id, 1, Bytes(zeros).first(101)}),
            "SSH_MSG_CHANNEL_EXTENDED_DATA: recipient_channel 0: 101 bytes of data, maximum_packet_size is 100");
}

TEST_F(ChannelTest, DataAboveTheWindowIsRefused) {  // [4254-5.2-4] [4254-5-1] breaks
  const std::uint32_t id = opened().id();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(error_of_data(id, 100), "");
  EXPECT_EQ(error_of_data(id, 0), "");
  EXPECT_EQ(error_of_data(id, 1), "SSH_MSG_CHANNEL_DATA: recipient_channel 0: 1 bytes of data, the window has 0");
  EXPECT_EQ(error_of(msg::ChannelExtendedData{id, 1, Bytes(zeros).first(1)}),  // [4254-5.2-9] breaks
            "SSH_MSG_CHANNEL_EXTENDED_DATA: recipient_channel 0: 1 bytes of data, the window has 0");
}

TEST_F(ChannelTest, WindowOpensAgainOnlyForWhatWasConsumed) {
  Channel& channel = opened();
  for (int i = 0; i < 10; ++i) error_of_data(channel.id(), 100);
  EXPECT_TRUE(out.take().empty()) << "nothing was consumed, nothing is given back";
  channel.consumed(299);
  EXPECT_TRUE(out.take().empty()) << "less than three packets is not worth a message";
  channel.consumed(1);
  const auto adjust = out.take_only<msg::ChannelWindowAdjust>();
  EXPECT_EQ(adjust.recipient_channel, peer_id);
  EXPECT_EQ(adjust.bytes_to_add, 300u);
  EXPECT_EQ(channel.window_from_peer().available(), 300u);
}

TEST_F(ChannelTest, SmallWindowIsGivenBackByHalf) {
  for (const std::uint32_t window : {1u, 2u, 3u, 40u}) {
    use({.initial_window = window, .maximum_packet = 100, .backlog = 1000});
    Channel& channel = opened();
    std::uint32_t given = 0;
    for (std::uint32_t i = 0; i < 2 * window; ++i) {
      ASSERT_EQ(error_of_data(channel.id(), 1), "") << "the peer is never stuck";
      channel.consumed(1);
      for (const auto& payload : out.take()) given += decode<msg::ChannelWindowAdjust>(payload).bytes_to_add;
      ASSERT_LE(channel.window_from_peer().available(), window);  // [4254-5.2-3] keeps
      ASSERT_GT(channel.window_from_peer().available(), 0u);
    }
    EXPECT_GE(given, window);
  }
}

TEST_F(ChannelTest, UnknownExtendedDataIsDiscardedAndCounts) {
  Channel& channel = opened();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(receive(msg::ChannelExtendedData{channel.id(), 7, Bytes(zeros).first(100)}));
  EXPECT_EQ(out.take_only<msg::ChannelWindowAdjust>().bytes_to_add, 300u);
  EXPECT_EQ(channel.window_from_peer().available(), 1000u);
}

TEST_F(ChannelTest, EofLeavesTheOtherDirectionOpen) {  // [4254-5.3-2] keeps
  Channel& channel = opened();
  EXPECT_EQ(expect<EofArrived>(msg::ChannelEof{channel.id()}).channel, channel.id());
  EXPECT_TRUE(channel.eof_received());
  EXPECT_TRUE(out.take().empty()) << "EOF is not answered";
  send(channel, 10);
  EXPECT_EQ(out.take_only<msg::ChannelData>().data.size(), 10u);
}

TEST_F(ChannelTest, NoWindowIsGivenAfterEof) {
  Channel& channel = opened();
  for (int i = 0; i < 5; ++i) error_of_data(channel.id(), 100);
  receive(msg::ChannelEof{channel.id()});
  channel.consumed(500);
  EXPECT_TRUE(out.take().empty());
}

TEST_F(ChannelTest, NothingFollowsEofButRequestsAndClose) {
  const std::uint32_t id = opened().id();
  receive(msg::ChannelEof{id});
  EXPECT_EQ(error_of_data(id, 1), "SSH_MSG_CHANNEL_DATA: recipient_channel 0: data after SSH_MSG_CHANNEL_EOF");
  EXPECT_EQ(error_of(msg::ChannelExtendedData{id, 1, Bytes(zeros).first(1)}),
            "SSH_MSG_CHANNEL_EXTENDED_DATA: recipient_channel 0: data after SSH_MSG_CHANNEL_EOF");
  EXPECT_EQ(error_of(msg::ChannelEof{id}), "SSH_MSG_CHANNEL_EOF: recipient_channel 0: it has come before");
  EXPECT_TRUE(receive(msg::ChannelRequest{id, "exit-status", false, {}}));
}

// ---- closing

TEST_F(ChannelTest, CloseIsAnsweredWithClose) {  // [4254-5.3-3] [4254-5.3-5] keeps
  Channel& channel = opened(0, 50);              // [4254-5.3-7] keeps
  EXPECT_EQ(expect<CloseArrived>(msg::ChannelClose{channel.id()}).channel, channel.id());
  EXPECT_EQ(out.take_only<msg::ChannelClose>().recipient_channel, peer_id);
}

TEST_F(ChannelTest, OurCloseIsNotAnsweredTwice) {  // [4254-5.3-3] keeps
  Channel& channel = opened();
  channel.close();
  channel.close();
  out.take_only<msg::ChannelClose>();
  expect<CloseArrived>(msg::ChannelClose{channel.id()});
  EXPECT_TRUE(out.take().empty());
}

TEST_F(ChannelTest, AfterOurCloseNothingIsSentOrDelivered) {
  Channel& channel = opened();
  expect<ChannelRequested>(msg::ChannelRequest{channel.id(), "x", true, {}});
  channel.send_request("y", true, {});
  channel.close();
  out.take();
  EXPECT_EQ(channel.room(), 0u);
  channel.send_eof();
  channel.send_request("z", true, {});
  channel.answer_request(true);
  // What the peer sent before it saw our CLOSE.
  EXPECT_FALSE(receive(msg::ChannelData{channel.id(), Bytes(zeros).first(100)}));
  EXPECT_FALSE(receive(msg::ChannelRequest{channel.id(), "signal", true, {}}));
  EXPECT_FALSE(receive(msg::ChannelSuccess{channel.id()}));
  EXPECT_FALSE(receive(msg::ChannelWindowAdjust{channel.id(), 100}));
  EXPECT_FALSE(receive(msg::ChannelEof{channel.id()}));
  EXPECT_TRUE(out.take().empty());
}

TEST_F(ChannelTest, AfterOurCloseTheWindowStillCounts) {
  Channel& channel = opened();
  channel.close();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(error_of_data(channel.id(), 100), "");
  EXPECT_NE(error_of_data(channel.id(), 1), "");
}

TEST_F(ChannelTest, AfterBothClosesTheChannelIsGone) {  // [4254-5.3-4] keeps
  const std::uint32_t id = opened().id();
  receive(msg::ChannelClose{id});
  EXPECT_NE(channels().find(id), nullptr) << "its owner may look at it while it handles the event";
  EXPECT_EQ(error_of_data(id, 1), "SSH_MSG_CHANNEL_DATA: recipient_channel 0: there is no such channel");
  EXPECT_EQ(error_of(msg::ChannelClose{id}), "SSH_MSG_CHANNEL_CLOSE: recipient_channel 0: there is no such channel");
  EXPECT_EQ(channels().find(id), nullptr);
}

}  // namespace
}  // namespace glassh
