// The trace as a program writes it: what it learns from one packet for the next.
#include "proto/trace_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/any_message.h"
#include "test/proto/golden.h"

namespace glassh::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Traced {
 public:
  explicit Traced(TraceWriter::Side side = TraceWriter::Side::client, TraceStyle style = {})
      : writer_(
            side, [this](std::string_view text) { last_ = text; }, style) {}

  template <class M>
  std::string sent(const M& message) {
    writer_.packet(Direction::sent, sent_++, "none", encode(message));
    return last_;
  }
  template <class M>
  std::string received(const M& message) {
    writer_.packet(Direction::received, received_++, "none", encode(message));
    return last_;
  }
  std::string note(std::string_view topic, std::string_view text) {
    writer_.note(topic, text);
    return last_;
  }

 private:
  std::string last_;
  TraceWriter writer_;
  std::uint32_t sent_ = 0;
  std::uint32_t received_ = 0;
};

msg::KexInit kexinit(std::string_view algorithms) { return {.kex_algorithms = {algorithms}}; }

TEST(TraceWriter, SaysDirectionSequenceNumberAndCipher) {
  std::string text;
  TraceWriter writer(TraceWriter::Side::client, [&text](std::string_view lines) { text += lines; }, {});
  writer.packet(Direction::sent, 7, "aes128-gcm@openssh.com", encode(msg::NewKeys{}));
  EXPECT_EQ(text,
            ">>> sent packet 7, cipher aes128-gcm@openssh.com: SSH_MSG_NEWKEYS (21), 1 bytes, RFC 4253 section 7.3\n"
            "             0 message number 21\n");
  text.clear();
  writer.packet(Direction::received, 0xffffffff, "none", encode(msg::NewKeys{}));
  EXPECT_THAT(text, testing::StartsWith("<<< received packet 4294967295, cipher none: SSH_MSG_NEWKEYS"));
}

TEST(TraceWriter, SaysWhatAPayloadIsCompressedTo) {
  std::string text;
  TraceWriter writer(TraceWriter::Side::client, [&text](std::string_view lines) { text += lines; }, {});
  writer.compressed(Direction::sent, 9);
  writer.packet(Direction::received, 3, "none", encode(msg::NewKeys{}));  // the other direction's: not this one
  EXPECT_THAT(text, Not(HasSubstr("compressed")));
  writer.packet(Direction::sent, 7, "aes128-gcm@openssh.com", encode(msg::NewKeys{}));
  EXPECT_THAT(text,
              HasSubstr(">>> sent packet 7, cipher aes128-gcm@openssh.com, 1 bytes compressed to 9: SSH_MSG_NEWKEYS"));
  text.clear();
  writer.packet(Direction::sent, 8, "none", encode(msg::NewKeys{}));
  EXPECT_THAT(text, Not(HasSubstr("compressed")));
}

// [4253-7.1-8] keeps: the client's order decides, on whichever side the trace is taken.
TEST(TraceWriter, LearnsTheKeyExchangeFromBothKexinits) {
  const char* const dh_first = "diffie-hellman-group14-sha256,curve25519-sha256";
  const char* const ecdh_first = "curve25519-sha256,diffie-hellman-group14-sha256";
  Traced client(TraceWriter::Side::client);
  client.sent(kexinit(dh_first));
  client.received(kexinit(ecdh_first));
  EXPECT_THAT(client.sent(msg::KexDhInit{}), HasSubstr("SSH_MSG_KEXDH_INIT"));
  Traced server(TraceWriter::Side::server);
  server.sent(kexinit(dh_first));
  server.received(kexinit(ecdh_first));
  EXPECT_THAT(server.received(msg::KexEcdhInit{}), HasSubstr("SSH_MSG_KEX_ECDH_INIT"));
}

