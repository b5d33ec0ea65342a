// The sealed packets of test/vectors/packets.vec, which were computed without libcrypto.
#include <gtest/gtest.h>

#include "crypto/ciphers/packet_cipher.h"
#include "test/support/vectors.h"

namespace glassh {
namespace {

CipherNames names_of(const VectorCase& vector) {
  const std::size_t space = vector.section.find(' ');
  if (space == std::string::npos) return {vector.section, ""};
  return {vector.section.substr(0, space), vector.section.substr(space + 1)};
}

CipherKeys keys_of(const VectorCase& vector) {
  return {SecretBytes(vector["IV"]), SecretBytes(vector["Key"]), SecretBytes(vector["MacKey"])};
}

// Consecutive packets of one suite go through one sealer: the counters must run on.
template <class Direction, class Visit>
void for_each_packet(Direction make, Visit visit) {
  std::string suite;
  decltype(make(CipherNames(), CipherKeys())) direction;
  std::size_t suites = 0;
  for (const VectorCase& vector : load_vectors("packets.vec")) {
    SCOPED_TRACE(vector.place + " " + vector.section);
    if (vector.section != suite) {
      direction = make(names_of(vector), keys_of(vector));
      suite = vector.section;
      ++suites;
    }
    visit(*direction, vector, get_u32(vector["SequenceNumber"].data()));
  }
  EXPECT_EQ(suites, 3U + 3 * 4);
}

// [5647-6.3-1] [5647-7.1-2] [5647-7.3-1] [4344-4-2] [4344-4-9] [4253-6.3-1] [4253-6.3-2] [4253-6.4-2] [4253-6.4-7]
// [6668-2-1] [6668-2-2] [openssh-etm-1.5-1] [openssh-etm-1.5-2] keeps
TEST(PacketVectors, SealAsComputedIndependently) {
  for_each_packet(make_sealer, [](Sealer& sealer, const VectorCase& vector, std::uint32_t sequence_number) {
    std::vector<std::uint8_t> packet = copy_of(vector["Plain"]);
    packet.resize(packet.size() + sealer.shape().tag, 0xee);
    sealer.seal(sequence_number, packet);
    EXPECT_EQ(hex(packet), hex(vector["Sealed"]));
  });
}

TEST(PacketVectors, OpenAsComputedIndependently) {
  for_each_packet(make_opener, [](Opener& opener, const VectorCase& vector, std::uint32_t sequence_number) {
    std::vector<std::uint8_t> packet = copy_of(vector["Sealed"]);
    const Bytes plain = vector["Plain"];
    // [4253-6-9] keeps: no more than needed_for_length bytes are looked at.
    const PacketShape shape = opener.shape();
    ASSERT_EQ(packet.size(), plain.size() + shape.tag);
    EXPECT_EQ(opener.packet_length(sequence_number, MutableBytes(packet).first(shape.needed_for_length)),
              get_u32(plain.data()));
    ASSERT_TRUE(opener.open(sequence_number, packet));
    EXPECT_EQ(hex(Bytes(packet).first(plain.size())), hex(plain));
  });
}

}  // namespace
}  // namespace glassh
