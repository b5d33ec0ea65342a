// The trace printer: what a reader sees, and what nobody may see.
#include "proto/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "proto/any_message.h"
#include "proto/random_payload.h"
#include "test/proto/golden.h"

namespace glassh::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string described(Bytes payload, const TraceContext& context = {}, const TraceStyle& style = {}) {
  return describe_payload(payload, context, style);
}

std::vector<std::uint8_t> password_request(std::string_view password) {
  const auto tail = encode(msg::PasswordRequest{.password = {bytes_of(password)}});
  return encode(msg::UserauthRequest{
      .user_name = "ann", .service_name = "ssh-connection", .method_name = "password", .method_fields = {tail}});
}

TEST(Trace, ShowsEachFieldWithItsBytesAndValue) {
  const auto tail = encode(msg::Exec{.command = "ls"});
  const auto payload = encode(msg::ChannelRequest{
      .recipient_channel = 3, .request_type = "exec", .want_reply = true, .type_specific_data = {tail}});
  EXPECT_EQ(described(payload),
            "SSH_MSG_CHANNEL_REQUEST (98) exec, 20 bytes, RFC 4254 section 6.5\n"
            "             0 message number    98\n"
            "          1..4 recipient_channel 3\n"
            "         5..12 request_type      \"exec\"\n"
            "            13 want_reply        TRUE\n"
            "        14..19 command           \"ls\"\n");
}

TEST(Trace, ShowsTerminalModesByTheirNames) {
  const auto shown = [](std::string_view digits) {
    const auto modes = value(digits);
    const auto tail = encode(msg::PtyReq{.term = "vt100", .encoded_terminal_modes = modes});
    return described(encode(msg::ChannelRequest{.request_type = "pty-req", .type_specific_data = {tail}}));
  };
  EXPECT_THAT(shown("01 00000003 35 00000001 64 00000007 00"),
              HasSubstr("encoded_terminal_modes    VINTR=3,ECHO=1,100=7\n"));
  EXPECT_THAT(shown("00"), HasSubstr("encoded_terminal_modes    (no modes)\n"));
  EXPECT_THAT(shown(""), HasSubstr("encoded_terminal_modes    (no modes)\n"));
  std::string many;
  for (int i = 0; i < 200; ++i) many += "35 00000001";
  EXPECT_THAT(shown(many), HasSubstr("ECHO=1,... (200 modes)\n"));
}

TEST(Trace, ShowsAKeyExchangeByItsFamily) {
  const auto payload = encode(msg::KexDhInit{.e = {value("8001")}});
  EXPECT_THAT(described(payload, {.kex = KexFamily::dh}),
              testing::AllOf(HasSubstr("SSH_MSG_KEXDH_INIT (30), 8 bytes, RFC 4253 section 8\n"),
                             HasSubstr("1..7 e              0x8001 (16 bits)\n")));
  EXPECT_THAT(described(payload, {.kex = KexFamily::ecdh}),
              testing::AllOf(HasSubstr("SSH_MSG_KEX_ECDH_INIT (30)"), HasSubstr("Q_C            008001 (3 bytes)\n")));
  EXPECT_THAT(described(encode(msg::KexDhGexInit{}), {.kex = KexFamily::group_exchange}),
              HasSubstr("SSH_MSG_KEX_DH_GEX_INIT (32), 5 bytes"));
  EXPECT_THAT(described(payload), HasSubstr("not understood: no message known here has number 30\n"
                                            "    000000  1e 00 00 00 03 00 80 01"));
}

TEST(Trace, KnowsTheFamilyOfAMethod) {
  for (const char* const name :
       {"curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "mlkem768x25519-sha256",
        "sntrup761x25519-sha512@openssh.com", "mlkem768nistp256-sha256"}) {
    EXPECT_EQ(kex_family(name), KexFamily::ecdh) << name;
  }
  EXPECT_EQ(kex_family("diffie-hellman-group14-sha256"), KexFamily::dh);
  EXPECT_EQ(kex_family("diffie-hellman-group-exchange-sha256"), KexFamily::group_exchange);
  EXPECT_EQ(kex_family("gss-something"), KexFamily::unknown);
}

TEST(Trace, SpellsOutReasons) {
  EXPECT_THAT(described(encode(msg::Disconnect{.reason_code = 2})), HasSubstr("2 SSH_DISCONNECT_PROTOCOL_ERROR\n"));
  EXPECT_THAT(described(encode(msg::Disconnect{.reason_code = 99})), HasSubstr("reason_code    99\n"));
  EXPECT_THAT(described(encode(msg::ChannelOpenFailure{.reason_code = 4})),
              HasSubstr("4 SSH_OPEN_RESOURCE_SHORTAGE\n"));
  EXPECT_THAT(described(encode(msg::ChannelExtendedData{.data_type_code = 1})),
              HasSubstr("1 SSH_EXTENDED_DATA_STDERR\n"));
}