TEST(TraceWriter, ARekeyMayChooseAnotherMethod) {
  Traced trace;
  trace.sent(kexinit("curve25519-sha256"));
  trace.received(kexinit("curve25519-sha256"));
  EXPECT_THAT(trace.sent(msg::KexEcdhInit{}), HasSubstr("SSH_MSG_KEX_ECDH_INIT"));
  trace.received(kexinit("diffie-hellman-group-exchange-sha256"));
  trace.sent(kexinit("diffie-hellman-group-exchange-sha256"));
  EXPECT_THAT(trace.sent(msg::KexDhGexRequest{}), HasSubstr("SSH_MSG_KEX_DH_GEX_REQUEST (34)"));
  EXPECT_THAT(trace.received(msg::KexDhGexGroup{}), HasSubstr("SSH_MSG_KEX_DH_GEX_GROUP (31)"));
}

TEST(TraceWriter, AGuessIsReadAsTheGuessersFirstMethod) {
  Traced trace;
  trace.sent(kexinit("diffie-hellman-group14-sha256,curve25519-sha256"));
  EXPECT_THAT(trace.sent(msg::KexDhInit{}), HasSubstr("SSH_MSG_KEXDH_INIT"));
}

TEST(TraceWriter, LearnsTheAuthenticationMethodFromTheLastRequest) {
  Traced trace;
  EXPECT_THAT(trace.received(msg::UserauthPkOk{}), HasSubstr("no message known here has number 60"));
  const auto key = encode(msg::PublicKeyRequest{});
  trace.sent(msg::UserauthRequest{.method_name = "publickey", .method_fields = {key}});
  EXPECT_THAT(trace.received(msg::UserauthPkOk{}), HasSubstr("SSH_MSG_USERAUTH_PK_OK"));
  const auto interactive = encode(msg::KeyboardInteractiveRequest{});
  trace.sent(msg::UserauthRequest{.method_name = "keyboard-interactive", .method_fields = {interactive}});
  EXPECT_THAT(trace.received(msg::UserauthInfoRequest{}), HasSubstr("SSH_MSG_USERAUTH_INFO_REQUEST"));
}

// [4254-4-5] keeps: answers in the order of the requests.
TEST(TraceWriter, AnAnswerBelongsToTheOldestRequest) {
  Traced trace;
  const auto forward = encode(msg::TcpipForward{});
  trace.sent(msg::GlobalRequest{.request_name = "no-more-sessions@openssh.com"});  // wants no reply
  trace.sent(msg::GlobalRequest{.request_name = "keepalive@openssh.com", .want_reply = true});
  trace.sent(
      msg::GlobalRequest{.request_name = "tcpip-forward", .want_reply = true, .request_specific_data = {forward}});
  EXPECT_THAT(trace.received(msg::RequestFailure{}), HasSubstr("SSH_MSG_REQUEST_FAILURE"));
  EXPECT_THAT(trace.received(msg::RequestSuccess{.response_specific_data = {value("00000016")}}),
              HasSubstr("port_that_was_bound 22\n"));
  EXPECT_THAT(trace.received(msg::RequestSuccess{.response_specific_data = {value("00000016")}}),
              Not(HasSubstr("port_that_was_bound")));
}

// The first connection to an agent is the server's channel 5, the client's 9; the data both ways may be a key.
TEST(TraceWriter, DataOfAgentChannelsDoesNotShow) {
  Traced trace(TraceWriter::Side::client, {.hex_dump = true});
  trace.received(msg::ChannelOpen{.channel_type = "auth-agent@openssh.com", .sender_channel = 5});
  trace.sent(msg::ChannelOpenConfirmation{.recipient_channel = 5, .sender_channel = 9});
  const Bytes secret = bytes_of("QZQZ");
  for (const std::string& text : {trace.received(msg::ChannelData{.recipient_channel = 9, .data = secret}),
                                  trace.sent(msg::ChannelData{.recipient_channel = 5, .data = secret})}) {
    EXPECT_THAT(text, HasSubstr("(hidden, 8 bytes)"));
    EXPECT_THAT(text, Not(HasSubstr("QZ")));
    EXPECT_THAT(text, Not(HasSubstr("51 5a")));
  }
  EXPECT_THAT(trace.received(msg::ChannelData{.recipient_channel = 5, .data = secret}), HasSubstr("QZQZ"));
}

