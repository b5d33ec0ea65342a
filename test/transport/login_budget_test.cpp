// Floods, without a network: what a peer may make us read and keep before it has logged in and while keys change.
// Memory is seen by what is waiting to leave and by what was sent; conformance/attacks/floods_test.py sees it from
// outside.
#include "transport/login_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/messages_auth.h"
#include "proto/messages_connection.h"
#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using test::TransportPair;
using test::TransportSide;
using testing::HasSubstr;

using Payload = std::vector<std::uint8_t>;

Payload ping_of(std::size_t size) {
  const Payload data(size, 'x');
  return encode(msg::Ping{data});
}

// Sends the same payload again and again, as a peer that reads nothing. How many came in before the other side gave up.
std::size_t flood(TransportPair& pair, TransportSide& from, TransportSide& to, const Payload& payload,
                  std::size_t count) {
  std::size_t sent = 0;
  while (sent < count && to.error.empty()) {
    for (int i = 0; i < 64; ++i) from.transport.writer().send_payload(payload);
    sent += 64;
    const Payload bytes = test::take_ready(from.transport.writer());
    for (std::size_t fed = 0; fed < bytes.size() && to.error.empty();) {
      fed += test::feed(to.transport.reader(), Bytes(bytes).subspan(fed));
      pair.pull_events(to);
    }
  }
  return sent;
}

// The owner's part: a login that goes on for ever.
struct LoginPair : TransportPair {
  LoginPair() {
    run();
    client.transport.request_service("ssh-userauth");
    run();
    EXPECT_EQ(client.error + server.error, "");
  }
  void log_in() {
    client.transport.enter(Phase::connection);
    server.transport.enter(Phase::connection);
  }
};

TEST(LoginBudget, IsCountedInBytesPacketsAndKeyExchanges) {
  const auto refused_after = [](const Payload& payload) {
    LoginBudget budget;
    for (std::size_t i = 0; i < 100000; ++i) {
      try {
        budget.count(payload);
      } catch (const ProtocolError& error) {
        return std::pair(i, std::string(error.what()));
      }
    }
    return std::pair(std::size_t{100000}, std::string());
  };
  EXPECT_EQ(refused_after(Payload(1, 2)),
            std::pair(std::size_t{4096}, std::string("more than 4096 packets before the login")));
  EXPECT_EQ(refused_after(Payload(65536, 2)),
            std::pair(std::size_t{64}, std::string("more than 4194304 bytes before the login")));
  EXPECT_EQ(refused_after(Payload(100, 20)),
            std::pair(std::size_t{16}, std::string("more than 16 key exchanges before the login")));
}

// Past vulnerability 33, in both roles: pings before the login get no answer and are not kept, and they come to an end.
TEST(Floods, AMillionPingsBeforeTheLoginAreNeitherAnsweredNorKept) {
  for (const bool from_client : {true, false}) {
    LoginPair pair;
    TransportSide& from = from_client ? pair.client : pair.server;
    TransportSide& to = from_client ? pair.server : pair.client;
    const std::uint32_t unanswered = to.transport.writer().sequence_number();
    const std::size_t taken = flood(pair, from, to, ping_of(100), 1000000);
    EXPECT_LE(taken, LoginBudget::most_packets + 64);
    EXPECT_EQ(to.error, "more than 4096 packets before the login");
    EXPECT_EQ(to.transport.writer().sequence_number(), unanswered + 1) << "the DISCONNECT alone";
    EXPECT_LT(to.transport.writer().backlog(), 1000U);
  }
}

TEST(Floods, WhateverComesBeforeTheLoginComesToAnEnd) {
  const std::vector<Payload> payloads = {encode(msg::Ignore{bytes_of("x")}), encode(msg::Debug{false, "x", ""}),
                                         encode(msg::Unimplemented{1}), encode(msg::ServiceRequest{"ssh-userauth"}),
                                         Payload{9}};
  for (const Payload& payload : payloads) {
    LoginPair pair;
    EXPECT_LE(flood(pair, pair.client, pair.server, payload, 100000), LoginBudget::most_packets + 64);
    EXPECT_THAT(pair.server.error, HasSubstr("before the login")) << int{payload[0]};
    // Each may have been answered once, and nobody has read it.
    EXPECT_LT(pair.server.transport.writer().backlog(), 400U * 1024) << int{payload[0]};
  }
}