// [4250-4.2.1-1] and [4250-4.3.1-1] keep: 0 is no reason and has no name.
TEST(Trace, NamesAllReasonsAndNoOthers) {
  EXPECT_EQ(disconnect_reason_name(0), "");
  for (std::uint32_t reason = 1; reason <= 15; ++reason) {
    EXPECT_TRUE(disconnect_reason_name(reason).starts_with("SSH_DISCONNECT_")) << reason;
  }
  EXPECT_EQ(disconnect_reason_name(16), "");
  EXPECT_EQ(open_failure_reason_name(0), "");
  for (std::uint32_t reason = 1; reason <= 4; ++reason) {
    EXPECT_TRUE(open_failure_reason_name(reason).starts_with("SSH_OPEN_")) << reason;
  }
  EXPECT_EQ(open_failure_reason_name(5), "");
}

// [4251-9.2-1] and [4253-11.1-5] keep: a description that would clear the screen.
TEST(Trace, ControlCharactersNeverReachTheTerminal) {
  const std::string text = described(encode(msg::Disconnect{.description = "a\x1b[2J\r\n\t\"\\\x7f\xc3\xa4"}));
  EXPECT_THAT(text, HasSubstr(R"("a\x1b[2J\r\n\t\"\\\x7f\xc3\xa4")"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Trace, NoPayloadBringsControlCharactersWhateverItsNumber) {
  std::mt19937 numbers(4);
  RandomFill fill([&numbers] { return static_cast<std::uint32_t>(numbers()); });
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::uint8_t> payload = random_payload(fill);
    if (i % 3 == 0) payload.at(numbers() % payload.size()) = static_cast<std::uint8_t>(numbers());
    if (i % 5 == 0) payload.resize(numbers() % (payload.size() + 1));
    const TraceContext context{.kex = static_cast<KexFamily>(i % 4),
                               .auth_method = i % 2 == 0 ? "publickey" : "keyboard-interactive"};
    for (const char character : described(payload, context, {.hex_dump = i % 7 == 0})) {
      ASSERT_TRUE(character == '\n' || (character >= 0x20 && character < 0x7f)) << hex(payload);
    }
    fill.clear();
  }
}

TEST(Trace, ShortensLongValuesAndSaysHowLongTheyAre) {
  const std::string text(5000, 'x');
  EXPECT_THAT(described(encode(msg::Exec{.command = text})), Not(HasSubstr(text)));
  const auto payload = encode(msg::Debug{.message = text});
  EXPECT_THAT(described(payload, {}, {.text_shown = 5}), HasSubstr("\"xxxxx\"... (5000 bytes)\n"));
  const auto ping = encode(msg::Ping{.data = value("000102030405060708")});
  EXPECT_THAT(described(ping, {}, {.bytes_shown = 4}), HasSubstr("00010203... (9 bytes)\n"));
}

TEST(Trace, NamesTheAlgorithmOfKeysAndSignatures) {
  const auto payload = encode(msg::KexEcdhReply{.K_S = value("0000000b 'ssh-ed25519' 00000001 07")});
  EXPECT_THAT(described(payload, {.kex = KexFamily::ecdh}), HasSubstr("ssh-ed25519 0000000b7373682d"));
}

TEST(Trace, BreaksLongNameListsAfterACommaAndLosesNoName) {
  const std::string list = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,x";
  const std::string text = described(encode(msg::KexInit{.kex_algorithms = {list}}));
  std::string joined;
  for (const char c : text) {
    if (c != '\n' && c != ' ') joined.push_back(c);
  }
  EXPECT_THAT(joined, HasSubstr("kex_algorithms" + list));
  EXPECT_THAT(text, HasSubstr(",\n"));
}

// ----------------------------------------------------------------------------------------------------------------
// secrets

TEST(Trace, AHiddenFieldIsCountedAndNotShown) {
  const auto payload = password_request("correct horse");
  const std::string text = described(payload, {}, {.hex_dump = true});
  EXPECT_THAT(text, HasSubstr("SSH_MSG_USERAUTH_REQUEST (50) password, 56 bytes, RFC 4252 section 8\n"));
  EXPECT_THAT(text, HasSubstr("39..55 password       (hidden, 13 bytes)\n"));
  EXPECT_THAT(text, HasSubstr("    000030  ** ** ** ** ** ** ** **                          ********\n"));
  EXPECT_THAT(text, Not(HasSubstr("horse")));
  EXPECT_THAT(text, Not(HasSubstr("68 6f 72 73 65")));
}

// Bytes of a password, wherever the damage is: cut short, a changed method's name, a changed length.
TEST(Trace, APasswordDoesNotShowInDamagedRequests) {
  const std::string password = "QZQZQZQZ";
  const std::vector<std::uint8_t> whole = password_request(password);
  std::vector<std::vector<std::uint8_t>> damaged;
  for (std::size_t size = 0; size <= whole.size(); ++size) damaged.emplace_back(whole.begin(), whole.begin() + size);
  for (std::size_t at = 0; at + password.size() < whole.size(); ++at) {
    for (const int change : {1, 0x40, 0x80}) {
      damaged.push_back(whole);
      damaged.back()[at] = static_cast<std::uint8_t>(damaged.back()[at] ^ change);
    }
  }
  for (const auto& payload : damaged) {
    if (payload.empty() || payload[0] != message_number::userauth_request) continue;
    for (const char* const method : {"", "publickey", "keyboard-interactive"}) {
      const std::string text = described(payload, {.auth_method = method}, {.hex_dump = true});
      ASSERT_THAT(text, Not(HasSubstr("QZ"))) << hex(payload);
      ASSERT_THAT(text, Not(HasSubstr("515a"))) << hex(payload);
      ASSERT_THAT(text, Not(HasSubstr("51 5a"))) << hex(payload);
    }
  }
}

TEST(Trace, AnAnswerToAPromptDoesNotShowWhateverTheMethod) {
  const auto whole = encode(msg::UserauthInfoResponse{.responses = {{.response = {bytes_of("QZQZ")}}, {}}});
  for (std::size_t size = 1; size <= whole.size(); ++size) {
    for (const char* const method : {"", "none", "password", "publickey", "keyboard-interactive"}) {
      const std::string text = described(Bytes(whole).first(size), {.auth_method = method}, {.hex_dump = true});
      EXPECT_THAT(text, Not(HasSubstr("QZ"))) << text;
      EXPECT_THAT(text, Not(HasSubstr("51 5a"))) << text;
    }
  }
}

TEST(Trace, AnX11CookieDoesNotShow) {
  const auto tail =
      encode(msg::X11Req{.x11_authentication_protocol = "M", .x11_authentication_cookie = {bytes_of("QZQZ")}});
  const auto whole = encode(msg::ChannelRequest{.request_type = "x11-req", .type_specific_data = {tail}});
  for (std::size_t size = 1; size <= whole.size(); ++size) {
    const std::string text = described(Bytes(whole).first(size), {}, {.hex_dump = true});
    EXPECT_THAT(text, Not(HasSubstr("QZ"))) << text;
    EXPECT_THAT(text, Not(HasSubstr("51 5a"))) << text;
  }
}

// ----------------------------------------------------------------------------------------------------------------
// what is not understood

TEST(Trace, WhatCannotBeDecodedIsDumpedWithTheReason) {
  const std::string text = described(value("5e 00000001 00000005 'abc'"));
  EXPECT_THAT(text, HasSubstr("SSH_MSG_CHANNEL_DATA (94), 12 bytes"));
  EXPECT_THAT(text, HasSubstr("1..4 recipient_channel 1\n"));
  EXPECT_THAT(text, HasSubstr("not understood: SSH_MSG_CHANNEL_DATA: data needs 5 bytes at offset 9, has 3\n"));
  EXPECT_THAT(text, HasSubstr("    000000  5e 00 00 00 01 00 00 00 05 61 62 63              ^........abc\n"));
}

TEST(Trace, ATailsErrorCountsFromThePayloadsBeginning) {
  EXPECT_THAT(described(value("62 00000001 00000004 'exec' 00 00000009 'l'")),
              HasSubstr("not understood: exec: command needs 9 bytes at offset 18, has 1\n"));
}

TEST(Trace, UnknownNumbersAndTypesAreSaidToBeUnknown) {
  EXPECT_THAT(described(value("c8 01")), HasSubstr("no message known here has number 200\n"));
  EXPECT_THAT(described({}), HasSubstr("a payload has at least its message number\n"));
  EXPECT_THAT(described(encode(msg::ChannelOpen{.channel_type = "a\x1b"
                                                                "b"})),
              HasSubstr("(90) \"a\\x1bb\" (a channel type that is not known here), "));
}

TEST(Trace, AnAnswerIsReadAsTheRequestWants) {
  const auto payload = encode(msg::RequestSuccess{.response_specific_data = {value("00009c40")}});
  EXPECT_THAT(described(payload, {.global_request = "tcpip-forward"}), HasSubstr("port_that_was_bound 40000\n"));
  EXPECT_THAT(described(payload), HasSubstr("response_specific_data 00009c40 (4 bytes)\n"));
  EXPECT_THAT(described(encode(msg::RequestSuccess{}), {.global_request = "tcpip-forward"}),
              Not(HasSubstr("not understood")));
}

TEST(Trace, ColoursOnlyWhenAskedFor) {
  const auto payload = encode(msg::NewKeys{});
  EXPECT_THAT(described(payload), Not(HasSubstr("\x1b")));
  EXPECT_THAT(described(payload, {}, {.colours = true}), HasSubstr("\x1b[1mSSH_MSG_NEWKEYS\x1b[0m (21)"));
}

}  // namespace
}  // namespace glassh::test
