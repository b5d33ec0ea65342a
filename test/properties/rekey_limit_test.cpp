// RekeyLimit is judged for each packet: RFC 4253 section 9, with both cores in one process.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "test/support/pair.h"

namespace glassh {
namespace {

using test::Pair;
using test::PairOptions;

constexpr std::size_t most_data = 32 * 1024;          // in one packet, ChannelLimits::maximum_packet
constexpr std::size_t around_data = 9 + 5 + 20 + 16;  // number, channel and length; header; padding; tag: at most

PairOptions with_limits(std::uint64_t client_bytes, std::uint64_t server_bytes) {
  PairOptions options;
  options.payload_size = 300'000;
  options.client_rekey_limit.bytes = client_bytes;
  options.server_rekey_limit.bytes = server_bytes;
  return options;
}

// Logged in, with a session to which the client may write.
void start_session(Pair& pair) {
  while (pair.client_sessions.empty() || !pair.client_sessions.begin()->second.started) ASSERT_TRUE(pair.round());
}

// Packet after packet while there is room, in one turn: how many.
std::size_t fill(Channel& channel) {
  std::size_t packets = 0;
  for (; channel.room() > 0; ++packets) {
    const MutableBytes place = channel.data_space(channel.room());
    channel.commit(place.size());
  }
  return packets;
}

TEST(RekeyLimit, OneTurnOfASourceSendsNoMoreThanTheLimit) {  // [4253-9-8] keeps
  for (const std::uint64_t limit : {40'000U, 100'000U, 200'000U}) {
    SCOPED_TRACE(limit);
    PairOptions options = with_limits(limit, 0);
    options.limits.backlog = 1024 * 1024;
    options.echoes = false;
    Pair pair(options);
    start_session(pair);
    Channel& channel = pair.client.channels().at(pair.client_sessions.begin()->first);
    PacketWriter& writer = pair.client.transport().writer();
    const std::size_t packets = fill(channel);
    EXPECT_LE(writer.bytes_under_key(), limit);
    EXPECT_GT(writer.bytes_under_key() + most_data + around_data, limit) << "room was left";
    EXPECT_EQ(packets, limit / most_data + 1) << "one of them waits for the keys";
    EXPECT_FALSE(pair.client.transport().key_exchange().running());
    pair.client.set_now(pair.now);  // the next turn
    EXPECT_TRUE(pair.client.transport().key_exchange().running());
    EXPECT_EQ(channel.room(), 0u);
  }
}

// As in OpenSSH, a packet that does not fit under the old keys is the first one under new keys.
TEST(RekeyLimit, EachPacketThatReachesTheLimitBeginsAKeyExchange) {
  struct {
    std::uint64_t limit;
    std::size_t key_exchanges;
  } const cases[] = {
      {32 * 1024, 1 + 10},  // the first one, and one for each of ten packets
      {70'000, 1 + 4},      // two packets each, of which the first two go under the first keys
      {320'000, 1},
      {1'000'000, 1},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.limit);
    PairOptions options = with_limits(each.limit, 0);
    options.echoes = false;
    Pair pair(options);
    pair.run();
    EXPECT_TRUE(pair.complete());
    EXPECT_EQ(pair.client_key_changes, each.key_exchanges);
    EXPECT_EQ(pair.server_key_changes, each.key_exchanges);
  }
}

TEST(RekeyLimit, BothSidesMayBeAtTheirLimits) {
  for (const std::uint64_t client_limit : {33'000U, 50'000U, 120'000U}) {
    for (const std::uint64_t server_limit : {33'000U, 40'000U, 90'000U}) {
      for (const std::size_t chunk : {std::size_t{0}, std::size_t{1400}}) {
        SCOPED_TRACE(fmt::format("{} and {}, {} at once", client_limit, server_limit, chunk));
        PairOptions options = with_limits(client_limit, server_limit);
        options.channels = 3;
        options.chunk = chunk;
        options.random_chunks = chunk > 0;
        options.late = chunk > 0 ? 2 : 0;
        options.payload_size = 150'000;
        Pair pair(options);
        pair.run();
        EXPECT_TRUE(pair.complete());
        EXPECT_GE(pair.client_key_changes, 450'000 / std::min(client_limit, server_limit));
        EXPECT_EQ(pair.server_key_changes, pair.client_key_changes);
      }
    }
  }
}

// Below one packet: each key carries at least one packet, so everything arrives.
TEST(RekeyLimit, ALimitBelowOnePacketStopsNothing) {
  for (const bool compressed : {false, true}) {
    for (const unsigned who : {1U, 2U, 3U}) {
      SCOPED_TRACE(fmt::format("by {}{}", who, compressed ? ", compressed" : ""));
      PairOptions options = with_limits((who & 1) != 0 ? 16 : 0, (who & 2) != 0 ? 16 : 0);
      options.channels = 2;
      if (compressed) {
        options.proposal.compression_client_to_server = {"zlib@openssh.com"};
        options.proposal.compression_server_to_client = {"zlib@openssh.com"};
      }
      Pair pair(options);
      pair.run();
      EXPECT_TRUE(pair.complete());
      EXPECT_GT(pair.client_key_changes, 2 * 300'000 / most_data);
    }
  }
}

TEST(RekeyLimit, ItIsNotJudgedBeforeTheLogin) {  // [8308-3.2.1-3] keeps
  Pair pair(with_limits(16, 16));
  std::size_t at_login = 0;
  pair.on_login_complete = [&] { at_login = pair.server_key_changes; };
  pair.run();
  EXPECT_EQ(at_login, 1u);
  EXPECT_TRUE(pair.complete());
}

}  // namespace
}  // namespace glassh
