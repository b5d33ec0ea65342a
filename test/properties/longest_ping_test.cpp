// The writer can answer all that the reader takes: a ping of any length that a packet can have gets its pong, under
// each cipher, compressed, and also if the answer has to wait for a key exchange. OpenSSH PROTOCOL section 1.8.
#include <gtest/gtest.h>

#include "proto/messages_transport.h"
#include "test/properties/handshake.h"
#include "test/support/cipher_suites.h"

namespace glassh::test {
namespace {

// The longest payload whose packet has a packet_length of at most 256 KiB.
std::size_t longest_payload(const PacketShape& shape) {
  for (std::size_t size = PacketReader::max_packet_length;; --size) {
    const std::size_t counted = 5 - shape.unpadded_prefix + size;
    std::size_t padding = shape.block - counted % shape.block;
    if (padding < 4) padding += shape.block;
    if (1 + size + padding <= PacketReader::max_packet_length) return size;
  }
}

Payload ping_of(std::size_t payload_size) {
  const Payload data(payload_size - 5, 'p');
  return encode(msg::Ping{data});
}

void expect_answer(const ServerVictim& victim, const HandMadePeer& peer, std::size_t payload_size) {
  EXPECT_FALSE(victim.end) << victim.end->description;
  EXPECT_EQ(peer.not_understood, "");
  ASSERT_EQ(peer.heard_number(msg::Pong::number), 1U);
  Payload expected = ping_of(payload_size);
  expected[0] = msg::Pong::number;
  EXPECT_TRUE(peer.heard.back() == expected);
}

class LongestPing : public testing::TestWithParam<CipherNames> {};

TEST_P(LongestPing, IsAnsweredAtOnceAndBehindAKeyExchange) {  // [openssh-ping-1.8-1] [openssh-ping-1.8-2] keep
  for (const std::string compression : {"none", "zlib@openssh.com"}) {
    for (const bool holding : {false, true}) {
      SCOPED_TRACE(compression + (holding ? ", holding" : ""));
      Proposal proposal = default_proposal();
      proposal.compression_client_to_server = proposal.compression_server_to_client = {compression};
      ServerVictim victim(proposal);
      HandMadePeer peer(victim, {.cipher = GetParam(), .compression = compression});
      log_in(peer, Role::server);
      ASSERT_TRUE(victim.logged_in);
      // A compressed payload may be as long as the packet could be.
      const std::size_t size =
          compression == "none" ? longest_payload(peer.writer.shape()) : std::size_t{PacketReader::max_packet_length};
      if (holding) victim.start_key_exchange();
      peer.say(ping_of(size));
      if (holding) {
        EXPECT_EQ(peer.heard_number(msg::Pong::number), 0U);
        exchange_keys(peer);
      }
      expect_answer(victim, peer, size);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, LongestPing, testing::ValuesIn(all_suites()),
                         suite_name<testing::TestParamInfo<CipherNames>>);

// RFC 4253 section 7.1: what waits is bounded, and one too many ends the connection, with the reason.
TEST(LongestPings, TooManyThatWaitEndTheConnection) {
  ServerVictim victim;
  HandMadePeer peer(victim, {});
  log_in(peer, Role::server);
  victim.start_key_exchange();
  for (int i = 0; i < 8; ++i) peer.say(ping_of(200'000));
  ASSERT_TRUE(victim.end);
  EXPECT_NE(victim.end->description.find("too many requests"), std::string::npos) << victim.end->description;
  EXPECT_EQ(peer.heard_number(msg::Disconnect::number), 1U) << "though much was held";
}

}  // namespace
}  // namespace glassh::test
