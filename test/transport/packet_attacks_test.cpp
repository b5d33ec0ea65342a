// What a peer, or whoever sits between, can write into a packet's first bytes, and what can be missing or changed: in
// each cipher with each MAC, from the first packet to the last phase. Past vulnerabilities 34 to 37 and 43.
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/messages_connection.h"
#include "test/support/cipher_suites.h"
#include "test/support/plain_packets.h"
#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using test::all_suites;
using test::feed;
using test::protocol_error_of;
using test::random_keys;
using test::take_ready;
using Packet = std::vector<std::uint8_t>;

PacketReader reader_of(const CipherNames& names) {
  PacketReader reader;
  reader.use(make_opener(names, random_keys(names)), names.cipher, false);
  return reader;
}

// Sealed packets, one for each of the payloads, of one stream.
std::vector<Packet> sealed(const CipherNames& names, const std::vector<Packet>& payloads) {
  SeededRng rng(1);
  PacketWriter writer(rng);
  writer.use(make_sealer(names, random_keys(names)), names.cipher, false);
  std::vector<Packet> packets;
  for (const Packet& payload : payloads) {
    writer.send_payload(payload);
    packets.push_back(take_ready(writer));
  }
  return packets;
}

// Each of our ciphers either leaves the length in clear or adds a key stream to it. So whoever knows the length can
// have the receiver see another one.
void set_length(MutableBytes packet, std::uint32_t seen, std::uint32_t wanted) {
  for (std::size_t i = 0; i < 4; ++i) packet[i] ^= static_cast<std::uint8_t>((seen ^ wanted) >> (24 - 8 * i));
}

std::uint32_t length_of(const CipherNames& names, const Packet& packet) {
  return static_cast<std::uint32_t>(packet.size() - 4 - make_sealer(names, random_keys(names))->shape().tag);
}

std::vector<std::uint32_t> odd_lengths() {
  std::vector<std::uint32_t> lengths;
  for (std::uint32_t length = 0; length <= 16; ++length) lengths.push_back(length);
  for (std::uint32_t length = 35000; length <= 35008; ++length) lengths.push_back(length);
  for (const std::uint32_t around : {1U << 18, 1U << 24, 1U << 31}) {
    for (std::uint32_t length = around - 17; length <= around + 17; ++length) lengths.push_back(length);
  }
  for (std::uint32_t back = 0; back <= 70; ++back) lengths.push_back(0xffffffffU - back);  // + 4 + a tag wraps
  return lengths;
}

std::string text_of(const CipherNames& names) { return names.cipher + " " + names.mac; }

// RFC 4253 section 6.1 [4253-6.1-4], section 6 [4253-6-6] breaks. Nothing is delivered, whatever follows, and what is
// implausible is refused before anything more arrives.
TEST(PacketLength, NoLengthGetsAnythingPastTheTagInAnySuite) {  // past vulnerability 34
  const Packet more(std::size_t{40} << 10, 0);
  for (const CipherNames& names : all_suites()) {
    const Packet valid = sealed(names, {Packet(60, 2)}).at(0);
    const std::uint32_t length = length_of(names, valid);
    const PacketShape shape = make_sealer(names, random_keys(names))->shape();
    for (const std::uint32_t wanted : odd_lengths()) {
      if (wanted == length) continue;
      Packet packet = valid;
      set_length(packet, length, wanted);
      PacketReader reader = reader_of(names);
      feed(reader, packet);
      const bool plausible = wanted >= 6 && wanted <= PacketReader::max_packet_length &&
                             (4 + wanted - shape.unpadded_prefix) % shape.block == 0;
      const std::string error = protocol_error_of([&] {
        EXPECT_FALSE(reader.next_payload()) << text_of(names) << " " << wanted;
        for (int i = 0; i < 8 && plausible; ++i) {
          feed(reader, more);
          EXPECT_FALSE(reader.next_payload()) << text_of(names) << " " << wanted;
        }
      });
      const std::string_view expected = plausible ? "tag is wrong" : "packet_length is";
      EXPECT_NE(error.find(expected), std::string::npos) << text_of(names) << " " << wanted << ": " << error;
    }
  }
}

TEST(PacketLength, NoLengthGetsPastAnyPhase) {  // past vulnerability 34
  for (const CipherNames& names : all_suites()) {
    for (const Phase phase : {Phase::first_key_exchange, Phase::service, Phase::authentication, Phase::connection}) {
      for (const std::uint32_t wanted : {0U, 5U, 35003U, 1U << 18, 1U << 31, 0xffffffffU}) {
        Proposal proposal = default_proposal();
        proposal.kex = {"curve25519-sha256"};
        proposal.cipher_client_to_server = proposal.cipher_server_to_client = {names.cipher};
        if (!names.mac.empty()) proposal.mac_client_to_server = proposal.mac_server_to_client = {names.mac};
        test::TransportPair pair(proposal);
        if (phase != Phase::first_key_exchange) {
          pair.run();
          ASSERT_TRUE(pair.both_have_keys());
          pair.client.transport.enter(phase);
          pair.server.transport.enter(phase);
          pair.client.transport.writer().send(msg::Ignore{});
        }
        pair.tamper = [&](test::TransportSide& to, Packet& bytes) {
          if (&to != &pair.server) return;
          const auto line_end =
              phase == Phase::first_key_exchange ? std::find(bytes.begin(), bytes.end(), '\n') + 1 : bytes.begin();
          const auto at = static_cast<std::size_t>(line_end - bytes.begin());
          const std::size_t tag = pair.client.transport.writer().shape().tag;
          set_length(MutableBytes(bytes).subspan(at), static_cast<std::uint32_t>(bytes.size() - at - 4 - tag), wanted);
        };
        pair.run();
        // 2^18 is allowed where it fills blocks: that waits for more, and would be forged.
        const bool waits = pair.server.error.empty();
        EXPECT_TRUE(waits ? wanted == 1U << 18 : pair.server.error.find("packet_length is") != std::string::npos)
            << text_of(names) << " " << wanted << ": " << pair.server.error;
        EXPECT_LE(pair.server.transport.reader().space().size(), block_size);
      }
      if (phase == Phase::first_key_exchange && names.cipher != cipher_names().front()) break;  // no suite there
    }
  }
}

