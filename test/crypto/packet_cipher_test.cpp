#include "crypto/packet_cipher.h"

#include <gtest/gtest.h>

#include "crypto/rng.h"

namespace glassh {
namespace {

struct Keys {
  CipherNames names;
  std::uint64_t seed = 7;

  CipherKeys operator()() const {
    SeededRng rng(seed);
    const CipherKeySizes sizes = cipher_key_sizes(names);
    CipherKeys keys{SecretBytes(sizes.iv), SecretBytes(sizes.key), SecretBytes(sizes.mac_key)};
    rng.fill(keys.iv.reveal());
    rng.fill(keys.key.reveal());
    rng.fill(keys.mac_key.reveal());
    return keys;
  }
};

std::vector<CipherNames> all_suites() {
  std::vector<CipherNames> suites;
  for (const std::string_view cipher : cipher_names()) {
    if (is_aead(cipher)) {
      suites.push_back({std::string(cipher), ""});
      continue;
    }
    for (const std::string_view mac : mac_names()) suites.push_back({std::string(cipher), std::string(mac)});
  }
  return suites;
}

// A packet whose padded part holds `blocks` blocks: the length in front, room for the tag behind.
std::vector<std::uint8_t> plain_packet(const PacketShape& shape, std::size_t blocks) {
  std::vector<std::uint8_t> packet(shape.unpadded_prefix + blocks * shape.block + shape.tag);
  SeededRng(blocks).fill(packet);
  put_u32(packet.data(), static_cast<std::uint32_t>(packet.size() - 4 - shape.tag));
  packet[4] = 4;
  return packet;
}

TEST(PacketCipher, OpensWhatItSealed) {
  for (const CipherNames& names : all_suites()) {
    SCOPED_TRACE(names.cipher + " " + names.mac);
    const auto sealer = make_sealer(names, Keys{names}());
    const auto opener = make_opener(names, Keys{names}());
    std::uint32_t sequence_number = 0xfffffffe;  // and over the edge
    for (const std::size_t blocks : {2, 3, 4, 5, 8, 12, 13, 14, 23, 24, 25, 100, 2048, 4096, 16000}) {
      const PacketShape shape = sealer->shape();
      const std::vector<std::uint8_t> plain = plain_packet(shape, blocks);
      std::vector<std::uint8_t> packet = plain;
      sealer->seal(sequence_number, packet);
      EXPECT_NE(packet, plain);
      ASSERT_EQ(opener->packet_length(sequence_number, packet), packet.size() - 4 - shape.tag);
      ASSERT_TRUE(opener->open(sequence_number, packet));
      const std::size_t size = plain.size() - shape.tag;
      EXPECT_TRUE(equal(Bytes(packet).first(size), Bytes(plain).first(size)));
      ++sequence_number;
    }
  }
}

}  // namespace
}  // namespace glassh
