// RFC 4253 section 6, on both connection cores: what stands around the payloads that they send, under each cipher and
// before there is one, and what they refuse of a peer made by hand.
#include <set>

#include <gtest/gtest.h>

#include "proto/messages_transport.h"
#include "test/properties/handshake.h"
#include "test/support/cipher_suites.h"

namespace glassh::test {
namespace {

// ---- the RFCs' words on a cipher

std::size_t block_size(const CipherNames& names) { return names.cipher.starts_with("aes") ? 16 : 8; }

// RFC 5647 section 7.3, OpenSSH PROTOCOL sections 1.5 and 1.7: then packet_length is not padded with the rest.
bool length_is_apart(const CipherNames& names) {
  return is_aead(names.cipher) || names.mac.find("-etm@") != names.mac.npos;
}

// [4253-6-2] [4253-6-4] [4253-6-6] keep
// [4253-6-7] [4253-6-8] [5647-7.2-1] keep
void expect_well_formed(const WatchedPacket& packet, const CipherNames& names) {
  const bool plain = packet.keys == 0;
  const std::size_t apart = !plain && length_is_apart(names) ? 4 : 0;
  const std::size_t block = plain ? 8 : block_size(names);
  EXPECT_EQ(packet.packet_length(), packet.bytes.size() - 4);
  EXPECT_GE(packet.padding_length(), 4U);
  EXPECT_GE(packet.payload().size(), 1U);
  EXPECT_EQ(1 + packet.payload().size() + packet.padding_length(), packet.packet_length());
  EXPECT_EQ((packet.bytes.size() - apart) % block, 0U) << packet.bytes.size();
  EXPECT_GE(packet.bytes.size(), apart == 0 ? std::size_t{16} : 4 + block);
}

class PacketRules : public testing::TestWithParam<CipherNames> {};

TEST_P(PacketRules, EachPacketThatItSendsIsPaddedToWholeBlocks) {
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {.cipher = GetParam()});
    log_in(peer, role);
    for (std::size_t size = 0; size < 40; ++size) {
      const Payload data(size, 'p');
      peer.say(msg::Ping{data});
      ASSERT_TRUE(equal(peer.packets.back().payload(), encode(msg::Pong{data}))) << size;
    }
    ASSERT_EQ(peer.not_understood, "");
    ASSERT_EQ(peer.packets.size(), peer.heard.size());
    for (const WatchedPacket& packet : peer.packets) expect_well_formed(packet, GetParam());
  }
}

// [5647-7.2-1] keeps: the padding of a password is long, for it hides a length.
TEST_P(PacketRules, APasswordIsPaddedByNoMoreThanAPacketCanSay) {
  ClientVictim victim;
  HandMadePeer peer(victim, {.cipher = GetParam()});
  begin_login(peer, Role::client);
  EXPECT_EQ(heard_after(peer, [&] { peer.say(msg::UserauthFailure{{"password"}, false}); }), "password for student");
  const WatchedPacket& packet = peer.packets.back();
  expect_well_formed(packet, GetParam());
  EXPECT_GT(packet.padding_length(), 4 + block_size(GetParam()));
  EXPECT_TRUE(equal(packet.payload(), password_of("student", right_password)));
}

// ---- what is refused

// A packet that is whatever it says, with an IGNORE in front of its padding.
Payload packet_of(std::size_t packet_length, std::size_t padding_length, std::size_t true_length) {
  Payload packet(4 + true_length);
  put_u32(packet.data(), static_cast<std::uint32_t>(packet_length));
  packet[4] = static_cast<std::uint8_t>(padding_length);
  packet[5] = msg::Ignore::number;
  return packet;
}