// [4253-7.1-3] keeps: in a rekey, too, the other side's list is an old one until its KEXINIT comes.
TEST(TraceWriter, AGuessInARekeyIsNotReadByTheOldList) {
  Traced trace;
  trace.sent(kexinit("curve25519-sha256"));
  trace.received(kexinit("curve25519-sha256"));
  trace.sent(kexinit("diffie-hellman-group14-sha256,curve25519-sha256"));
  EXPECT_THAT(trace.sent(msg::KexDhInit{}), HasSubstr("SSH_MSG_KEXDH_INIT"));
}

// A channel number that is used again for something else is shown again.
TEST(TraceWriter, AClosedAgentChannelIsForgotten) {
  Traced trace;
  trace.received(msg::ChannelOpen{.channel_type = "auth-agent@openssh.com", .sender_channel = 5});
  trace.sent(msg::ChannelOpenConfirmation{.recipient_channel = 5, .sender_channel = 9});
  trace.sent(msg::ChannelClose{.recipient_channel = 5});
  trace.received(msg::ChannelClose{.recipient_channel = 9});
  const Bytes data = bytes_of("QZQZ");
  EXPECT_THAT(trace.received(msg::ChannelData{.recipient_channel = 9, .data = data}), HasSubstr("QZQZ"));
  EXPECT_THAT(trace.sent(msg::ChannelData{.recipient_channel = 5, .data = data}), HasSubstr("QZQZ"));
  trace.received(msg::ChannelOpen{.channel_type = "auth-agent@openssh.com", .sender_channel = 6});
  trace.sent(msg::ChannelOpenFailure{.recipient_channel = 6, .reason_code = 1});
  EXPECT_THAT(trace.sent(msg::ChannelData{.recipient_channel = 6, .data = data}), HasSubstr("QZQZ"));
}

TEST(TraceWriter, WhatIsTypedAtATerminalDoesNotShow) {
  Traced trace;
  trace.sent(msg::ChannelOpen{.channel_type = "session", .sender_channel = 0});
  trace.received(msg::ChannelOpenConfirmation{.recipient_channel = 0, .sender_channel = 4});
  const Bytes typed = bytes_of("QZQZ\r");
  EXPECT_THAT(trace.sent(msg::ChannelData{.recipient_channel = 4, .data = typed}), HasSubstr("QZQZ"));
  const auto pty = encode(msg::PtyReq{.term = "vt100"});
  trace.sent(msg::ChannelRequest{.recipient_channel = 4, .request_type = "pty-req", .type_specific_data = {pty}});
  EXPECT_THAT(trace.sent(msg::ChannelData{.recipient_channel = 4, .data = typed}), Not(HasSubstr("QZ")));
  EXPECT_THAT(trace.received(msg::ChannelData{.recipient_channel = 0, .data = bytes_of("$ ")}), HasSubstr("\"$ \""));
}

TEST(TraceWriter, AMalformedPacketTeachesNothingAndThrowsNothing) {
  std::string text;
  TraceWriter writer(TraceWriter::Side::client, [&text](std::string_view lines) { text = lines; }, {});
  for (int number = 0; number < 256; ++number) {
    const std::vector<std::uint8_t> payload = {static_cast<std::uint8_t>(number), 0xff, 0xff};
    EXPECT_NO_THROW(writer.packet(Direction::received, 0, "none", payload)) << number;
  }
  EXPECT_NO_THROW(writer.packet(Direction::received, 0, "none", {}));
}

// [4251-9.2-1] keeps: a note may quote the peer.
TEST(TraceWriter, ANoteIsPrintableAndIndented) {
  Traced trace;
  EXPECT_EQ(trace.note("negotiation", "kex: a\nlost: \x1b[2Jb"), "--- negotiation: kex: a\n      lost: \\x1b[2Jb\n");
}

}  // namespace
}  // namespace glassh::test
