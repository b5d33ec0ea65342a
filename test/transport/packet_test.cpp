// RFC 4253 section 6, both directions: PacketWriter against PacketReader, and each of them against bytes made by hand.
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/messages_connection.h"
#include "test/support/cipher_suites.h"
#include "test/support/transport_pair.h"
#include "transport/packet_reader.h"
#include "transport/packet_writer.h"

namespace glassh {
namespace {

using test::all_suites;
using test::feed;
using test::random_keys;
using test::take_ready;

std::vector<std::uint8_t> packet(std::uint32_t length, std::uint8_t padding, std::size_t body) {
  std::vector<std::uint8_t> bytes(4 + 1 + body, 0x61);
  put_u32(bytes.data(), length);
  bytes[4] = padding;
  return bytes;
}

std::string error_of(Bytes bytes) {
  PacketReader reader;
  feed(reader, bytes);
  try {
    reader.next_payload();
  } catch (const ProtocolError& error) {
    return error.what();
  }
  return {};
}

TEST(PacketWriter,
     PacketsFillBlocksWithAtLeastFourBytesOfPadding) {  // [4253-6-2] [4253-6-6] [4253-6-7] [4253-6-8] [4344-4-3] keeps
  for (const CipherNames& suite : all_suites()) {
    for (std::size_t size = 1; size < 70; ++size) {
      SeededRng rng(1);
      PacketWriter writer(rng);
      writer.use(make_sealer(suite, random_keys(suite, 5)), suite.cipher, false);
      writer.send_payload(std::vector<std::uint8_t>(size, 2));
      const PacketShape shape = writer.shape();
      const std::size_t all = take_ready(writer).size();
      EXPECT_EQ((all - shape.tag - shape.unpadded_prefix) % std::max<std::size_t>(shape.block, 8), 0U)
          << suite.cipher << suite.mac;
      EXPECT_GE(all, 4 + 1 + size + 4 + shape.tag);
    }
  }
}

TEST(PacketWriter, ClearPacketsAreAtLeastSixteenBytes) {  // [4253-6-8] keeps
  SeededRng rng(1);
  PacketWriter writer(rng);
  writer.send(msg::NewKeys{});
  EXPECT_EQ(take_ready(writer).size(), 16U);
}

TEST(PacketWriter, PaddingIsRandom) {  // [4253-6-3] keeps
  SeededRng rng(1);
  PacketWriter writer(rng);
  writer.send(msg::NewKeys{});
  writer.send(msg::NewKeys{});
  const auto bytes = take_ready(writer);
  EXPECT_NE(hex(Bytes(bytes).subspan(6, 10)), hex(Bytes(bytes).subspan(22, 10)));
}

TEST(PacketWriter, HeldMessagesLeaveAfterTheNextKeysInOrder) {  // [4253-7.1-30] [4253-7.1-31] keeps
  SeededRng rng(1);
  PacketWriter writer(rng);
  writer.hold();
  writer.send(msg::ChannelEof{1});
  writer.send(msg::ServiceRequest{"ssh-userauth"});
  writer.send(msg::Ignore{});
  writer.send(msg::ChannelClose{1});
  EXPECT_EQ(take_ready(writer).size(), 16U);  // IGNORE alone
  const CipherNames suite{"aes128-gcm@openssh.com", ""};
  writer.use(make_sealer(suite, random_keys(suite, 5)), suite.cipher, true);
  PacketReader reader;
  reader.use(make_opener(suite, random_keys(suite, 5)), suite.cipher, true);
  feed(reader, take_ready(writer));
  std::string numbers;
  while (auto payload = reader.next_payload()) numbers += fmt::format("{} ", (*payload)[0]);
  EXPECT_EQ(numbers, "96 5 97 ");
}

TEST(PacketWriter, APacketThatWouldPassTheLimitIsTheFirstUnderTheNextKeys) {  // [4253-9-8] keeps
  SeededRng rng(1);
  PacketWriter writer(rng);
  const CipherNames suite{"aes128-gcm@openssh.com", ""};
  const auto use_next_keys = [&] { writer.use(make_sealer(suite, random_keys(suite, 5)), suite.cipher, false); };
  const std::string data(1000, 'x');
  use_next_keys();
  writer.limit_bytes_under_key(2500);
  for (int packets = 1; packets <= 2; ++packets) {
    writer.send(msg::ChannelData{1, bytes_of(data)});
    EXPECT_FALSE(writer.wants_new_keys());
  }
  const std::size_t backlog = writer.backlog();
  writer.send(msg::ChannelData{1, bytes_of(data)});
  EXPECT_TRUE(writer.wants_new_keys());
  EXPECT_TRUE(writer.holding());
  EXPECT_EQ(writer.backlog(), backlog);
  writer.send(msg::Ignore{});
  EXPECT_GT(writer.backlog(), backlog) << "what a key exchange needs may leave";
  use_next_keys();
  EXPECT_FALSE(writer.holding());
  EXPECT_FALSE(writer.wants_new_keys());
  EXPECT_EQ(writer.packets_under_key(), 1U);
}

TEST(PacketWriter, WhatWaitsForNewKeysMayNeedMoreThanOneSetOfThem) {
  SeededRng rng(1);
  PacketWriter writer(rng);
  writer.limit_bytes_under_key(1);
  const CipherNames suite{"aes128-gcm@openssh.com", ""};
  std::string numbers;
  const auto use_next_keys = [&] {
    writer.use(make_sealer(suite, random_keys(suite, 5)), suite.cipher, true);
    PacketReader reader;
    reader.use(make_opener(suite, random_keys(suite, 5)), suite.cipher, true);
    feed(reader, take_ready(writer));
    while (auto payload = reader.next_payload()) numbers += fmt::format("{} ", (*payload)[0]);
    numbers += "| ";
  };
  writer.hold();
  writer.send(msg::ChannelEof{1});
  writer.send(msg::ChannelClose{1});
  writer.send(msg::GlobalRequest{"a", false, {}});
  for (int keys = 0; keys < 3; ++keys) {
    use_next_keys();
    EXPECT_EQ(writer.wants_new_keys(), keys < 2);
  }
  EXPECT_EQ(numbers, "96 | 97 | 80 | ");
}

TEST(PacketWriter, WhatIsHeldIsBounded) {
  SeededRng rng(1);
  PacketWriter writer(rng);
  writer.hold();
  const std::string data(30000, 'x');
  EXPECT_THROW(
      {
        for (int i = 0; i < 100; ++i) writer.send(msg::ChannelData{1, bytes_of(data)});
      },
      ProtocolError);
}

TEST(PacketWriter, AnEmptyWriterHoldsNoBlock) {
  SeededRng rng(1);
  PacketWriter writer(rng);
  writer.send_payload(std::vector<std::uint8_t>(20000, 2));
  EXPECT_FALSE(writer.ready().empty());
  take_ready(writer);
  EXPECT_TRUE(writer.ready().empty());
  EXPECT_EQ(writer.backlog(), 0U);
}

TEST(PacketPair, EverySuiteCarriesEverySizeInChunksOfAnySize) {  // [4253-6.1-1] keeps: 32768 bytes of payload
  for (const CipherNames& suite : all_suites()) {
    SeededRng rng(1);
    PacketWriter writer(rng);
    PacketReader reader;
    writer.use(make_sealer(suite, random_keys(suite, 5)), suite.cipher, false);
    reader.use(make_opener(suite, random_keys(suite, 5)), suite.cipher, false);
    std::vector<std::size_t> sizes{1, 2, 15, 16, 17, 255, 256, 4095, 32768, 33000};
    std::vector<std::uint8_t> stream;
    for (const std::size_t size : sizes) {
      writer.send_payload(std::vector<std::uint8_t>(size, static_cast<std::uint8_t>(size)));
      const auto part = take_ready(writer);
      stream.insert(stream.end(), part.begin(), part.end());
    }
    std::size_t next = 0;
    for (std::size_t at = 0, chunk = 1; at < stream.size(); chunk = chunk * 3 % 1009 + 1) {
      at += feed(reader, Bytes(stream).subspan(at, std::min(chunk, stream.size() - at)));
      while (auto payload = reader.next_payload()) {
        ASSERT_LT(next, sizes.size());
        EXPECT_EQ(payload->size(), sizes[next]);
        EXPECT_EQ(payload->back(), static_cast<std::uint8_t>(sizes[next]));
        ++next;
      }
    }
    EXPECT_EQ(next, sizes.size()) << suite.cipher << suite.mac;
    EXPECT_FALSE(reader.next_payload());
    EXPECT_FALSE(reader.holds_block());
    EXPECT_EQ(reader.sequence_number(), writer.sequence_number());  // [4253-6.4-3] keeps
  }
}

TEST(PacketPair, AFlippedBitEndsItInEverySuite) {  // past vulnerability 37
  for (const CipherNames& suite : all_suites()) {
    SeededRng rng(1);
    PacketWriter writer(rng);
    writer.use(make_sealer(suite, random_keys(suite, 5)), suite.cipher, false);
    writer.send_payload(std::vector<std::uint8_t>(20, 2));
    const auto sealed = take_ready(writer);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      auto flipped = sealed;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      PacketReader reader;
      reader.use(make_opener(suite, random_keys(suite, 5)), suite.cipher, false);
      feed(reader, flipped);
      try {
        // A larger length only waits for more; nothing may be delivered.
        EXPECT_FALSE(reader.next_payload()) << suite.cipher << suite.mac << " bit " << bit;
      } catch (const ProtocolError& error) {
        EXPECT_STRNE(error.what(), "");
      }
    }
  }
}

TEST(PacketReader, ImplausibleLengthsAreRefused) {  // [4253-6.1-4] [4251-9.3.5-1] breaks; past vulnerabilities 34
                                                    // and 35
  for (const std::uint32_t length :
       {0U, 1U, 2U, 3U, 4U, 5U, (1U << 18) + 4, (1U << 18) + 12, 1U << 31, 0xffffffffU, 0xfffffffcU}) {
    EXPECT_NE(error_of(packet(length, 4, 30)).find("packet_length is"), std::string::npos) << length;
  }
  for (const CipherNames& suite :
       {CipherNames{"aes128-gcm@openssh.com", ""}, {"aes128-ctr", "hmac-sha2-256-etm@openssh.com"}}) {
    for (const std::uint32_t length : {0U, 5U, 35001U, (1U << 18) + 16, 0xffffffffU, 0xfffffff0U}) {
      PacketReader reader;
      reader.use(make_opener(suite, random_keys(suite, 5)), suite.cipher, false);
      feed(reader, packet(length, 4, 100));
      EXPECT_THROW(reader.next_payload(), ProtocolError) << length;
    }
  }
}

TEST(PacketReader, LengthsThatFillNoBlockAreRefused) {  // [4253-6-6] breaks
  EXPECT_NE(error_of(packet(13, 4, 12)).find("does not fill blocks of 8"), std::string::npos);
}

TEST(PacketReader, PaddingIsChecked) {
  EXPECT_EQ(error_of(packet(12, 4, 11)), "");
  EXPECT_NE(error_of(packet(12, 3, 11)).find("padding_length is 3"),
            std::string::npos);  // [4253-6-2] breaks; past vulnerability 45
  EXPECT_NE(error_of(packet(12, 11, 11)).find("leaves no payload"), std::string::npos);   // [4253-6-4] breaks
  EXPECT_NE(error_of(packet(12, 255, 11)).find("leaves no payload"), std::string::npos);  // [4253-6-4] breaks
}

TEST(PacketReader, AnnouncedBytesAreNotAllocated) {  // past vulnerability 35
  PacketReader reader;
  feed(reader, packet((1 << 18) - 4, 4, 3));
  EXPECT_FALSE(reader.next_payload());
  EXPECT_EQ(reader.space().size() + 8, block_size);
}

// RFC 4253 section 6.1 [4253-6.1-1] [4253-6.1-2], RFC 4254 section 5.2 [4254-5.2-6] keeps; memory follows what arrived
// (past vulnerability 35).
TEST(Packets, LongOnesArriveWholeWhateverTheChunks) {
  for (const std::size_t size : {std::size_t{34990}, block_size - 4, block_size + 100, PacketWriter::max_payload}) {
    SeededRng rng(1);
    PacketWriter writer(rng);
    const std::vector<std::uint8_t> payload(size, 0x50);
    writer.send_payload(payload);
    writer.send_payload(std::vector<std::uint8_t>{2, 1});
    const std::vector<std::uint8_t> bytes = take_ready(writer);
    for (const std::size_t chunk : {std::size_t{4000}, std::size_t{1} << 20}) {
      PacketReader reader;
      std::vector<std::vector<std::uint8_t>> got;
      for (std::size_t at = 0; at < bytes.size();) {
        const MutableBytes space = reader.space();
        ASSERT_GT(space.size(), 0U);
        EXPECT_LE(space.size(), std::max(at, block_size)) << "memory taken ahead of the bytes";
        const std::size_t part = std::min({space.size(), chunk, bytes.size() - at});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), part, space.begin());
        reader.filled(part);
        at += part;
        while (const auto arrived = reader.next_payload()) got.push_back(copy_of(*arrived));
      }
      ASSERT_EQ(got.size(), 2U) << size;
      EXPECT_EQ(got[0], payload);
      EXPECT_EQ(got[1], (std::vector<std::uint8_t>{2, 1}));
      EXPECT_FALSE(reader.holds_block());
    }
  }
}

// A connection may end with packets in it that nobody took; others get the block next.
TEST(PacketReader, WhatItHeldIsWipedAtItsEnd) {
  const std::vector<std::uint8_t> secret(600, 0x5e);
  SeededRng rng(1);
  PacketWriter writer(rng);
  writer.send(msg::Ignore{secret});
  const std::uint8_t* block = nullptr;
  {
    PacketReader reader;
    feed(reader, take_ready(writer));
    block = reader.next_payload().value().data();
  }
  const BlockLease given_back = BlockPool::of_this_thread().lease();
  ASSERT_TRUE(block > given_back.data() && block < given_back.data() + given_back.size());
  EXPECT_FALSE(equal(Bytes(block + 5, secret.size()), secret));
}

}  // namespace
}  // namespace glassh