// How it ends for a victim that hears that packet first of all, or behind the first NEWKEYS.
std::string ending(Role role, const std::optional<CipherNames>& names, const Payload& packet) {
  const auto victim = victim_of(role);
  HandMadePeer peer(*victim, {.strict = false, .cipher = names.value_or(HandMadePeerOptions().cipher)});
  peer.say_version();
  if (names) exchange_keys(peer);
  EXPECT_FALSE(victim->end) << victim->end->description;
  peer.say_packet(packet);
  return victim->end ? victim->end->description : "";
}

void expect_strict_reader(Role role, const std::optional<CipherNames>& names) {
  const std::size_t block = names ? block_size(*names) : 8;
  const std::size_t least = names && length_is_apart(*names) ? 16 : 12;  // a packet_length in whole blocks
  const auto end = [&](std::size_t packet_length, std::size_t padding_length) {
    return ending(role, names, packet_of(packet_length, padding_length, least + 2 * block));
  };
  const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != text.npos; };
  const std::size_t longer = least + 2 * block;
  EXPECT_EQ(ending(role, names, packet_of(least, least - 6, least)), "");
  EXPECT_EQ(end(longer, longer - 6), "");
  for (const std::size_t padding : {0, 1, 2, 3}) EXPECT_TRUE(has(end(longer, padding), "less than 4")) << padding;
  for (const std::size_t padding : {longer - 1, longer, std::size_t{255}}) {
    EXPECT_TRUE(has(end(longer, padding), "leaves no payload")) << padding;
  }
  for (const std::size_t length : {longer - 1, longer - 4, longer - block / 2}) {
    EXPECT_TRUE(has(end(length, 6), "does not fill blocks")) << length;
  }
  for (const std::size_t length : {0, 1, 4, 5}) EXPECT_TRUE(has(end(length, 4), "outside 6 to")) << length;
  EXPECT_TRUE(has(end(8, 4), "does not fill blocks") || block == 8) << "less than a block";
}

// [4253-6-2] [4253-6-4] [4253-6-6] break
// [4253-6-7] [4253-6-8] break
TEST_P(PacketRules, OtherPaddingAndOtherLengthsEndTheConnection) {
  for (const Role role : both_roles) expect_strict_reader(role, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Suites, PacketRules, testing::ValuesIn(all_suites()),
                         suite_name<testing::TestParamInfo<CipherNames>>);

// [4253-6-9] keeps: where the length is apart it has four bytes, else it is in the first block.
TEST_P(PacketRules, ALengthThatCannotBeIsSeenBeforeThePacketIsThere) {
  const std::size_t needed = length_is_apart(GetParam()) ? 4 : block_size(GetParam());
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {.cipher = GetParam()});
    peer.say_version();
    exchange_keys(peer);
    peer.deaf = true;
    peer.say_packet(packet_of(0x7fffffff, 4, 64));
    victim->hear(Bytes(peer.undelivered).first(needed - 1));
    EXPECT_FALSE(victim->end) << victim->end->description;
    victim->hear(Bytes(peer.undelivered).subspan(needed - 1, 1));
    ASSERT_TRUE(victim->end);
    EXPECT_NE(victim->end->description.find("packet_length is 2147483647"), std::string::npos);
  }
}

// [openssh-etm-1.5-3] keeps: nothing that stands in such a packet can be the reason, not even its padding.
TEST_P(PacketRules, AWrongMacIsSeenBeforeWhatIsInThePacket) {
  const std::size_t length = (length_is_apart(GetParam()) ? 16 : 12) + 3 * block_size(GetParam());
  for (const Role role : both_roles) {
    for (const bool right_mac : {true, false}) {
      const auto victim = victim_of(role);
      HandMadePeer peer(*victim, {.cipher = GetParam()});
      peer.say_version();
      exchange_keys(peer);
      peer.deaf = true;
      peer.say_packet(packet_of(length, 0, length));
      if (!right_mac) peer.undelivered.back() ^= 1;
      victim->hear(peer.undelivered);
      peer.listen();
      ASSERT_TRUE(victim->end);
      EXPECT_EQ(victim->end->reason, right_mac ? DisconnectReason::protocol_error : DisconnectReason::mac_error)
          << victim->end->description;
    }
  }
}