// Also before there are keys, where strict key exchange is not asked for.
TEST(Floods, IgnoredMessagesBeforeTheKeysComeToAnEnd) {
  TransportPair pair;
  test::take_ready(pair.client.transport.writer());
  test::feed(pair.server.transport.reader(), bytes_of("SSH-2.0-x\r\n"));
  pair.pull_events(pair.server);
  EXPECT_LE(flood(pair, pair.client, pair.server, Payload{9}, 1000000), LoginBudget::most_packets + 64);
  EXPECT_THAT(pair.server.error, HasSubstr("more than 4096 packets before the login"));
}

// Past vulnerability 47: one connection does not repeat what is expensive for two minutes.
TEST(Floods, KeyExchangesBeforeTheLoginComeToAnEnd) {
  LoginPair pair;
  unsigned rounds = 0;
  while (pair.server.error.empty() && rounds < 100) {
    pair.client.transport.start_key_exchange();
    pair.run();
    ++rounds;
  }
  EXPECT_EQ(rounds, LoginBudget::most_key_exchanges) << "one was the first";
  EXPECT_THAT(pair.server.error, HasSubstr("more than 16 key exchanges before the login"));

  LoginPair logged_in;
  logged_in.log_in();
  for (int i = 0; i < 50; ++i) {
    logged_in.client.transport.start_key_exchange();
    logged_in.run();
  }
  EXPECT_TRUE(logged_in.both_have_keys());
  EXPECT_EQ(logged_in.server.key_changes, 51U);
}

// Past vulnerability 33: while our KEXINIT is out, answers wait, and only so many.
TEST(Floods, PingsDuringAKeyExchangeAreAnsweredUpToALimit) {
  for (const bool from_client : {true, false}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1000}}) {
      LoginPair pair;
      pair.log_in();
      TransportSide& from = from_client ? pair.client : pair.server;
      TransportSide& to = from_client ? pair.server : pair.client;
      to.transport.start_key_exchange();
      const std::size_t taken = flood(pair, from, to, ping_of(size), 1000000);
      EXPECT_LE(taken, 1024U * 1024 / (64 + size) + 128);
      EXPECT_GT(taken, 500U);
      EXPECT_THAT(to.error, HasSubstr("answers wait for the key exchange to end: too many requests"));
      EXPECT_LT(to.transport.writer().backlog(), 4000U) << "KEXINIT and DISCONNECT";
    }
  }
}

// Past vulnerability 32, in both roles: a peer that never answers our KEXINIT may send what was on its way; nothing of
// it is kept here.
TEST(Floods, DataWithoutAnAnswerToOurKexinitIsNotKept) {
  for (const bool from_client : {true, false}) {
    LoginPair pair;
    pair.log_in();
    TransportSide& from = from_client ? pair.client : pair.server;
    TransportSide& to = from_client ? pair.server : pair.client;
    to.transport.start_key_exchange();
    const std::uint32_t before = to.transport.writer().sequence_number();
    const Payload noise = encode(msg::Ignore{Payload(32000, 'x')});
    EXPECT_EQ(flood(pair, from, to, noise, 2048), 2048U);  // 64 MB
    EXPECT_EQ(to.error, "");
    EXPECT_EQ(to.transport.writer().sequence_number(), before);
    EXPECT_LT(to.transport.writer().backlog(), 4000U);
    EXPECT_FALSE(to.transport.reader().holds_bytes());
    // [4253-7.1-34] keeps: and then the exchange goes on as if nothing had been.
    pair.run();
    EXPECT_TRUE(pair.both_have_keys()) << pair.client.error << pair.server.error;
  }
}

// Past vulnerability 35: a length is a promise, and memory is taken as it is kept.
TEST(Floods, ALengthAloneTakesNoMemory) {
  TransportPair pair;
  pair.run();
  for (const std::uint32_t length : {0xffffffffU, 0xfffffffcU, 0x80000000U, 262152U, 0U, 5U}) {
    PacketReader reader;
    std::uint8_t head[8] = {};
    put_u32(head, length);
    test::feed(reader, head);
    EXPECT_THROW(reader.next_payload(), ProtocolError) << length;
  }
  PacketReader reader;
  std::uint8_t head[8] = {};
  put_u32(head, PacketReader::max_packet_length - 4);
  test::feed(reader, head);
  EXPECT_FALSE(reader.next_payload().has_value());
  EXPECT_LE(reader.space().size(), block_size) << "no more than one block waits for the largest packet";
}

}  // namespace
}  // namespace glassh