// The greatest length that is believed, and then silence.
TEST(PacketLength, WhatIsAnnouncedTakesNoMemoryInAnySuite) {  // past vulnerability 35
  for (const CipherNames& names : all_suites()) {
    Packet packet = sealed(names, {Packet(60, 2)}).at(0);
    const PacketShape shape = make_sealer(names, random_keys(names))->shape();
    std::uint32_t most = PacketReader::max_packet_length;
    while ((4 + most - shape.unpadded_prefix) % shape.block != 0) --most;
    set_length(packet, length_of(names, packet), most);
    PacketReader reader = reader_of(names);
    feed(reader, packet);
    EXPECT_FALSE(reader.next_payload());
    EXPECT_EQ(reader.space().size() + packet.size(), block_size) << text_of(names);
  }
}

// A packet of which any number of bytes has arrived is neither delivered nor refused, and harmed by nothing when the
// rest comes.
TEST(PacketTruncation, EveryPartOfAPacketWaitsForTheRest) {  // past vulnerability 36
  for (const CipherNames& names : all_suites()) {
    const Packet payload(77, 2);
    const Packet packet = sealed(names, {payload}).at(0);
    for (std::size_t size = 0; size < packet.size(); ++size) {
      PacketReader reader = reader_of(names);
      feed(reader, Bytes(packet).first(size));
      ASSERT_FALSE(reader.next_payload()) << text_of(names) << " " << size;
      feed(reader, Bytes(packet).subspan(size));
      const auto arrived = reader.next_payload();
      ASSERT_TRUE(arrived && equal(*arrived, payload)) << text_of(names) << " " << size;
    }
  }
}

// Bytes that are cut out are not made good by those that follow.
TEST(PacketTruncation, APacketWithBytesCutOutIsForged) {  // past vulnerability 36
  for (const CipherNames& names : all_suites()) {
    const std::vector<Packet> packets = sealed(names, {Packet(77, 2), Packet(300, 2), Packet(300, 2)});
    for (std::size_t size = 0; size < packets[0].size(); ++size) {
      PacketReader reader = reader_of(names);
      feed(reader, Bytes(packets[0]).first(size));
      feed(reader, packets[1]);
      feed(reader, packets[2]);
      const std::string error = protocol_error_of([&] {
        while (reader.next_payload()) ADD_FAILURE() << text_of(names) << " " << size;
        // A length that now is some other: it ends with the tag.
        const Packet more(std::size_t{60} << 10, 0);
        for (int i = 0; i < 6; ++i) {
          feed(reader, more);
          EXPECT_FALSE(reader.next_payload());
        }
      });
      EXPECT_NE(error, "") << text_of(names) << " " << size;
    }
  }
}

// An opener that is handed less than a packet says no, and reads nothing behind its end (which the sanitizers watch).
TEST(PacketTruncation, OpenersRefuseEveryShorterPacket) {  // past vulnerability 36
  for (const CipherNames& names : all_suites()) {
    const Packet packet = sealed(names, {Packet(40, 2)}).at(0);
    const PacketShape shape = make_sealer(names, random_keys(names))->shape();
    for (std::size_t size = shape.needed_for_length; size < packet.size(); ++size) {
      const auto opener = make_opener(names, random_keys(names));
      const auto part = std::make_unique<std::uint8_t[]>(size);
      std::copy_n(packet.begin(), size, part.get());
      opener->packet_length(0, {part.get(), shape.needed_for_length});
      EXPECT_FALSE(opener->open(0, {part.get(), size})) << text_of(names) << " " << size;
    }
  }
}

// RFC 4253 section 6.4 [4253-6.4-2] breaks: also where a flipped length makes the reader wait at first.
TEST(PacketForgery, EachFlippedBitIsAnErrorInEverySuite) {  // past vulnerability 37
  const Packet more(std::size_t{40} << 10, 0x55);
  for (const CipherNames& names : all_suites()) {
    const Packet packet = sealed(names, {Packet(20, 2)}).at(0);
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
      Packet flipped = packet;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      PacketReader reader = reader_of(names);
      feed(reader, flipped);
      const std::string error = protocol_error_of([&] {
        for (int i = 0; i < 8; ++i) {
          EXPECT_FALSE(reader.next_payload()) << text_of(names) << " bit " << bit;
          feed(reader, more);
        }
      });
      EXPECT_NE(error, "") << text_of(names) << " bit " << bit;
    }
  }
}

// A wrong length under CBC told an attacker what he wanted to know. There is no CBC here.
TEST(PacketForgery, NoCipherIsCbc) {  // past vulnerability 43
  for (const std::string_view name : cipher_names()) {
    EXPECT_TRUE(is_aead(name) || name.ends_with("-ctr")) << name;
  }
}

}  // namespace
}  // namespace glassh