TEST(PacketsWithoutKeys, OtherPaddingAndOtherLengthsEndTheConnection) {  // [4253-6-2] [4253-6-4] [4253-6-6] break
  for (const Role role : both_roles) expect_strict_reader(role, std::nullopt);
}

TEST(Padding, IsRandom) {  // [4253-6-3] keeps
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    log_in(peer, role);
    std::set<std::string> paddings;
    for (int i = 0; i < 100; ++i) {
      peer.say(msg::Ping{});
      paddings.insert(hex(peer.packets.back().padding()));
    }
    EXPECT_EQ(paddings.size(), 100U);
  }
}

// ---- compression

// [4253-6.2-1] [4253-6-1] keep: before the login is over nothing is compressed, though it is negotiated.
TEST_P(PacketRules, OnlyThePayloadIsCompressedAndNotBeforeItMayBe) {
  Proposal proposal = default_proposal();
  proposal.compression_client_to_server = proposal.compression_server_to_client = {"zlib@openssh.com", "none"};
  for (const Role role : both_roles) {
    const auto victim = victim_of(role, proposal);
    HandMadePeer peer(*victim, {.cipher = GetParam(), .compression = "zlib@openssh.com"});
    log_in(peer, role);
    for (std::size_t i = 0; i < peer.heard.size(); ++i) {
      EXPECT_TRUE(equal(peer.packets[i].payload(), peer.heard[i])) << i;
    }
    const Payload data(10'000, 'p');
    peer.say(msg::Ping{data});
    const WatchedPacket& packet = peer.packets.back();
    ASSERT_EQ(peer.not_understood, "");
    EXPECT_TRUE(peer.heard.back() == encode(msg::Pong{data}));
    expect_well_formed(packet, GetParam());  // its packet_length is that of the compressed form
    EXPECT_LT(packet.payload().size(), 100U);
    EXPECT_EQ(packet.payload()[0], 0x78) << "RFC 1950: that is how zlib begins";
  }
}

TEST(Compression, NoneLeavesEachPayloadAsItIs) {  // [4253-6.2-6] [4253-6-1] keep
  Proposal proposal = default_proposal();
  proposal.compression_client_to_server = proposal.compression_server_to_client = {"zlib@openssh.com", "none"};
  for (const Role role : both_roles) {
    const auto victim = victim_of(role, proposal);
    HandMadePeer peer(*victim, {});
    log_in(peer, role);
    peer.say(msg::Ping{Payload(10'000, 'p')});
    ASSERT_EQ(peer.heard_number(msg::Pong::number), 1U);
    for (std::size_t i = 0; i < peer.heard.size(); ++i) {
      EXPECT_TRUE(equal(peer.packets[i].payload(), peer.heard[i])) << i;
    }
  }
}

// ---- sequence numbers

const CipherNames counted = {"chacha20-poly1305@openssh.com", ""};  // each packet's number is in its nonce

std::uint32_t number_in_unimplemented(HandMadePeer& peer) {
  peer.say(Payload{200});
  return decode<msg::Unimplemented>(peer.heard.back()).packet_sequence_number;
}

// [4253-6.4-3] keeps: each counts from 0 on, the first ones without keys as well, and through a key exchange.
TEST(SequenceNumbers, CountEveryPacketOfTheConnection) {
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {.strict = false, .cipher = counted});
    log_in(peer, role);  // five packets: three of the key exchange, two of the login
    EXPECT_EQ(number_in_unimplemented(peer), 5U);
    exchange_keys(peer);
    EXPECT_EQ(number_in_unimplemented(peer), 9U);
    ASSERT_EQ(peer.not_understood, "");
    ASSERT_EQ(peer.packets.back().keys, 2U);
    for (std::size_t i = 0; i < peer.packets.size(); ++i) EXPECT_EQ(peer.packets[i].sequence_number, i);
  }
}

// OpenSSH PROTOCOL section 1.9: at each NEWKEYS of a connection, in each direction.
TEST(SequenceNumbers, StartAgainAtEachNewkeysOfAStrictExchange) {  // [openssh-strict-kex-1.9-9] keeps
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {.strict = true, .cipher = counted});
    log_in(peer, role);
    EXPECT_EQ(number_in_unimplemented(peer), 2U);
    for (int i = 0; i < 3; ++i) {
      exchange_keys(peer);
      EXPECT_EQ(number_in_unimplemented(peer), 0U);
    }
    ASSERT_EQ(peer.not_understood, "");
    ASSERT_EQ(peer.packets.back().keys, 4U);
    std::uint32_t expected = 0;
    for (std::size_t i = 0; i < peer.packets.size(); ++i) {
      if (i > 0 && peer.packets[i].keys != peer.packets[i - 1].keys) expected = 0;
      EXPECT_EQ(peer.packets[i].sequence_number, expected++);
    }
  }
}

