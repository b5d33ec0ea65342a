// What two transports put on the wire, as somebody sees it who sits between them: what is in clear, in which order, and
// under which keys.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "proto/messages_connection.h"
#include "proto/messages_kex.h"
#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using test::take_ready;
using test::TransportPair;
using test::TransportSide;
using Stream = std::vector<std::uint8_t>;

std::size_t line_size(Bytes bytes) {
  return static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), '\n') - bytes.begin()) + 1;
}

// The payloads of packets without cipher and MAC, as many as `bytes` begins with.
std::vector<Stream> clear_payloads(Bytes bytes) {
  std::vector<Stream> payloads;
  while (bytes.size() >= 16) {
    const std::size_t length = get_u32(bytes.data());
    if (length < 12 || length > bytes.size() - 4 || bytes[4] + std::size_t{1} >= length) break;
    payloads.push_back(copy_of(bytes.subspan(5, length - 1 - bytes[4])));
    bytes = bytes.subspan(4 + length);
  }
  return payloads;
}

bool contains(Bytes bytes, std::string_view text) {
  return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
}

// Keeps what passes in each direction.
struct WatchedPair : TransportPair {
  WatchedPair() {
    tamper = [this](TransportSide& to, Stream& bytes) {
      Stream& stream = &to == &server ? client_to_server : server_to_client;
      stream.insert(stream.end(), bytes.begin(), bytes.end());
    };
  }
  Stream client_to_server, server_to_client;
};

// [4253-4.2-1] [4253-4.2-13] [4253-4.2-20] [4253-4.2-21] [4253-5.1-6] [4253-6-1] [4253-6-5] [4253-6.4-1] keeps
TEST(OnTheWire, FirstComesOurLineAndThenAKexinitInClear) {
  TransportPair pair;
  for (TransportSide* side : {&pair.client, &pair.server}) {
    const Stream bytes = take_ready(side->transport.writer());
    const std::size_t line = line_size(bytes);
    EXPECT_EQ(text_of(Bytes(bytes).first(8)), "SSH-2.0-");
    ASSERT_LT(line, bytes.size());
    EXPECT_EQ(bytes[line - 2], '\r');
    const Bytes packet = Bytes(bytes).subspan(line);
    EXPECT_EQ(packet.size(), 4 + get_u32(packet.data())) << "one packet, and nothing behind its padding";
    const std::vector<Stream> payloads = clear_payloads(packet);
    ASSERT_EQ(payloads.size(), 1U);
    ASSERT_EQ(payloads[0][0], msg::KexInit::number);

    const auto kexinit = decode<msg::KexInit>(payloads[0]);
    EXPECT_FALSE(kexinit.first_kex_packet_follows);  // [4253-7.1-24] [4253-7.1-25] keeps: nothing followed
    // RFC 4253 section 7.1 [4253-7.1-1] keeps, RFC 8308 sections 2.1 and 2.2 [8308-2.1-1] [8308-2.2-3] keeps.
    const bool client = side == &pair.client;
    const std::string markers =
        client ? "ext-info-c,kex-strict-c-v00@openssh.com" : "ext-info-s,kex-strict-s-v00@openssh.com";
    EXPECT_EQ(kexinit.kex_algorithms.text, join_names(side->settings.kex.proposal.kex) + "," + markers);
    EXPECT_EQ(kexinit.server_host_key_algorithms.text, join_names(side->settings.kex.proposal.host_key));
  }
}

TEST(OnTheWire, EachKexinitHasAnotherCookieAndOnlyTheFirstHasMarkers) {  // [4253-7.1-5] [8308-2.1-1] keeps
  struct Kexinits : TraceSink {
    void packet(Direction direction, std::uint32_t, std::string_view, Bytes payload) override {
      if (direction != Direction::sent || payload[0] != msg::KexInit::number) return;
      const auto kexinit = decode<msg::KexInit>(payload);
      cookies.insert(hex(kexinit.cookie));
      marked += contains_name(kexinit.kex_algorithms.text, "ext-info-s") ? 1 : 0;
    }
    void note(std::string_view, std::string_view) override {}
    std::set<std::string> cookies;
    int marked = 0;
  } kexinits;
  TransportPair pair(default_proposal(), 1, nullptr, &kexinits);
  pair.run();
  for (int i = 0; i < 3; ++i) {
    pair.server.transport.start_key_exchange();
    pair.run();
  }
  ASSERT_EQ(pair.server.key_changes, 4U) << pair.server.error;
  EXPECT_EQ(kexinits.cookies.size(), 4U);
  EXPECT_EQ(kexinits.marked, 1);
}

TEST(OnTheWire, NewkeysIsTheLastPacketUnderTheOldKeys) {  // [4253-7.3-1] [4253-7.3-2] keeps
  WatchedPair pair;
  pair.run();
  pair.client.transport.request_service("ssh-userauth");
  pair.run();
  ASSERT_EQ(pair.client.log.back(), "service accepted");
  const auto numbers = [](Bytes stream) {
    std::string text;
    for (const Stream& payload : clear_payloads(stream.subspan(line_size(stream)))) {
      text += fmt::format("{} ", payload[0]);
    }
    return text;
  };
  EXPECT_EQ(numbers(pair.client_to_server), "20 30 21 ");
  EXPECT_EQ(numbers(pair.server_to_client), "20 31 21 ");
  EXPECT_FALSE(contains(pair.client_to_server, "ssh-userauth"));
  EXPECT_FALSE(contains(pair.server_to_client, "server-sig-algs"));
}

