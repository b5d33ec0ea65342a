// The four properties that the design promises of the two cores together.
#include <gtest/gtest.h>

#include "test/support/pair.h"

namespace glassh {
namespace {

using test::Pair;
using test::PairOptions;

Proposal with_cipher(const std::string& cipher) {
  Proposal proposal = default_proposal();
  proposal.cipher_client_to_server = proposal.cipher_server_to_client = {cipher};
  return proposal;
}

const char* const three_ciphers[] = {"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr"};

TEST(Connection, LogsInRunsACommandAndEnds) {
  Pair pair;
  pair.run();
  EXPECT_TRUE(pair.complete());
  EXPECT_EQ(pair.client_log,
            (std::vector<std::string>{"host key offered", "first keys", "user signature wanted: ssh-ed25519",
                                      "logged in by publickey", "channel 0 opened", "channel 0 request: true",
                                      "channel 0 exit-status", "channel 0 eof", "channel 0 closed"}));
}

TEST(Connection, SplitsOfTheBytesChangeNothing) {
  PairOptions options;
  options.payload_size = 20000;
  options.channels = 3;
  Pair whole(options);
  whole.run();
  ASSERT_TRUE(whole.complete());
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{13}, std::size_t{1000}}) {
    for (const bool random : {false, true}) {
      PairOptions split = options;
      split.chunk = chunk;
      split.random_chunks = random;
      Pair pair(split);
      pair.run();
      EXPECT_TRUE(pair.complete()) << chunk << random;
      EXPECT_EQ(pair.client_log.size(), whole.client_log.size()) << chunk;
      EXPECT_EQ(pair.server_log.size(), whole.server_log.size()) << chunk;
    }
  }
}

TEST(Connection, LateAnswersChangeNothing) {
  PairOptions options;
  options.late = 5;
  options.chunk = 500;
  options.server_rekeys_each_round = true;
  options.payload_size = 20000;
  Pair pair(options);
  pair.run();
  EXPECT_TRUE(pair.complete());
}

// A rekey is started at every moment at which one can be: after each round, by either side or by both, while data
// flows.
TEST(Connection, ARekeyAfterEveryPacketLosesNothing) {  // [4253-9-1] [4253-9-2] [4253-9-9] [4253-7.1-30] keeps
  for (const char* cipher : three_ciphers) {
    for (const int who : {1, 2, 3}) {
      PairOptions options;
      options.proposal = with_cipher(cipher);
      options.client_rekeys_each_round = (who & 1) != 0;
      options.server_rekeys_each_round = (who & 2) != 0;
      options.payload_size = 60000;
      options.channels = 2;
      options.chunk = 700;
      options.limits.initial_window = 8192;
      options.limits.maximum_packet = 512;
      Pair pair(options);
      pair.run();
      EXPECT_TRUE(pair.complete()) << cipher << " " << who << " "
                                   << (pair.client_end ? pair.client_end->description : "");
      EXPECT_GT(pair.client_key_changes, 10U);
      EXPECT_EQ(pair.client_key_changes, pair.server_key_changes);
    }
  }
}

// Exactly one rekey, started behind the n-th round, for every n that a session has.
TEST(Connection, ARekeyAtEachPacketBoundaryLosesNothing) {
  for (const char* cipher : three_ciphers) {
    for (unsigned boundary = 0;; ++boundary) {
      PairOptions options;
      options.proposal = with_cipher(cipher);
      options.payload_size = 3000;
      options.chunk = 300;
      Pair pair(options);
      unsigned rounds = 0;
      bool started = false;
      while (pair.round()) {
        if (!started && rounds >= boundary && pair.server().transport().key_exchange().first_done() &&
            !pair.server().transport().key_exchange().running()) {
          started = true;
          pair.server().start_key_exchange();
        }
        ++rounds;
      }
      ASSERT_TRUE(pair.complete()) << cipher << " boundary " << boundary << " "
                                   << (pair.client_end ? pair.client_end->description : "");
      if (!started) break;
    }
  }
}

Proposal with_compression(bool client_to_server, bool server_to_client) {
  Proposal proposal = default_proposal();
  const std::vector<std::string> zlib = {"zlib@openssh.com"};
  if (client_to_server) proposal.compression_client_to_server = zlib;
  if (server_to_client) proposal.compression_server_to_client = zlib;
  return proposal;
}