// Counts from another number on.
struct ShiftedSealer final : Sealer {
  ShiftedSealer(std::unique_ptr<Sealer> sealer, std::uint32_t by) : inner(std::move(sealer)), shift(by) {}
  PacketShape shape() const override { return inner->shape(); }
  void seal(std::uint32_t number, MutableBytes packet) override { inner->seal(number + shift, packet); }
  std::unique_ptr<Sealer> inner;
  const std::uint32_t shift;
};
struct ShiftedOpener final : Opener {
  ShiftedOpener(std::unique_ptr<Opener> opener, std::uint32_t by) : inner(std::move(opener)), shift(by) {}
  PacketShape shape() const override { return inner->shape(); }
  std::uint32_t packet_length(std::uint32_t number, MutableBytes first) override {
    return inner->packet_length(number + shift, first);
  }
  bool open(std::uint32_t number, MutableBytes packet) override { return inner->open(number + shift, packet); }
  std::unique_ptr<Opener> inner;
  const std::uint32_t shift;
};

// 2^32 packets are too many for a test. So a server takes over a connection that has had nearly as many.
TEST(SequenceNumbers, GoFromTheHighestTo0) {  // [4253-6.4-3] keeps
  ServerVictim victim(default_proposal(), {}, true);
  HandMadePeer peer(victim, {.strict = false, .cipher = counted});
  begin_login(peer, Role::server);
  victim.change_state = [&](TransportState& state) {
    state.reading.sequence_number = state.writing.sequence_number = 0xffffffff;
    const std::uint32_t said = peer.writer.sequence_number(), heard = peer.reader.sequence_number();
    peer.writer.use(std::make_unique<ShiftedSealer>(peer.new_sealer(), 0xffffffff - said), "shifted", false);
    peer.reader.use(std::make_unique<ShiftedOpener>(peer.new_opener(), 0xffffffff - heard), "shifted", false);
  };
  peer.say(password_of("student", right_password));
  ASSERT_TRUE(victim.logged_in);
  EXPECT_EQ(peer.heard_number(msg::UserauthSuccess::number), 1U) << peer.not_understood;
  EXPECT_EQ(number_in_unimplemented(peer), 0xffffffffU);
  EXPECT_EQ(number_in_unimplemented(peer), 0U);
  EXPECT_EQ(number_in_unimplemented(peer), 1U);
  EXPECT_FALSE(victim.end) << victim.end->description;
}

// ---- before they wrap, keys change

