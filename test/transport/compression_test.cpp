// RFC 4253 section 6.2 and draft-miller-secsh-compression-delayed-00: what a peer's zlib may bring, and from which
// packet on there is any.
#include <gtest/gtest.h>

#include <zlib.h>

#include "proto/messages_auth.h"
#include "proto/messages_connection.h"
#include "test/support/plain_packets.h"
#include "test/support/transport_pair.h"
#include "transport/compression.h"

namespace glassh {
namespace {

using test::feed;
using test::protocol_error_of;
using test::take_ready;
using Payload = std::vector<std::uint8_t>;

Payload text_of_size(std::size_t size) {
  Payload payload(size);
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<std::uint8_t>("compress me, please "[i % 20]);
  return payload;
}

Payload noise_of_size(std::size_t size, std::uint64_t seed = 1) {
  SeededRng rng(seed);
  Payload payload(size);
  rng.fill(payload);
  return payload;
}

Payload compressed(Compressor& compressor, Bytes payload) {
  const MutableBytes place = compressor.space(payload.size());
  std::copy(payload.begin(), payload.end(), place.begin());
  Payload out(compressor.bound(payload.size()));
  out.resize(compressor.compress(payload.size(), out));
  compressor.release();
  return out;
}

// What zlib makes of it alone, ended by `flush`.
Payload deflated(Bytes bytes, int flush) {
  z_stream stream{};
  EXPECT_EQ(deflateInit(&stream, 9), Z_OK);
  Payload in = copy_of(bytes);
  Payload out(deflateBound(&stream, in.size()) + 64);
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, flush);
  EXPECT_TRUE(result == Z_OK || result == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

constexpr std::size_t limit = PacketReader::max_packet_length;

TEST(Compression, PayloadsOfEverySizeComeBack) {
  Compressor compressor;
  Decompressor decompressor(limit);
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{2}, std::size_t{100}, std::size_t{16383}, std::size_t{16384}, std::size_t{32768},
        PacketWriter::bulk_payload, std::size_t{65535}, block_size, block_size + 1, PacketWriter::max_payload}) {
    for (const Payload& payload : {text_of_size(size), noise_of_size(size), Payload(size, 0)}) {
      const Payload sent = compressed(compressor, payload);
      EXPECT_LE(sent.size(), payload.size() + payload.size() / 1000 + 40);
      EXPECT_TRUE(equal(decompressor.decompress(0, sent), payload)) << size;
    }
  }
  EXPECT_TRUE(decompressor.holds_block());
  decompressor.release();
  EXPECT_FALSE(decompressor.holds_block());
  EXPECT_FALSE(compressor.holds_block());
}

// RFC 4253 section 6.2 [4253-6.2-2] [4253-6.2-8] keeps.
TEST(Compression, TheContextGoesOnFromPayloadToPayload) {
  Compressor compressor;
  Decompressor decompressor(limit);
  const Payload payload = noise_of_size(3000);
  EXPECT_GT(compressed(compressor, payload).size(), 2900U);
  EXPECT_LT(compressed(compressor, payload).size(), 100U);
  // One who does not have it cannot go on.
  Compressor other;
  decompressor.decompress(0, compressed(other, text_of_size(10)));
  EXPECT_THROW(decompressor.decompress(1, compressed(compressor, payload)), ProtocolError);
}

// RFC 4253 section 6.2 [4253-6.2-8] keeps: what is flushed is whole, however little it is.
TEST(Compression, EachPayloadCanBeReadByItself) {
  Compressor compressor;
  Decompressor decompressor(limit);
  for (unsigned i = 0; i < 3000; ++i) {
    const Payload payload = i % 2 == 0 ? noise_of_size(1 + i % 70, i) : text_of_size(1 + i % 90);
    ASSERT_TRUE(equal(decompressor.decompress(i, compressed(compressor, payload)), payload)) << i;
  }
}

TEST(Compression, ABombIsRefusedAtTheLimit) {  // past vulnerability 46
  // 64 MiB of zeros; the packet that carries them is in order.
  const Payload bomb = deflated(Payload(std::size_t{64} << 20, 0), Z_PARTIAL_FLUSH);
  EXPECT_LT(bomb.size(), limit);
  Decompressor decompressor(limit);
  EXPECT_EQ(protocol_error_of([&] { decompressor.decompress(7, bomb); }),
            "packet 7: zlib@openssh.com: the payload inflates to more than 262144 bytes");
}

TEST(Compression, TheLimitIsExact) {  // past vulnerability 46
  for (const std::size_t most : {std::size_t{1000}, block_size, limit}) {
    Decompressor enough(most);
    EXPECT_EQ(enough.decompress(0, deflated(Payload(most, 0), Z_PARTIAL_FLUSH)).size(), most);
    Decompressor little(most);
    EXPECT_THROW(little.decompress(0, deflated(Payload(most + 1, 0), Z_PARTIAL_FLUSH)), ProtocolError);
  }
}

// Nothing, a zlib header alone, and blocks without content: none spins, none is a payload.
TEST(Compression, WhatInflatesToNothingIsRefused) {  // past vulnerability 46
  const Payload nothing = deflated({}, Z_SYNC_FLUSH);
  Payload empty_blocks = nothing;
  for (int i = 0; i < 10000; ++i) empty_blocks.insert(empty_blocks.end(), {0, 0, 0, 0xff, 0xff});
  for (const Payload& each : {Payload(), Payload{0x78}, Payload{0x78, 0x9c}, nothing, empty_blocks}) {
    Decompressor decompressor(limit);
    EXPECT_EQ(protocol_error_of([&] { decompressor.decompress(3, each); }),
              fmt::format("packet 3: zlib@openssh.com: a payload of {} bytes inflates to none", each.size()));
  }
}

TEST(Compression, CorruptStreamsEndTheConnection) {
  struct Case {
    Payload bytes;
    std::string_view words;
  };
  const Case cases[] = {
      {text_of_size(100), "incorrect header check"},
      {{0x78, 0x9c, 0x07}, "invalid block type"},
      {{0x78, 0x9c, 0x00, 0x01, 0x00, 0x01, 0x00}, "invalid stored block lengths"},
      {{0x78, 0xbb, 1, 2, 3, 4}, "need dictionary"},
      {{0x78, 0x9c, 0x63, 0x80, 0x10, 0, 0}, "invalid distance too far back"},
      {deflated(text_of_size(100), Z_FINISH), "the stream ends, but the connection does not"},
  };
  for (const Case& each : cases) {
    Decompressor decompressor(limit);
    const std::string error = protocol_error_of([&] { decompressor.decompress(5, each.bytes); });
    EXPECT_NE(error.find(each.words), std::string::npos) << error << " instead of " << each.words;
    EXPECT_EQ(error.find("packet 5: zlib@openssh.com: "), 0U) << error;
  }
}

// A cut payload is the beginning of the whole one at most, and what comes behind it does not fit any more.
TEST(Compression, ACutPayloadIsNeverMoreThanItsBeginning) {
  Compressor compressor;
  const Payload first = noise_of_size(200);
  const Payload whole = compressed(compressor, first);
  const Payload next = compressed(compressor, first);
  std::size_t refused = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Decompressor decompressor(limit);
    try {
      const Bytes got = decompressor.decompress(0, Bytes(whole).first(size));
      ASSERT_LE(got.size(), first.size());
      ASSERT_TRUE(equal(got, Bytes(first).first(got.size())));
      ASSERT_FALSE(equal(decompressor.decompress(1, next), first)) << size;
    } catch (const ProtocolError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0U);
}

// --- From which packet on -------------------------------------------------------------------------------------------

// A writer and a reader with keys and "zlib@openssh.com".
struct Pair {
  SeededRng rng{1};
  PacketWriter writer{rng};
  PacketReader reader;
  std::vector<std::size_t> sizes;  // of the packets