TEST(OnTheWire, APacketUnderTheOldKeysBehindNewkeysEndsIt) {  // [4253-7.3-3] breaks
  TransportPair pair;
  bool inserted = false;
  pair.tamper = [&](TransportSide& to, Stream& bytes) {
    const bool newkeys = &to == &pair.server && !clear_payloads(bytes).empty() &&
                         clear_payloads(bytes).back()[0] == msg::NewKeys::number;
    if (!newkeys) return;
    SeededRng rng(9);
    PacketWriter writer(rng);
    writer.send(msg::Ignore{bytes_of("in clear, and as long as a block of any cipher")});
    const Stream packet = take_ready(writer);
    bytes.insert(bytes.end(), packet.begin(), packet.end());
    inserted = true;
  };
  pair.run();
  EXPECT_TRUE(inserted);
  EXPECT_EQ(pair.server.error.rfind("packet 0: ", 0), 0U) << pair.server.error;  // its length, or its tag
}

// [4253-9-3] [4253-9-4] [4253-9-9] keeps
TEST(OnTheWire, ALaterExchangeIsHiddenByTheKeysBeforeAndSwapsNothing) {
  WatchedPair pair;
  pair.run();
  pair.client.transport.request_service("ssh-userauth");
  pair.run();
  pair.client.transport.enter(Phase::connection);
  pair.server.transport.enter(Phase::connection);
  EXPECT_TRUE(contains(pair.server_to_client, "curve25519-sha256"));
  pair.client_to_server.clear();
  pair.server_to_client.clear();
  pair.client.log.clear();
  pair.server.log.clear();

  pair.server.transport.start_key_exchange();
  pair.server.transport.writer().send(msg::ChannelEof{7});
  pair.client.transport.writer().send(msg::ChannelEof{8});
  pair.run();
  ASSERT_EQ(pair.server.key_changes, 2U) << pair.server.error;
  for (const Stream* stream : {&pair.client_to_server, &pair.server_to_client}) {
    EXPECT_FALSE(contains(*stream, "curve25519-sha256"));
  }
  const std::string eof_8 = "payload " + hex(encode(msg::ChannelEof{8}));
  const std::string eof_7 = "payload " + hex(encode(msg::ChannelEof{7}));
  EXPECT_EQ(pair.server.log, (std::vector<std::string>{eof_8, "signature wanted", "new keys"}));
  EXPECT_EQ(pair.client.log, (std::vector<std::string>{"new keys", eof_7}));
}

// A server that guesses, which no method of ours gives it a reason to; wrongly, for the client wants another method.
TEST(OnTheWire, AfterAServersWrongGuessTheClientBeginsAsItShould) {  // [4253-7-5] [4253-7.1-27] keeps
  TransportSide client(TransportPair::client_settings(default_proposal()), 1);
  SeededRng rng(6);
  PacketWriter writer(rng);
  writer.send_raw(bytes_of("SSH-2.0-guesser\r\n"));
  msg::KexInit kexinit;
  kexinit.kex_algorithms = {"ecdh-sha2-nistp256,curve25519-sha256"};
  kexinit.server_host_key_algorithms = {"ssh-ed25519"};
  kexinit.encryption_algorithms_client_to_server =
      kexinit.encryption_algorithms_server_to_client = {"aes128-gcm@openssh.com"};
  kexinit.compression_algorithms_client_to_server = kexinit.compression_algorithms_server_to_client = {"none"};
  kexinit.first_kex_packet_follows = true;
  writer.send(kexinit);
  writer.send(msg::KexEcdhReply{});
  test::feed(client.transport.reader(), take_ready(writer));
  EXPECT_FALSE(client.transport.next_event());
  EXPECT_EQ(client.transport.reader().sequence_number(), 2U);
  const Stream bytes = take_ready(client.transport.writer());
  const std::vector<Stream> payloads = clear_payloads(Bytes(bytes).subspan(line_size(bytes)));
  ASSERT_EQ(payloads.size(), 2U);
  ASSERT_EQ(payloads[1][0], msg::KexEcdhInit::number);
  EXPECT_EQ(decode<msg::KexEcdhInit>(payloads[1]).Q_C.size(), 32U) << "a share for curve25519-sha256";
}

// Hides nothing, and wants new keys after five packets.
struct FewPackets : Sealer, Opener {
  PacketShape shape() const override { return {.packet_limit = 5}; }
  void seal(std::uint32_t, MutableBytes) override {}
  std::uint32_t packet_length(std::uint32_t, MutableBytes first) override { return get_u32(first.data()); }
  bool open(std::uint32_t, MutableBytes) override { return true; }
};

TEST(OnTheWire, KeysChangeBeforeTheirPacketsAreUsedUp) {  // [4251-9.3.3-1] [4344-3.1-1] keeps
  for (const bool client_counts : {true, false}) {
    TransportPair pair;
    pair.run();
    pair.client.transport.request_service("ssh-userauth");
    pair.run();
    pair.client.transport.enter(Phase::connection);
    pair.server.transport.enter(Phase::connection);
    pair.client.transport.writer().use(std::make_unique<FewPackets>(), "few", true);
    pair.server.transport.reader().use(std::make_unique<FewPackets>(), "few", true);
    const Transport& counting = client_counts ? pair.client.transport : pair.server.transport;
    for (int i = 0; i < 5; ++i) {
      EXPECT_FALSE(counting.key_exchange().running()) << i;
      pair.client.transport.writer().send(msg::ChannelEof{1});
      test::feed(pair.server.transport.reader(), take_ready(pair.client.transport.writer()));
      pair.pull_events(pair.server);
    }
    pair.pull_events(client_counts ? pair.client : pair.server);
    EXPECT_TRUE(counting.key_exchange().running());
  }
}

}  // namespace
}  // namespace glassh
