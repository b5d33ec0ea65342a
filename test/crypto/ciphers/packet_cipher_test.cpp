#include "crypto/ciphers/packet_cipher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "test/support/cipher_suites.h"

namespace glassh {
namespace {

using test::random_keys;
using testing::ElementsAre;
using Packet = std::vector<std::uint8_t>;

// A packet whose padded part holds `blocks` blocks, the prefix in front and room for the tag behind.
Packet plain_packet(const PacketShape& shape, std::size_t blocks) {
  Packet packet(shape.unpadded_prefix + blocks * shape.block + shape.tag);
  SeededRng(blocks).fill(packet);
  put_u32(packet.data(), static_cast<std::uint32_t>(packet.size() - 4 - shape.tag));
  packet[4] = 4;
  return packet;
}

Packet sealed_packet(Sealer& sealer, std::uint32_t sequence_number, std::size_t blocks) {
  Packet packet = plain_packet(sealer.shape(), blocks);
  sealer.seal(sequence_number, packet);
  return packet;
}

bool opens(Opener& opener, std::uint32_t sequence_number, Packet packet) {
  opener.packet_length(sequence_number, packet);
  return opener.open(sequence_number, packet);
}

// Every suite there is: the tests below hold for each.
class EverySuite : public testing::TestWithParam<CipherNames> {
 protected:
  std::unique_ptr<Sealer> new_sealer(std::uint64_t seed = 7) {
    return make_sealer(GetParam(), random_keys(GetParam(), seed));
  }
  std::unique_ptr<Opener> new_opener(std::uint64_t seed = 7) {
    return make_opener(GetParam(), random_keys(GetParam(), seed));
  }
  bool etm() const { return GetParam().mac.find("-etm") != std::string::npos; }
  bool aead() const { return is_aead(GetParam().cipher); }
};

INSTANTIATE_TEST_SUITE_P(PacketCipher, EverySuite, testing::ValuesIn(test::all_suites()),
                         test::suite_name<testing::TestParamInfo<CipherNames>>);

TEST_P(EverySuite, OpensWhatItSealed) {
  const auto sealer = new_sealer();
  const auto opener = new_opener();
  std::uint32_t sequence_number = 0xfffffffa;  // and over the edge
  for (const std::size_t blocks : {1, 2, 3, 4, 5, 8, 12, 13, 14, 23, 24, 25, 26, 100, 2047, 2048, 4096, 16000}) {
    const PacketShape shape = sealer->shape();
    const Packet plain = plain_packet(shape, blocks);
    Packet packet = plain;
    sealer->seal(sequence_number, packet);
    const std::size_t size = plain.size() - shape.tag;
    EXPECT_NE(hex(Bytes(packet).subspan(4, size - 4)), hex(Bytes(plain).subspan(4, size - 4)));
    ASSERT_EQ(opener->packet_length(sequence_number, packet), size - 4);
    ASSERT_TRUE(opener->open(sequence_number, packet)) << blocks << " blocks";
    EXPECT_TRUE(equal(Bytes(packet).first(size), Bytes(plain).first(size))) << blocks << " blocks";
    ++sequence_number;
  }
}

// [openssh-etm-1.5-2] [5647-7.3-1] [4253-6.3-1] [4344-4-2] keeps
TEST_P(EverySuite, ShowsTheLengthOnlyWhereTheSuiteSaysSo) {
  const auto sealer = new_sealer();
  const Packet plain = plain_packet(sealer->shape(), 4);
  const Packet packet = sealed_packet(*sealer, 9, 4);
  const bool clear = etm() || GetParam().cipher.find("gcm") != std::string::npos;
  EXPECT_EQ(equal(Bytes(packet).first(4), Bytes(plain).first(4)), clear);
}

// [openssh-etm-1.5-1] [5647-6.3-1] [5647-7.3-1] [4253-6.4-2] breaks
TEST_P(EverySuite, RefusesAPacketWithAnyBitFlipped) {
  const Packet good = sealed_packet(*new_sealer(), 3, 2);
  ASSERT_TRUE(opens(*new_opener(), 3, good));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Packet packet = good;
    packet[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(opens(*new_opener(), 3, packet)) << "bit " << bit;
  }
}

// [openssh-etm-1.5-3] keeps; OpenSSH PROTOCOL.chacha20poly1305 asks the same.
TEST_P(EverySuite, DecryptsNothingBehindAWrongMacWhereTheMacComesFirst) {
  if (!etm() && GetParam().cipher.find("chacha20") == std::string::npos) return;
  Packet packet = sealed_packet(*new_sealer(), 3, 20);
  packet.back() ^= 1;
  const Packet before = packet;
  const auto opener = new_opener();
  opener->packet_length(3, packet);
  EXPECT_FALSE(opener->open(3, packet));
  EXPECT_EQ(packet, before);
}

// [4253-6.4-2] [openssh-etm-1.5-1] [5647-7.1-2] breaks: a packet opens only at its place in the stream.
TEST_P(EverySuite, RefusesReplayedDroppedAndReorderedPackets) {
  const auto sealer = new_sealer();
  const Packet first = sealed_packet(*sealer, 0, 3);
  const Packet second = sealed_packet(*sealer, 1, 3);
  const auto replayed = new_opener();
  EXPECT_TRUE(opens(*replayed, 0, first));
  EXPECT_FALSE(opens(*replayed, 1, first));
  EXPECT_FALSE(opens(*new_opener(), 0, second));
}

TEST_P(EverySuite, RefusesAnotherSequenceNumber) {
  // AES-GCM counts packets itself: RFC 5647 section 7.1 [5647-7.1-2].
  const bool counts_itself = GetParam().cipher.find("gcm") != std::string::npos;
  const Packet packet = sealed_packet(*new_sealer(), 0x10000, 3);
  ASSERT_TRUE(opens(*new_opener(), 0x10000, packet));
  for (const std::uint32_t other : {0x10001U, 0xffffU, 0U, 0x1000000U, 0x80010000U}) {
    EXPECT_EQ(opens(*new_opener(), other, packet), counts_itself) << other;
  }
}

TEST_P(EverySuite, RefusesAnotherKey) { EXPECT_FALSE(opens(*new_opener(8), 0, sealed_packet(*new_sealer(7), 0, 3))); }

// The range is the caller's to check; nothing here may trust the value.
TEST_P(EverySuite, ReturnsAnyPacketLengthAsItIs) {
  for (const std::uint32_t length : {0U, 1U, 12U, 35000U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    const auto sealer = new_sealer();
    Packet packet = plain_packet(sealer->shape(), 2);
    put_u32(packet.data(), length);
    sealer->seal(5, packet);
    EXPECT_EQ(new_opener()->packet_length(5, packet), length);
  }
}

TEST_P(EverySuite, RefusesAPacketTooShortForItsTag) {
  const std::size_t tag = new_sealer()->shape().tag;
  for (std::size_t size = 16; size < 16 + tag; ++size) {
    Packet packet(size);
    const auto opener = new_opener();
    opener->packet_length(0, packet);
    EXPECT_FALSE(opener->open(0, packet)) << size;
  }
}

// [4253-6.3-5] [4253-6.4-4] [4344-4-1] keeps
TEST_P(EverySuite, RunsEachDirectionOnItsOwn) {
  const auto there = new_sealer(1);
  const auto there_opener = new_opener(1);
  const auto back = new_sealer(2);
  const auto back_opener = new_opener(2);
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(opens(*there_opener, 2 * i, sealed_packet(*there, 2 * i, 3)));
    EXPECT_TRUE(opens(*there_opener, 2 * i + 1, sealed_packet(*there, 2 * i + 1, 5)));
    EXPECT_TRUE(opens(*back_opener, i, sealed_packet(*back, i, 2)));
  }
}

// [5647-6.3-1] [5647-7.1-1] [5647-7.2-2] [4344-4-3] [6668-2-1] [6668-2-2] [openssh-etm-1.5-2] [4253-6-9] keeps
TEST_P(EverySuite, TellsItsShapeAlikeInBothDirections) {
  const PacketShape shape = new_sealer()->shape();
  const PacketShape opener_shape = new_opener()->shape();
  const bool chacha20 = GetParam().cipher.find("chacha20") != std::string::npos;
  EXPECT_EQ(shape.block, chacha20 ? 8U : 16U);
  EXPECT_EQ(shape.tag, aead() ? 16U : GetParam().mac.find("512") != std::string::npos ? 64U : 32U);
  EXPECT_EQ(shape.unpadded_prefix, aead() || etm() ? 4U : 0U);
  EXPECT_EQ(shape.needed_for_length, aead() || etm() ? 4U : 16U);
  // [4251-9.3.2-3] [4344-3.1-1] [4344-3.1-2] [4344-3.1-3] keeps
  EXPECT_EQ(shape.packet_limit, 1ULL << 28);
  // [4344-3.2-1] [4344-3.2-2] keeps
  EXPECT_EQ(shape.block_limit, chacha20 ? 0ULL : 1ULL << 32);
  EXPECT_EQ(opener_shape.block, shape.block);
  EXPECT_EQ(opener_shape.tag, shape.tag);
  EXPECT_EQ(opener_shape.unpadded_prefix, shape.unpadded_prefix);
  EXPECT_EQ(opener_shape.needed_for_length, shape.needed_for_length);
  EXPECT_EQ(opener_shape.packet_limit, shape.packet_limit);
  EXPECT_EQ(opener_shape.block_limit, shape.block_limit);
}

TEST_P(EverySuite, RefusesKeysOfAnotherSize) {
  const CipherKeySizes sizes = cipher_key_sizes(GetParam());
  const auto keys_with = [&](int iv, int key, int mac_key) {
    const auto secret = [](std::size_t size, int more) { return SecretBytes(size + static_cast<std::size_t>(more)); };
    return CipherKeys{secret(sizes.iv, iv), secret(sizes.key, key), secret(sizes.mac_key, mac_key)};
  };
  EXPECT_NO_THROW(make_sealer(GetParam(), keys_with(0, 0, 0)));
  EXPECT_THROW(make_sealer(GetParam(), keys_with(1, 0, 0)), std::invalid_argument);
  EXPECT_THROW(make_sealer(GetParam(), keys_with(0, 1, 0)), std::invalid_argument);
  EXPECT_THROW(make_sealer(GetParam(), keys_with(0, -1, 0)), std::invalid_argument);
  EXPECT_THROW(make_opener(GetParam(), keys_with(0, 0, 1)), std::invalid_argument);
  EXPECT_THROW(make_opener(GetParam(), keys_with(0, -16, 0)), std::invalid_argument);
}

// [4344-4-4] [4344-4-5] [4344-4-6] [4253-6.3-4] [8758-2-1] [8758-2-2] keeps
TEST(PacketCipher, OffersItsCiphersAndMacsInOrder) {
  EXPECT_THAT(cipher_names(), ElementsAre("chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com",
                                          "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"));
  EXPECT_THAT(mac_names(), ElementsAre("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
                                       "hmac-sha2-256", "hmac-sha2-512"));
}

TEST(PacketCipher, KnowsWhichCiphersNeedNoMac) {
  EXPECT_TRUE(is_aead("chacha20-poly1305@openssh.com"));
  EXPECT_TRUE(is_aead("aes128-gcm@openssh.com"));
  EXPECT_FALSE(is_aead("aes128-ctr"));
  EXPECT_FALSE(is_aead("rot13"));
}

TEST(PacketCipher, TellsHowLongItsKeysAre) {
  struct Row {
    CipherNames names;
    std::size_t iv, key, mac_key;
  };
  const std::vector<Row> rows = {
      {{"chacha20-poly1305@openssh.com", "hmac-sha2-512"}, 0, 64, 0},  // the MAC does not count next to an AEAD cipher
      {{"aes128-gcm@openssh.com", ""}, 12, 16, 0},
      {{"aes256-gcm@openssh.com", "no such MAC"}, 12, 32, 0},
      {{"aes128-ctr", "hmac-sha2-256"}, 16, 16, 32},  // [6668-2-1] keeps
      {{"aes192-ctr", "hmac-sha2-512"}, 16, 24, 64},  // [6668-2-2] keeps
      {{"aes256-ctr", "hmac-sha2-512-etm@openssh.com"}, 16, 32, 64},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.names.cipher + " " + row.names.mac);
    const CipherKeySizes sizes = cipher_key_sizes(row.names);
    EXPECT_EQ(sizes.iv, row.iv);
    EXPECT_EQ(sizes.key, row.key);
    EXPECT_EQ(sizes.mac_key, row.mac_key);
  }
}

TEST(PacketCipher, RefusesNamesThatItDoesNotHave) {
  EXPECT_THROW(cipher_key_sizes({"none", ""}), std::invalid_argument);
  EXPECT_THROW(cipher_key_sizes({"aes128-cbc", "hmac-sha2-256"}), std::invalid_argument);
  EXPECT_THROW(cipher_key_sizes({"aes128-ctr", ""}), std::invalid_argument);
  EXPECT_THROW(cipher_key_sizes({"aes128-ctr", "none"}), std::invalid_argument);
  EXPECT_THROW(make_sealer({"aes128-ctr", "hmac-md5"}, {}), std::invalid_argument);
  EXPECT_THROW(make_opener({"", ""}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace glassh
