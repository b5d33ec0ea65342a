// keys_after(): a sealer or opener made from it goes on where another one stands.
#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/ciphers/packet_cipher.h"
#include "crypto/rng.h"
#include "test/support/cipher_suites.h"

namespace glassh {
namespace {

using Packet = std::vector<std::uint8_t>;

struct Direction {
  CipherNames names;
  // The last bytes of the IV, where a carry runs; the rest of the keys is random.
  std::uint8_t iv_filler = 0;
  bool iv_is_filled = false;
};

CipherKeys keys_for(const Direction& direction) {
  CipherKeys keys = test::random_keys(direction.names);
  if (!direction.iv_is_filled) return keys;
  // 0xff in all bytes overflows each word of the counter at once, and the whole of it.
  for (std::uint8_t& byte : keys.iv.reveal()) byte = direction.iv_filler;
  return keys;
}

// A packet whose padded part holds `blocks` blocks, the prefix in front and room for the tag behind.
Packet plain_packet(const PacketShape& shape, std::size_t blocks) {
  Packet packet(shape.unpadded_prefix + blocks * shape.block + shape.tag);
  SeededRng(blocks).fill(packet);
  put_u32(packet.data(), static_cast<std::uint32_t>(packet.size() - 4 - shape.tag));
  packet[4] = 4;
  return packet;
}

// Odd sizes, from the least packet to one of several kilobytes.
std::size_t blocks_of(std::size_t packet) { return 2 + packet * 37 % 300; }

class KeysAfter : public testing::TestWithParam<CipherNames> {
 protected:
  // After each number of packets in `marks`, a sealer and an opener from keys_after() do what those do that went there.
  void expect_same_streams(const Direction& direction, std::size_t last, const std::vector<std::size_t>& marks) {
    const auto sealer = make_sealer(direction.names, keys_for(direction));
    const auto opener = make_opener(direction.names, keys_for(direction));
    const PacketShape shape = sealer->shape();
    std::uint64_t bytes = 0;
    std::uint32_t sequence_number = 0xfffffff0;
    for (std::size_t packets = 0; packets <= last; ++packets, ++sequence_number) {
      const Packet plain = plain_packet(shape, blocks_of(packets));
      Packet sealed = plain;
      sealer->seal(sequence_number, sealed);
      if (std::find(marks.begin(), marks.end(), packets) != marks.end()) {
        const auto later_sealer =
            make_sealer(direction.names, keys_after(direction.names, keys_for(direction), packets, bytes));
        Packet sealed_later = plain;
        later_sealer->seal(sequence_number, sealed_later);
        ASSERT_EQ(sealed_later, sealed) << "after " << packets << " packets";
        const auto later_opener =
            make_opener(direction.names, keys_after(direction.names, keys_for(direction), packets, bytes));
        Packet opened = sealed;
        EXPECT_EQ(later_opener->packet_length(sequence_number, opened), get_u32(plain.data()));
        ASSERT_TRUE(later_opener->open(sequence_number, opened)) << "after " << packets << " packets";
        opened.resize(plain.size() - shape.tag);
        ASSERT_EQ(opened, Packet(plain.begin(), plain.end() - static_cast<std::ptrdiff_t>(shape.tag)));
      }
      opener->packet_length(sequence_number, sealed);
      ASSERT_TRUE(opener->open(sequence_number, sealed));
      bytes += sealed.size();
    }
  }
};

INSTANTIATE_TEST_SUITE_P(PacketCipher, KeysAfter, testing::ValuesIn(test::all_suites()),
                         test::suite_name<testing::TestParamInfo<CipherNames>>);

// RFC 4344 section 4, RFC 5647 section 7.1: [4344-4-9] [5647-7.1-2] keeps.
TEST_P(KeysAfter, GoOnAfterAnyNumberOfPackets) {
  expect_same_streams({GetParam()}, 600, {0, 1, 2, 3, 10, 255, 256, 257, 511, 600});
}

// The counter carries from each byte to the next, out of its low words, and at last out of itself.
TEST_P(KeysAfter, GoOnWhereTheCounterOverflows) {
  expect_same_streams({GetParam(), 0xff, true}, 40, {0, 1, 2, 3, 39, 40});
}

TEST_P(KeysAfter, GoOnWhereTheLowBytesOverflow) {
  for (const std::size_t low_bytes : {1U, 4U, 8U}) {
    CipherKeys keys = keys_for({GetParam()});
    if (keys.iv.empty()) return;  // ChaCha20
    const auto with_low_bytes = [&] {
      CipherKeys changed = keys.clone();
      for (std::uint8_t& byte : changed.iv.reveal().last(low_bytes)) byte = 0xff;
      return changed;
    };
    const auto sealer = make_sealer(GetParam(), with_low_bytes());
    const PacketShape shape = sealer->shape();
    std::uint64_t bytes = 0;
    for (std::uint32_t packets = 0; packets < 10; ++packets) {
      Packet sealed = plain_packet(shape, 3);
      const auto later = make_sealer(GetParam(), keys_after(GetParam(), with_low_bytes(), packets, bytes));
      Packet sealed_later = sealed;
      sealer->seal(packets, sealed);
      later->seal(packets, sealed_later);
      ASSERT_EQ(sealed_later, sealed) << packets << " packets, " << low_bytes << " bytes";
      bytes += sealed.size();
    }
  }
}

// Counts as large as they become before the keys change: 2^28 packets of 256 KiB.
TEST_P(KeysAfter, TakeTheLargestCounts) {
  const PacketShape shape = make_sealer(GetParam(), keys_for({GetParam()}))->shape();
  const std::uint64_t packets = packets_per_key;
  const std::uint64_t bytes = packets * (shape.unpadded_prefix + 16384 * shape.block + shape.tag);
  const CipherKeys once = keys_after(GetParam(), keys_for({GetParam()}), packets, bytes);
  CipherKeys twice = keys_for({GetParam()});
  for (int half = 0; half < 2; ++half) twice = keys_after(GetParam(), std::move(twice), packets / 2, bytes / 2);
  EXPECT_TRUE(equal(once.iv.reveal(), twice.iv.reveal()));
  EXPECT_TRUE(equal(once.key.reveal(), twice.key.reveal()));
}

TEST_P(KeysAfter, RefuseKeysOfAnotherSize) {
  for (SecretBytes CipherKeys::*const member : {&CipherKeys::iv, &CipherKeys::key, &CipherKeys::mac_key}) {
    CipherKeys keys = keys_for({GetParam()});
    keys.*member = SecretBytes((keys.*member).size() + 1);
    EXPECT_THROW(keys_after(GetParam(), std::move(keys), 0, 0), std::invalid_argument);
  }
}

TEST(KeysAfterContradictions, CountsThatCannotBeAreRefused) {
  const CipherNames names{"aes128-ctr", "hmac-sha2-256"};  // 32 bytes of tag, blocks of 16
  EXPECT_NO_THROW(keys_after(names, keys_for({names}), 1, 32 + 16));
  EXPECT_THROW(keys_after(names, keys_for({names}), 2, 32 + 16), std::invalid_argument);
  EXPECT_THROW(keys_after(names, keys_for({names}), 1, 32 + 17), std::invalid_argument);
  EXPECT_THROW(keys_after(names, keys_for({names}), ~std::uint64_t{0}, 64), std::invalid_argument);
}

}  // namespace
}  // namespace glassh
