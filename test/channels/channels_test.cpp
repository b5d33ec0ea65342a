// RFC 4254 sections 4, 5.1 and 5.4: global requests, opening, numbers, requests and their answers.
#include "channels/channels.h"

#include <stdexcept>

#include "test/channels/fixture.h"

namespace glassh {
namespace {

using ChannelsTest = test::ChannelsFixture;

msg::ChannelOpen open_of(std::uint32_t sender, std::uint32_t maximum_packet = 50) {
  return {"session", sender, 500, maximum_packet, {}};
}

// ---- opening

TEST_F(ChannelsTest, OpenTellsOurNumberWindowAndPacket) {  // [4254-5.2-7] keeps
  const std::uint32_t id = channels().open("direct-tcpip", bytes_of("details"));
  const auto open = out.take_only<msg::ChannelOpen>();
  EXPECT_EQ(open.channel_type, "direct-tcpip");
  EXPECT_EQ(open.sender_channel, id);
  EXPECT_EQ(open.initial_window_size, 1000u);
  EXPECT_EQ(open.maximum_packet_size, 100u);
  EXPECT_EQ(text_of(open.channel_type_specific_data.bytes), "details");
  EXPECT_FALSE(channels().at(id).open());
  EXPECT_EQ(channels().at(id).room(), 0u);  // [4254-5-1] keeps

  expect<ChannelOpened>(msg::ChannelOpenConfirmation{id, 7, 500, 50, {}});
  EXPECT_TRUE(channels().at(id).open());
}

TEST_F(ChannelsTest, RefusedOpenIsGoneAndItsNumberFree) {
  const std::uint32_t id = channels().open("session");
  const auto refused = expect<ChannelOpenRefused>(msg::ChannelOpenFailure{id, 2, "no route", "en"});
  EXPECT_EQ(refused.channel, id);
  EXPECT_EQ(refused.reason, 2u);
  EXPECT_EQ(refused.description, "no route");
  EXPECT_EQ(channels().find(id), nullptr);
  EXPECT_EQ(channels().count(), 0u);
  EXPECT_EQ(channels().open("session"), id);
}

TEST_F(ChannelsTest, PeersOpenWaitsForTheApplication) {  // [4254-5.1-1] keeps
  const auto wanted = expect<ChannelOpenWanted>(msg::ChannelOpen{"session", 42, 500, 50, Rest{bytes_of("more")}});
  EXPECT_EQ(wanted.type, "session");
  EXPECT_EQ(text_of(wanted.details), "more");
  EXPECT_TRUE(out.take().empty());
  channels().accept_open(wanted.channel, bytes_of("fine"));
  const auto confirmation = out.take_only<msg::ChannelOpenConfirmation>();
  EXPECT_EQ(confirmation.recipient_channel, 42u);
  EXPECT_EQ(confirmation.sender_channel, wanted.channel);
  EXPECT_EQ(confirmation.initial_window_size, 1000u);
  EXPECT_EQ(confirmation.maximum_packet_size, 100u);
  EXPECT_EQ(text_of(confirmation.channel_type_specific_data.bytes), "fine");
  EXPECT_EQ(channels().at(wanted.channel).room(), 50u);
}

TEST_F(ChannelsTest, RefusalNamesTheOpenersNumber) {  // [4254-5.1-1] keeps
  const auto wanted = expect<ChannelOpenWanted>(open_of(42));
  channels().refuse_open(wanted.channel, open_failure_reason::unknown_channel_type, "what?");
  const auto failure = out.take_only<msg::ChannelOpenFailure>();
  EXPECT_EQ(failure.recipient_channel, 42u);
  EXPECT_EQ(failure.reason_code, 3u);
  EXPECT_EQ(failure.description, "what?");
  EXPECT_EQ(channels().find(wanted.channel), nullptr);
  EXPECT_THROW(channels().accept_open(wanted.channel), std::out_of_range);
}

TEST_F(ChannelsTest, AnOpenIsAnsweredOnce) {
  const auto wanted = expect<ChannelOpenWanted>(open_of(42));
  channels().accept_open(wanted.channel);
  EXPECT_THROW(channels().accept_open(wanted.channel), std::logic_error);
  EXPECT_THROW(channels().refuse_open(wanted.channel, 1, ""), std::logic_error);
}

TEST_F(ChannelsTest, MoreChannelsThanAllowedAreRefused) {
  for (std::uint32_t i = 0; i < 4; ++i) channels().accept_open(expect<ChannelOpenWanted>(open_of(i)).channel);
  out.take();
  EXPECT_FALSE(receive(open_of(4)));
  const auto failure = out.take_only<msg::ChannelOpenFailure>();
  EXPECT_EQ(failure.recipient_channel, 4u);
  EXPECT_EQ(failure.reason_code, open_failure_reason::resource_shortage);
  EXPECT_EQ(channels().count(), 4u);
  receive(msg::ChannelClose{0});
  EXPECT_TRUE(receive(open_of(4))) << "one has gone";
}

TEST_F(ChannelsTest, PacketsOfNoSizeAreRefused) {
  EXPECT_FALSE(receive(open_of(42, 0)));
  EXPECT_EQ(out.take_only<msg::ChannelOpenFailure>().recipient_channel, 42u);
  EXPECT_EQ(channels().count(), 0u);
  const std::uint32_t id = channels().open("session");
  EXPECT_EQ(error_of(msg::ChannelOpenConfirmation{id, 7, 500, 0, {}}),
            "SSH_MSG_CHANNEL_OPEN_CONFIRMATION: recipient_channel 0: maximum_packet_size is 0; nothing could be sent");
}

TEST_F(ChannelsTest, CloseBeforeTheAnswerClosesAsSoonAsItIsOpen) {
  const std::uint32_t id = channels().open("session");
  out.take();
  channels().at(id).close();
  EXPECT_TRUE(out.take().empty());
  EXPECT_FALSE(receive(msg::ChannelOpenConfirmation{id, 7, 500, 50, {}}));
  EXPECT_EQ(out.take_only<msg::ChannelClose>().recipient_channel, 7u);
  expect<CloseArrived>(msg::ChannelClose{id});
}

// ---- numbers

TEST_F(ChannelsTest, MessagesForChannelsThatDoNotExistEndTheConnection) {  // [4254-5-2] breaks
  const std::uint32_t none = opened().id() + 1;
  const std::vector<std::pair<test::Payload, std::string>> cases = {
      {encode(msg::ChannelOpenConfirmation{none, 1, 1, 1, {}}), "SSH_MSG_CHANNEL_OPEN_CONFIRMATION"},
      {encode(msg::ChannelOpenFailure{none, 1, "", ""}), "SSH_MSG_CHANNEL_OPEN_FAILURE"},
      {encode(msg::ChannelWindowAdjust{none, 1}), "SSH_MSG_CHANNEL_WINDOW_ADJUST"},
      {encode(msg::ChannelData{none, {}}), "SSH_MSG_CHANNEL_DATA"},
      {encode(msg::ChannelExtendedData{none, 1, {}}), "SSH_MSG_CHANNEL_EXTENDED_DATA"},
      {encode(msg::ChannelEof{none}), "SSH_MSG_CHANNEL_EOF"},
      {encode(msg::ChannelClose{none}), "SSH_MSG_CHANNEL_CLOSE"},
      {encode(msg::ChannelRequest{none, "x", false, {}}), "SSH_MSG_CHANNEL_REQUEST"},
      {encode(msg::ChannelSuccess{none}), "SSH_MSG_CHANNEL_SUCCESS"},
      {encode(msg::ChannelFailure{none}), "SSH_MSG_CHANNEL_FAILURE"},
  };
  for (const auto& [payload, name] : cases) {
    const std::string error = test::protocol_error_of([&, &bytes = payload] { channels().on_payload(bytes); });
    EXPECT_EQ(error, name + ": recipient_channel 1: there is no such channel");
  }
}

// The state is told from the outside: what is not open has not been announced to the peer, or not by the peer.
TEST_F(ChannelsTest, MessagesForChannelsThatAreNotOpenYetEndTheConnection) {
  const std::uint32_t ours = channels().open("session");
  const std::uint32_t theirs = expect<ChannelOpenWanted>(open_of(42)).channel;
  for (const std::uint32_t id : {ours, theirs}) {
    const std::vector<test::Payload> cases = {encode(msg::ChannelWindowAdjust{id, 1}),
                                              encode(msg::ChannelData{id, {}}),
                                              encode(msg::ChannelExtendedData{id, 1, {}}),
                                              encode(msg::ChannelEof{id}),
                                              encode(msg::ChannelClose{id}),
                                              encode(msg::ChannelRequest{id, "x", true, {}}),
                                              encode(msg::ChannelSuccess{id}),
                                              encode(msg::ChannelFailure{id})};
    for (const test::Payload& message : cases) {
      const std::string error = test::protocol_error_of([&] { channels().on_payload(message); });
      EXPECT_NE(error.find("the channel is not open yet"), error.npos) << int{message[0]} << " " << error;
    }
  }
}

TEST_F(ChannelsTest, AnswersToAnOpenThatWeDidNotSendEndTheConnection) {
  const std::uint32_t open = opened().id();
  const std::uint32_t theirs = expect<ChannelOpenWanted>(open_of(42)).channel;
  for (const std::uint32_t id : {open, theirs}) {
    const std::string ending = fmt::format(": recipient_channel {}: we are not opening it", id);
    EXPECT_EQ(error_of(msg::ChannelOpenConfirmation{id, 7, 500, 50, {}}), "SSH_MSG_CHANNEL_OPEN_CONFIRMATION" + ending);
    EXPECT_EQ(error_of(msg::ChannelOpenFailure{id, 1, "", ""}), "SSH_MSG_CHANNEL_OPEN_FAILURE" + ending);
  }
}

TEST_F(ChannelsTest, NumbersAreUsedAgainOnlyAfterBothCloses) {  // [4254-5.3-4] keeps
  Channel& first = opened();
  const ChannelHandle handle = first.handle();
  first.close();
  EXPECT_EQ(opened().id(), 1u) << "half closed is not closed";
  receive(msg::ChannelClose{handle.id});
  receive(msg::ChannelWindowAdjust{1, 1});
  EXPECT_EQ(channels().find(handle), nullptr);
  Channel& third = opened();
  EXPECT_EQ(third.id(), handle.id);
  EXPECT_EQ(channels().find(handle), nullptr) << "the same number, another channel";
  EXPECT_EQ(channels().find(third.handle()), &third);
}

// ---- requests

TEST_F(ChannelsTest, RequestsCarryTypeAndDetails) {
  Channel& channel = opened();
  channel.request(msg::Exec{"date"}, true);
  const auto request = out.take_only<msg::ChannelRequest>();
  EXPECT_EQ(request.recipient_channel, peer_id);
  EXPECT_EQ(request.request_type, "exec");
  EXPECT_TRUE(request.want_reply);
  EXPECT_EQ(decode<msg::Exec>(request.type_specific_data.bytes).command, "date");
}

TEST_F(ChannelsTest, AnswersComeInTheOrderOfTheRequests) {  // [4254-5.4-1] [4254-5.4-4] [4254-4-6] keeps
  Channel& channel = opened();
  channel.send_request("env", false, {});
  channel.send_request("env", true, {});
  channel.send_request("exec", true, {});
  EXPECT_FALSE(expect<ChannelRequestAnswered>(msg::ChannelFailure{channel.id()}).success);
  EXPECT_TRUE(expect<ChannelRequestAnswered>(msg::ChannelSuccess{channel.id()}).success);
  EXPECT_EQ(error_of(msg::ChannelSuccess{channel.id()}),
            "SSH_MSG_CHANNEL_SUCCESS: recipient_channel 0: no request awaits an answer");
  EXPECT_EQ(error_of(msg::ChannelFailure{channel.id()}),
            "SSH_MSG_CHANNEL_FAILURE: recipient_channel 0: no request awaits an answer");
}

TEST_F(ChannelsTest, PeersRequestsAreDeliveredKnownOrNot) {  // [4254-5.4-1] [4254-5.4-2] [4254-5.4-3] keeps
  Channel& channel = opened(0, 50);
  const auto asked =
      expect<ChannelRequested>(msg::ChannelRequest{channel.id(), "keepalive@openssh.com", true, Rest{bytes_of("abc")}});
  EXPECT_EQ(asked.type, "keepalive@openssh.com");
  EXPECT_TRUE(asked.want_reply);
  EXPECT_EQ(text_of(asked.details), "abc");
  channel.answer_request(false);
  EXPECT_EQ(out.take_only<msg::ChannelFailure>().recipient_channel, peer_id);
  expect<ChannelRequested>(msg::ChannelRequest{channel.id(), "shell", true, {}});
  channel.answer_request(true);
  EXPECT_EQ(out.take_only<msg::ChannelSuccess>().recipient_channel, peer_id);
  EXPECT_FALSE(expect<ChannelRequested>(msg::ChannelRequest{channel.id(), "signal", false, {}}).want_reply);
  EXPECT_TRUE(out.take().empty());
}

TEST_F(ChannelsTest, UnansweredRequestsAreBounded) {
  const std::uint32_t id = opened().id();
  for (int i = 0; i < 4096; ++i) ASSERT_TRUE(receive(msg::ChannelRequest{id, "x", true, {}}));
  ASSERT_TRUE(receive(msg::ChannelRequest{id, "x", false, {}}));
  EXPECT_EQ(error_of(msg::ChannelRequest{id, "x", true, {}}),
            "SSH_MSG_CHANNEL_REQUEST: recipient_channel 0: more than 4096 requests without an answer");
}

// ---- global requests

TEST_F(ChannelsTest, GlobalRequestsAreDeliveredAndAnsweredInOrder) {  // [4254-4-1] [4254-4-2] [4254-4-3] [4254-4-5]
  const auto asked = expect<GlobalRequested>(msg::GlobalRequest{"tcpip-forward", true, Rest{bytes_of("abc")}});
  EXPECT_EQ(asked.name, "tcpip-forward");
  EXPECT_EQ(text_of(asked.details), "abc");
  EXPECT_TRUE(expect<GlobalRequested>(msg::GlobalRequest{"unheard-of", true, {}}).want_reply);
  EXPECT_FALSE(expect<GlobalRequested>(msg::GlobalRequest{"quiet", false, {}}).want_reply);
  channels().answer_global(true, bytes_of("port"));
  EXPECT_EQ(text_of(out.take_only<msg::RequestSuccess>().response_specific_data.bytes), "port");
  channels().answer_global(false);
  out.take_only<msg::RequestFailure>();  // [4254-4-4] keeps
  EXPECT_THROW(channels().answer_global(false), std::logic_error);
}

TEST_F(ChannelsTest, AnswersThatNoGlobalRequestAwaitsEndTheConnection) {  // [4254-4-3] breaks
  EXPECT_EQ(error_of(msg::RequestSuccess{}), "SSH_MSG_REQUEST_SUCCESS: no global request awaits an answer");
  channels().send_global("keepalive@openssh.com", false);
  EXPECT_EQ(error_of(msg::RequestFailure{}), "SSH_MSG_REQUEST_FAILURE: no global request awaits an answer");
  channels().send_global("keepalive@openssh.com", true);
  EXPECT_FALSE(expect<GlobalRequestAnswered>(msg::RequestFailure{}).success);
  channels().send_global("keepalive@openssh.com", true);
  EXPECT_EQ(text_of(expect<GlobalRequestAnswered>(msg::RequestSuccess{Rest{bytes_of("x")}}).details), "x");
}

// RFC 4254 section 4 [4254-4-5], past vulnerability 95: answers are told apart by their order alone.
TEST_F(ChannelsTest, AnswersBearTheNumbersOfTheirRequests) {
  const std::uint64_t first = channels().send_global("tcpip-forward", true);
  EXPECT_EQ(channels().send_global("no-more-sessions@openssh.com", false), 0U);
  const std::uint64_t second = channels().send_global("keepalive@openssh.com", true);
  const std::uint64_t third = channels().send_global("tcpip-forward", true);
  EXPECT_EQ(expect<GlobalRequestAnswered>(msg::RequestFailure{}).request, first);
  EXPECT_EQ(expect<GlobalRequestAnswered>(msg::RequestFailure{}).request, second);
  EXPECT_EQ(expect<GlobalRequestAnswered>(msg::RequestSuccess{}).request, third);
  EXPECT_TRUE(first != second && second != third);
}

TEST_F(ChannelsTest, UnansweredGlobalRequestsAreBounded) {
  for (int i = 0; i < 4096; ++i) ASSERT_TRUE(receive(msg::GlobalRequest{"x", true, {}}));
  EXPECT_EQ(error_of(msg::GlobalRequest{"x", true, {}}),
            "SSH_MSG_GLOBAL_REQUEST: more than 4096 requests without an answer");
}

TEST_F(ChannelsTest, NumbersThatNoMessageHasEndTheConnection) {
  for (const std::uint8_t number : {83, 89, 101, 127}) {
    const test::Payload payload{number};
    EXPECT_NE(test::protocol_error_of([&] { channels().on_payload(payload); }), "") << int{number};
  }
}

// ---- what does not fit

TEST_F(ChannelsTest, AnOpenThatCannotBeSentLeavesNoChannel) {
  const std::vector<std::uint8_t> details(PacketWriter::longest_answer);
  EXPECT_THROW(channels().open("session", details), std::length_error);
  EXPECT_EQ(channels().count(), 0U);
  EXPECT_EQ(channels().open("session"), 0U) << "its number is free";
}

TEST_F(ChannelsTest, ARefusalsTextIsCutWhereItIsLongerThanAnybodyReads) {
  const auto wanted = expect<ChannelOpenWanted>(msg::ChannelOpen{"session", 42, 500, 50, {}});
  channels().refuse_open(wanted.channel, 2, std::string(PacketWriter::longest_answer, 'x'));
  EXPECT_EQ(out.take_only<msg::ChannelOpenFailure>().description.size(), 4096U);
}

}  // namespace
}  // namespace glassh
