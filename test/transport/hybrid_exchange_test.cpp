// A hybrid key exchange with somebody in the middle: a changed share ends it, in the way that its method and the
// signature over H say. How the methods themselves answer is test/crypto/kex/kex_hybrid_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using test::TransportPair;
using test::TransportSide;
using testing::HasSubstr;

constexpr std::array hybrids = {"mlkem768x25519-sha256", "sntrup761x25519-sha512"};

Proposal only(const char* kex) {
  Proposal proposal = default_proposal();
  proposal.kex = {kex};
  return proposal;
}

// Where the share of a clear KEX_ECDH_INIT or KEX_ECDH_REPLY begins that is first in `bytes`: behind packet_length,
// padding_length and the number, and in a reply behind K_S.
MutableBytes share_in(std::vector<std::uint8_t>& bytes) {
  constexpr std::size_t number = 5;
  std::size_t at = number + 1;
  if (bytes.at(number) == 31) at += 4 + get_u32(&bytes.at(at));
  return MutableBytes(bytes).subspan(at + 4, get_u32(&bytes.at(at)));
}

// Runs an exchange in which one bit of the share that arrives at a side is another.
void run_with_changed_bit(TransportPair& pair, const TransportSide& side, std::size_t bit_from_the_end) {
  bool changed = false;
  pair.tamper = [&, bit_from_the_end](TransportSide& to, std::vector<std::uint8_t>& bytes) {
    if (&to != &side || bytes.size() < 6 || (bytes[5] != 30 && bytes[5] != 31)) return;
    const MutableBytes share = share_in(bytes);
    const std::size_t bit = 8 * share.size() - 1 - bit_from_the_end;
    share[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    changed = true;
  };
  pair.run();
  ASSERT_TRUE(changed);
}

// The first of these bits is X25519's, which ignores its last one: H does not. The second is one more of X25519's, the
// others are of the ciphertext, which gives another secret and no error by itself.
TEST(HybridExchange, AChangedReplyNeverEndsInKeys) {  // [4253-8-8] breaks
  for (const char* const kex : hybrids) {
    for (const std::size_t bit : {0, 100, 256, 1000, 5000, 8500}) {
      SCOPED_TRACE(fmt::format("{}, bit {} from the end", kex, bit));
      TransportPair pair(only(kex));
      run_with_changed_bit(pair, pair.client, bit);
      EXPECT_THAT(pair.client.error, HasSubstr("the signature over the exchange hash is wrong"));
      EXPECT_EQ(pair.client.key_changes + pair.server.key_changes, 0U);
      EXPECT_TRUE(pair.client.transport.closed() && pair.server.transport.closed());
    }
  }
}

TEST(HybridExchange, AChangedInitNeverEndsInKeys) {  // [4253-8-8] breaks
  for (const char* const kex : hybrids) {
    for (const std::size_t bit : {0, 100, 256}) {  // the last one is of ML-KEM's seed, and of NTRU Prime's last number
      SCOPED_TRACE(fmt::format("{}, bit {} from the end", kex, bit));
      TransportPair pair(only(kex));
      run_with_changed_bit(pair, pair.server, bit);
      EXPECT_THAT(pair.client.error, HasSubstr("the signature over the exchange hash is wrong"));
      EXPECT_EQ(pair.client.key_changes + pair.server.key_changes, 0U);
    }
  }
}

TEST(HybridExchange, TheServerSaysWhichShareItRefuses) {
  TransportPair pair(only("mlkem768x25519-sha256"));
  pair.tamper = [&](TransportSide& to, std::vector<std::uint8_t>& bytes) {
    if (&to != &pair.server || bytes.size() < 6 || bytes[5] != 30) return;
    const MutableBytes share = share_in(bytes);
    share[0] = share[1] = 0xff;
  };
  pair.run();
  EXPECT_THAT(pair.server.error, HasSubstr("mlkem768x25519-sha256: C_INIT holds a number that is not below 3329"));
  ASSERT_TRUE(pair.client.disconnected);
  EXPECT_THAT(pair.client.disconnected->description, HasSubstr("C_INIT holds a number"));
}

}  // namespace
}  // namespace glassh