// Hides nothing, and wants new keys after five packets, or after the blocks of five.
struct FewPackets final : Sealer, Opener {
  explicit FewPackets(bool counts_blocks) : limits(shape_of(counts_blocks)) {}
  static PacketShape shape_of(bool counts_blocks) {
    PacketShape shape;
    if (counts_blocks) {
      shape.block_limit = 5 * 16 / shape.block;  // a ping and a pong take 16 bytes
    } else {
      shape.packet_limit = 5;
    }
    return shape;
  }
  PacketShape shape() const override { return limits; }
  void seal(std::uint32_t, MutableBytes) override {}
  std::uint32_t packet_length(std::uint32_t, MutableBytes first) override { return get_u32(first.data()); }
  bool open(std::uint32_t, MutableBytes) override { return true; }
  const PacketShape limits;
};

// Returns the answer to a ping, and what comes in the next turn, where a victim looks whether its keys are used up.
std::string heard_of_ping(Victim& victim, HandMadePeer& peer) {
  return heard_after(peer, [&] {
    peer.say(msg::Ping{});
    victim.hear({});
    peer.listen();
  });
}

// In both roles, whether the victim's own packets reach the limit or those that it gets.
void expect_new_keys_in_time(bool counts_blocks) {
  for (const Role role : both_roles) {
    for (const bool its_own : {true, false}) {
      const auto victim = victim_of(role);
      HandMadePeer peer(*victim, {});
      log_in(peer, role);
      if (its_own) {
        victim->transport().writer().use(std::make_unique<FewPackets>(counts_blocks), "few", true);
        peer.reader.use(std::make_unique<FewPackets>(counts_blocks), "few", true);
      } else {
        victim->transport().reader().use(std::make_unique<FewPackets>(counts_blocks), "few", true);
        peer.writer.use(std::make_unique<FewPackets>(counts_blocks), "few", true);
      }
      for (int i = 0; i < 4; ++i) EXPECT_EQ(heard_of_ping(*victim, peer), "SSH_MSG_PONG (193)");
      EXPECT_EQ(heard_of_ping(*victim, peer), "SSH_MSG_PONG (193); SSH_MSG_KEXINIT (20)");
    }
  }
}

// [4251-9.3.2-3] [4251-9.3.3-1] [4344-3.1-1] [4344-3.1-2] [4344-3.1-3] keep: in each direction the limit of its cipher
// counts, and that is far below 2^32.
TEST(SequenceNumbers, DoNotComeRoundUnderTheSameKeys) {
  for (const CipherNames& names : all_suites()) {
    const std::uint64_t limit = make_sealer(names, random_keys(names))->shape().packet_limit;
    EXPECT_GT(limit, 0U);
    EXPECT_LE(limit, std::uint64_t{1} << 28);
  }
  expect_new_keys_in_time(false);
}

// [4344-3.2-1] [4344-3.2-2] keep: 2^(L/4) blocks of L bits, and AES has 128.
TEST(Blocks, AreNotTooManyUnderTheSameKeys) {
  for (const CipherNames& names : all_suites()) {
    if (block_size(names) < 16) continue;
    const std::uint64_t limit = make_sealer(names, random_keys(names))->shape().block_limit;
    EXPECT_GT(limit, 0U);
    EXPECT_LE(limit, std::uint64_t{1} << 32);
  }
  expect_new_keys_in_time(true);
}

// The same with the limit of a real cipher, on a server that takes over a connection that has used its keys up.
TEST(SequenceNumbers, AServerThatTakesOverCountsOn) {  // [4251-9.3.3-1] keeps
  ServerVictim victim(default_proposal(), {}, true, {.bytes = 0});
  HandMadePeer peer(victim, {.cipher = counted});
  begin_login(peer, Role::server);
  victim.change_state = [](TransportState& state) {
    state.reading.packets_under_key = packets_per_key - 2;
    state.reading.bytes_under_key = 64 * packets_per_key;
  };
  peer.say(password_of("student", right_password));
  EXPECT_EQ(heard_of_ping(victim, peer), "SSH_MSG_PONG (193)");
  EXPECT_EQ(heard_of_ping(victim, peer), "SSH_MSG_PONG (193); SSH_MSG_KEXINIT (20)");
}

}  // namespace
}  // namespace glassh::test