  Pair() { rekey(delayed_zlib); }

  static CipherKeys keys() {
    const CipherKeySizes size = cipher_key_sizes({cipher, ""});
    return {SecretBytes(size.iv), SecretBytes(size.key), SecretBytes(size.mac_key)};
  }
  void rekey(std::string_view compression) {
    writer.use(make_sealer({cipher, ""}, keys()), cipher, false, compression);
    reader.use(make_opener({cipher, ""}, keys()), cipher, false, compression);
  }
  // What of the writer's packets arrives.
  std::vector<Payload> move() {
    std::vector<Payload> payloads;
    Payload bytes = take_ready(writer);
    for (Bytes rest = bytes; !rest.empty();) {
      rest = rest.subspan(feed(reader, rest));
      while (const auto payload = reader.next_payload()) payloads.push_back(copy_of(*payload));
    }
    return payloads;
  }
  // The size of the packet that this payload becomes, which arrives as it was.
  std::size_t size_of(const Payload& payload) {
    writer.send_payload(payload);
    const std::size_t size = writer.backlog();
    const std::vector<Payload> arrived = move();
    EXPECT_TRUE(arrived.size() == 1 && arrived[0] == payload);
    return size;
  }

  static constexpr const char* cipher = "aes128-gcm@openssh.com";
};

constexpr std::size_t long_text = 5000;
constexpr std::size_t little = 300;

Payload ignore(std::size_t size) {
  Payload payload = text_of_size(size);
  payload[0] = message_number::ignore;
  return payload;
}

// draft-miller-secsh-compression-delayed-00 section 3; RFC 4253 section 6 [4253-6-1] keeps.
TEST(DelayedCompression, BeginsBehindTheSuccessThatTheServerSends) {
  Pair pair;
  EXPECT_GT(pair.size_of(ignore(long_text)), long_text);
  EXPECT_EQ(pair.size_of({message_number::userauth_success}), 36U);  // 4, a block, a tag: not compressed
  pair.reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
  EXPECT_LT(pair.size_of(ignore(long_text)), little);
}

// RFC 4253 section 6.2 [4253-6.2-1] keeps: length, padding and tag are those of the compressed payload.
TEST(DelayedCompression, BeginsWithTheNextPacketWhereAClientIsTold) {
  Pair pair;
  pair.writer.start_delayed_compression();
  pair.reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
  EXPECT_LT(pair.size_of(ignore(long_text)), little);
}

TEST(DelayedCompression, IsNoneWhereItWasNotNegotiated) {  // [4253-6.2-6] keeps
  Pair pair;
  pair.rekey("none");
  pair.writer.start_delayed_compression();
  pair.reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
  EXPECT_GT(pair.size_of(ignore(long_text)), long_text);
}

// RFC 4253 sections 6.2 and 9 [4253-6.2-8] [4253-9-7] keeps; the draft's section 3: and after the login it begins with
// the keys.
TEST(DelayedCompression, BeginsAnewWithEachKeys) {
  Pair pair;
  pair.writer.start_delayed_compression();
  pair.reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
  const Payload noise = noise_of_size(3000);
  EXPECT_GT(pair.size_of(noise), 2900U);
  EXPECT_LT(pair.size_of(noise), little);
  pair.rekey(delayed_zlib);
  EXPECT_GT(pair.size_of(noise), 2900U);
  pair.rekey("none");
  EXPECT_GT(pair.size_of(ignore(long_text)), long_text);
  pair.rekey(delayed_zlib);
  EXPECT_LT(pair.size_of(ignore(long_text)), little);
}

// What a block held is wiped before others get it. NEWKEYS may arrive behind data.
TEST(DelayedCompression, WhatWasInflatedIsWipedWhenTheKeysChange) {
  Pair pair;
  pair.writer.start_delayed_compression();
  pair.reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
  const Payload payload = text_of_size(long_text);
  pair.writer.send_payload(payload);
  feed(pair.reader, take_ready(pair.writer));
  const std::optional<Bytes> arrived = pair.reader.next_payload();
  ASSERT_TRUE(arrived && equal(*arrived, payload));
  pair.rekey(delayed_zlib);
  const BlockLease given_back = BlockPool::of_this_thread().lease();
  EXPECT_FALSE(equal(Bytes(given_back.data(), long_text), payload));
}

// A SUCCESS that waits for the end of a key exchange is the last packet in clear; what waits behind it is compressed.
TEST(DelayedCompression, BeginsBehindASuccessThatWasHeld) {
  Pair pair;
  pair.writer.hold();
  pair.writer.send_payload(Payload{message_number::userauth_success});
  const Payload data = [] {
    Payload payload = text_of_size(long_text);
    payload[0] = message_number::channel_data;
    return payload;
  }();
  pair.writer.send_payload(data);
  EXPECT_GT(pair.size_of(ignore(long_text)), long_text);
  pair.reader.start_delayed_compression(PacketReader::CompressedFrom::next_keys);  // at the other end of the wire
  pair.writer.use(make_sealer({Pair::cipher, ""}, Pair::keys()), Pair::cipher, false, delayed_zlib);
  EXPECT_LT(pair.writer.backlog(), 36 + little);
  Payload bytes = take_ready(pair.writer);
  PacketReader reader;
  reader.use(make_opener({Pair::cipher, ""}, Pair::keys()), Pair::cipher, false, delayed_zlib);
  feed(reader, bytes);
  EXPECT_EQ(copy_of(reader.next_payload().value_or(Bytes())), Payload{message_number::userauth_success});
  reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
  EXPECT_EQ(copy_of(reader.next_payload().value_or(Bytes())), data);
  EXPECT_FALSE(reader.next_payload());
  EXPECT_FALSE(reader.holds_block());
}

TEST(DelayedCompression, OfAClientThatIsExchangingKeysBeginsWithThem) {
  Pair pair;
  pair.reader.start_delayed_compression(PacketReader::CompressedFrom::next_keys);
  EXPECT_GT(pair.size_of(ignore(long_text)), long_text);
  pair.writer.start_delayed_compression();
  pair.rekey(delayed_zlib);
  EXPECT_LT(pair.size_of(ignore(long_text)), little);
}

// In place where nothing is compressed; where it is, what was begun and abandoned leaves no trace in the context.
TEST(DelayedCompression, AnAbandonedPacketWasNever) {
  Pair pair;
  pair.writer.start_delayed_compression();
  pair.reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
  const MutableBytes place = pair.writer.begin(PacketWriter::bulk_payload);
  std::fill(place.begin(), place.end(), std::uint8_t{9});
  pair.writer.abandon();
  EXPECT_LT(pair.size_of(ignore(long_text)), little);
  // Less than was begun.
  const MutableBytes again = pair.writer.begin(PacketWriter::bulk_payload);
  again[0] = message_number::ignore;
  again[1] = 7;
  pair.writer.finish(2);
  EXPECT_EQ(pair.move(), std::vector<Payload>({{message_number::ignore, 7}}));
}

TEST(DelayedCompression, PacketsOfTheGreatestSizeFitWhateverIsInThem) {
  Pair pair;
  pair.writer.start_delayed_compression();
  pair.reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
  EXPECT_GT(pair.size_of(noise_of_size(PacketWriter::max_payload)), PacketWriter::max_payload);
  // Two packets of bulk data still share a block.
  pair.writer.send_payload(noise_of_size(PacketWriter::bulk_payload));
  pair.writer.send_payload(noise_of_size(PacketWriter::bulk_payload, 2));
  EXPECT_EQ(pair.writer.ready().size(), 1U);
}

// --- Two transports -------------------------------------------------------------------------------------------------

Proposal with_compression(bool client_to_server, bool server_to_client) {
  Proposal proposal = default_proposal();
  const std::vector<std::string> zlib = {std::string(delayed_zlib), "none"};
  if (client_to_server) proposal.compression_client_to_server = zlib;
  if (server_to_client) proposal.compression_server_to_client = zlib;
  return proposal;
}

// As if a login had succeeded; the server says so, as the draft wants.
void log_in(test::TransportPair& pair) {
  pair.server.transport.enter(Phase::authentication);
  pair.client.transport.enter(Phase::authentication);
  pair.server.transport.writer().send(msg::UserauthSuccess{});
  pair.server.transport.enter(Phase::connection);
  pair.run();
  pair.client.transport.enter(Phase::connection);
}

std::size_t bytes_for(test::TransportSide& from, test::TransportPair& pair) {
  const Payload before = text_of_size(long_text);
  from.transport.writer().send(msg::Ignore{before});
  const std::size_t size = from.transport.writer().backlog();
  pair.run();
  return size;
}

// RFC 4253 section 6.2 [4253-6.2-3] [4253-6.2-4] keeps.
TEST(DelayedCompression, EachDirectionHasItsOwn) {
  for (const bool up : {false, true}) {
    for (const bool down : {false, true}) {
      test::TransportPair pair(with_compression(up, down));
      pair.run();
      ASSERT_TRUE(pair.both_have_keys());
      EXPECT_GT(bytes_for(pair.client, pair), long_text);
      EXPECT_GT(bytes_for(pair.server, pair), long_text);
      log_in(pair);
      for (unsigned rekeys = 0; rekeys < 3; ++rekeys) {
        EXPECT_EQ(bytes_for(pair.client, pair) < little, up);
        EXPECT_EQ(bytes_for(pair.server, pair) < little, down);
        (rekeys == 1 ? pair.client : pair.server).transport.start_key_exchange();
        pair.run();
        ASSERT_TRUE(pair.both_have_keys()) << pair.client.error << pair.server.error;
      }
      EXPECT_EQ(pair.client.key_changes, 4U);
    }
  }
}

// A peer that ends its stream, or never began one, is told what is wrong.
TEST(DelayedCompression, APacketInClearWhereCompressionBeganEndsTheConnection) {
  test::TransportPair pair(with_compression(true, true));
  pair.run();
  pair.server.transport.enter(Phase::authentication);
  pair.server.transport.enter(Phase::connection);
  bytes_for(pair.client, pair);  // which knows of no success
  EXPECT_NE(pair.server.error.find("zlib@openssh.com: incorrect header check"), std::string::npos) << pair.server.error;
}

}  // namespace
}  // namespace glassh