// RFC 4253 section 6.2 [4253-6.2-3] [4253-6.2-4] [4253-6.2-8] keeps; draft-miller-secsh-compression-delayed-00
// section 3: whenever the keys change, also while the login's success waits for them.
TEST(Connection, CompressionOfEitherDirectionGoesOnThroughARekeyAtEachPacketBoundary) {
  for (const int directions : {1, 2, 3}) {
    for (unsigned boundary = 0;; ++boundary) {
      PairOptions options;
      options.proposal = with_compression((directions & 1) != 0, (directions & 2) != 0);
      options.payload_size = 3000;
      options.chunk = 300;
      options.late = boundary % 3;
      Pair pair(options);
      unsigned rounds = 0;
      bool started = false;
      while (pair.round()) {
        if (!started && rounds >= boundary && pair.server().transport().key_exchange().first_done() &&
            !pair.server().transport().key_exchange().running()) {
          started = true;
          pair.server().start_key_exchange();
        }
        ++rounds;
      }
      ASSERT_TRUE(pair.complete()) << directions << " boundary " << boundary << " "
                                   << (pair.client_end ? pair.client_end->description : "")
                                   << (pair.server_end ? pair.server_end->description : "");
      if (!started) break;
    }
  }
}

// RFC 8308 section 3.2.1 [8308-3.2.1-3]: after the login, as a client's packet that crosses SUCCESS is not compressed
// yet.
TEST(Connection, CompressionGoesOnThroughManyRekeys) {
  const auto rekey = [](auto& side) {
    const Transport& transport = side.transport();
    if (transport.phase() == Phase::connection && !transport.key_exchange().running()) side.start_key_exchange();
  };
  for (const int who : {1, 2, 3}) {
    PairOptions options;
    options.proposal = with_compression(true, true);
    options.payload_size = 60000;
    options.channels = 2;
    options.chunk = 700;
    options.limits.initial_window = 8192;
    options.limits.maximum_packet = 512;
    Pair pair(options);
    for (unsigned rounds = 1; pair.round(); ++rounds) {
      if (pair.complete() || rounds % 16 != 0) continue;  // in between, data flows
      if ((who & 1) != 0) rekey(pair.client);
      if ((who & 2) != 0) rekey(pair.server());
    }
    EXPECT_TRUE(pair.complete()) << who << " " << (pair.client_end ? pair.client_end->description : "");
    EXPECT_GE(pair.client_key_changes, 3U);
  }
}

TEST(Connection, AThousandRekeysInOneConnection) {
  PairOptions options;
  options.client_rekeys_each_round = true;
  options.payload_size = 400000;
  options.limits.initial_window = 400;
  options.limits.maximum_packet = 400;
  Pair pair(options);
  pair.run();
  EXPECT_TRUE(pair.complete());
  EXPECT_GT(pair.client_key_changes, 1000U);
}

TEST(Connection, AnyBytesEitherWorkOrEndInDisconnected) {
  SeededRng rng(42);
  for (int i = 0; i < 3000; ++i) {
    PairOptions options;
    options.payload_size = 10;
    Pair pair(options);
    std::uint8_t draw[4];
    rng.fill(draw);
    // A session up to some point, and then noise at one of the sides.
    for (unsigned round = draw[0] % 12; round > 0; --round) pair.round();
    std::vector<std::uint8_t> noise(1 + (draw[1] | draw[2] << 8) % 3000);
    rng.fill(noise);
    if ((draw[3] & 4) != 0 && noise.size() > 8)
      put_u32(noise.data(), static_cast<std::uint32_t>((noise.size() - 4) / 8 * 8 + 4));
    auto& queue = (draw[3] & 1) != 0 ? pair.to_client : pair.to_server;
    queue.insert((draw[3] & 2) != 0 ? queue.begin() : queue.end(), noise.begin(), noise.end());
    ASSERT_NO_THROW(pair.run()) << i;
    if (!pair.complete() && !pair.client_end && !pair.server_end) {
      // Neither finished nor failed: then it waits for more bytes, and the end of input ends it.
      pair.client.end_of_input();
      pair.server().end_of_input();
      ASSERT_NO_THROW(pair.run());
    }
  }
}

TEST(Connection, AStoppedReaderStopsTheSender) {
  PairOptions options;
  options.payload_size = 50 * 1024 * 1024;
  Pair pair(options);
  while (pair.client_sessions.empty() || !pair.client_sessions.begin()->second.started) ASSERT_TRUE(pair.round());
  // From here the server's application takes nothing: bytes reach the core, and nobody consumes them.
  Channel& channel = pair.client.channels().at(0);
  std::size_t sent = 0;
  while (channel.room() > 0) {
    const MutableBytes place = channel.data_space(channel.room());
    sent += place.size();
    channel.commit(place.size());
    std::size_t written = 0;
    for (const Bytes part : pair.client.ready()) written += part.size();
    pair.client.written(written);
  }
  EXPECT_EQ(sent, options.limits.initial_window);  // [4254-5.2-4] keeps
}

TEST(Connection, ALoginThatTakesTooLongEnds) {  // [4252-4-6] keeps
  Pair pair;
  pair.round();
  EXPECT_EQ(pair.server().next_deadline(), pair.now + std::chrono::seconds(120));
  pair.set_now(pair.now + std::chrono::seconds(120));
  pair.run();
  ASSERT_TRUE(pair.server_end);
  EXPECT_NE(pair.server_end->description.find("LoginGraceTime"), std::string::npos);
}

}  // namespace
}  // namespace glassh
