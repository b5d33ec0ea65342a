// RFC 4253 sections 7 to 9 and RFC 4419, on both connection cores: the exchange hash, the keys that follow from it,
// NEWKEYS, and later key exchanges. The other side is made by hand and computes hash and keys as the RFCs say.
#include <gtest/gtest.h>

#include "proto/messages_transport.h"
#include "test/properties/changed_keys.h"
#include "test/properties/handshake.h"
#include "test/support/test_keys.h"

namespace glassh::test {
namespace {

void expect_an_answer(const Victim& victim, HandMadePeer& peer) {
  const Payload data(100, 'p');
  peer.say(msg::Ping{data});
  EXPECT_EQ(peer.not_understood, "");
  EXPECT_TRUE(peer.heard.back() == encode(msg::Pong{data}));
  EXPECT_FALSE(victim.end) << victim.end->description;
}

// ---- hash and keys

class KeyExchangeRules : public testing::TestWithParam<std::string_view> {
 protected:
  static Proposal proposal() {
    Proposal proposal = default_proposal();
    proposal.kex = {std::string(GetParam())};
    return proposal;
  }
  // IV, cipher key and MAC key in each direction, some of them longer than one hash and all different.
  static HandMadePeerOptions options() {
    return {.cipher = {"aes256-ctr", "hmac-sha2-512"},
            .victims_cipher = CipherNames{"aes192-ctr", "hmac-sha2-256-etm@openssh.com"},
            .kex = std::string(GetParam())};
  }
};

// The same with new keys, where H is another one and the session identifier is not.
// [4253-7.2-2] [4253-7.2-3] [4253-8-5] keep
TEST_P(KeyExchangeRules, HashAndKeysAreTheRfcs) {
  for (const Role role : both_roles) {
    const auto victim = victim_of(role, proposal());
    HandMadePeer peer(*victim, options());
    log_in(peer, role);
    EXPECT_TRUE(victim->logged_in);
    EXPECT_TRUE(equal(victim->transport().session_id(), peer.exchange_hash()));
    expect_an_answer(*victim, peer);
    exchange_keys(peer);
    EXPECT_EQ(peer.packets.back().keys, 1U);
    expect_an_answer(*victim, peer);
    EXPECT_EQ(peer.packets.back().keys, 2U);
  }
}

TEST_P(KeyExchangeRules, TheHostKeySignsTheHash) {  // [4253-8-7] [4253-8-5] keep
  ServerVictim victim(proposal());
  HandMadePeer peer(victim, options());
  peer.say_version();
  peer.say_kexinit();
  peer.say_share();
  const Payload& reply = peer.heard.at(1);
  ASSERT_EQ(reply[0], msg::KexEcdhReply::number);
  const Bytes signature = has_integer_shares(GetParam()) ? decode<msg::KexDhReply>(reply).signature
                                                         : decode<msg::KexEcdhReply>(reply).signature;
  EXPECT_TRUE(victims_host_key().public_key().verify("ssh-ed25519", peer.exchange_hash(), signature));
}

INSTANTIATE_TEST_SUITE_P(Methods, KeyExchangeRules,
                         testing::Values("mlkem768x25519-sha256", "sntrup761x25519-sha512",
                                         "sntrup761x25519-sha512@openssh.com", "curve25519-sha256",
                                         "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
                                         "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256",
                                         "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512"),
                         [](const auto& method) {
                           std::string name(method.param);
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

// [4253-8-5] [4253-8-7] break: of anything but this exchange's H.
TEST(HostKeySignatures, OfSomethingElseEndTheConnection) {
  ClientVictim victim;
  HandMadePeer peer(victim, {});
  peer.say_version();
  peer.say_kexinit();
  const Payload share = peer.share();
  auto reply = decode<msg::KexEcdhReply>(share);
  const Digest hash_of_hash = Hash(HashName::sha256).raw(peer.exchange_hash()).finish();
  reply.signature = signed_by_host(hash_of_hash.bytes());
  EXPECT_EQ(heard_after(peer, [&] { peer.say(reply); }), "DISCONNECT 3");
  ASSERT_TRUE(victim.end);
  EXPECT_EQ(victim.end->description, "SSH_MSG_KEX_ECDH_REPLY: the signature over the exchange hash is wrong");
  EXPECT_EQ(std::count(victim.events.begin(), victim.events.end(), "host key to judge"), 0);
}

TEST(HostKeys, WithACompressedPointEndTheConnection) {  // [5656-3.1-1] keeps: a choice, and not ours
  Proposal proposal = default_proposal();
  proposal.host_key = {"ecdsa-sha2-nistp256"};
  ClientVictim victim(proposal);
  HandMadePeer peer(victim, {.host_key = "ecdsa-sha2-nistp256"});
  peer.say_version();
  peer.say_kexinit();
  const Payload share = peer.share();
  auto reply = decode<msg::KexEcdhReply>(share);
  const Payload compressed = with_compressed_point(reply.K_S);
  reply.K_S = compressed;
  EXPECT_EQ(heard_after(peer, [&] { peer.say(reply); }), "DISCONNECT 2");
  ASSERT_TRUE(victim.end);
  EXPECT_NE(victim.end->description.find("must be an uncompressed point"), std::string::npos)
      << victim.end->description;
  EXPECT_EQ(std::count(victim.events.begin(), victim.events.end(), "host key to judge"), 0);
}

// One in 256 has a zero in front.
TEST(HostKeySignatures, OfRsaMayLackTheirZerosInFront) {  // [8332-3-5] keeps
  const PrivateKey rsa = test_key("rsa2048");
  Proposal proposal = default_proposal();
  proposal.host_key = {"rsa-sha2-256"};
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    ClientVictim victim(proposal);
    HandMadePeer peer(victim, {.host_key = "rsa-sha2-256", .rsa_host_key = &rsa, .seed = seed});
    peer.say_version();
    peer.say_kexinit();
    const Payload share = peer.share();
    auto reply = decode<msg::KexEcdhReply>(share);
    const auto shorter = without_zeros_in_front(reply.signature);
    if (!shorter) continue;
    reply.signature = *shorter;
    peer.say(reply);
    EXPECT_FALSE(victim.end) << victim.end->description;
    EXPECT_EQ(std::count(victim.events.begin(), victim.events.end(), "host key to judge"), 1);
    return;
  }
  FAIL() << "no signature begins with a zero";
}

// ---- NEWKEYS and later exchanges

// The messages of a victim, and under which keys each came: "20/0 31/0 21/0 6/1".
std::string messages_and_keys(const HandMadePeer& peer) {
  std::string text;
  for (const WatchedPacket& packet : peer.packets) {
    text += fmt::format("{}{}/{}", text.empty() ? "" : " ", packet.payload()[0], packet.keys);
  }
  return text;
}

// [4253-7.3-1] [4253-7.3-2] [4253-9-4] keep
// [4253-9-3] [4253-9-5] keep: the client's share comes first, whichever side begins.
TEST(LaterKeyExchanges, RunUnderTheKeysBeforeAndSwapNoRoles) {
  for (const Role role : both_roles) {
    for (const bool victim_begins : {true, false}) {
      const auto victim = victim_of(role);
      HandMadePeer peer(*victim, {});
      log_in(peer, role);
      const std::vector<std::uint8_t> session_id = copy_of(victim->transport().session_id());
      if (victim_begins) {
        victim->start_key_exchange();
        peer.listen();
        EXPECT_EQ(heard_after(peer, [&] { peer.say(msg::Ping{}); }), "") << "its answer waits";
      }
      exchange_keys(peer);
      peer.say(msg::Ping{});
      EXPECT_EQ(peer.not_understood, "");
      const std::string_view held = victim_begins ? "193/2 " : "";
      EXPECT_EQ(messages_and_keys(peer), role == Role::server
                                             ? fmt::format("20/0 31/0 21/0 6/1 52/1 20/1 31/1 21/1 {}193/2", held)
                                             : fmt::format("20/0 30/0 21/0 5/1 50/1 20/1 30/1 21/1 {}193/2", held));
      EXPECT_TRUE(equal(victim->transport().session_id(), session_id));
      EXPECT_FALSE(equal(peer.exchange_hash(), session_id));
    }
  }
}

// [4253-7.3-2] [4253-9-4] break: new keys before NEWKEYS, and old ones behind it.
TEST(LaterKeyExchanges, NewKeysCountFromNewkeysOnAndNotBefore) {
  for (const Role role : both_roles) {
    for (const bool early : {true, false}) {
      const auto victim = victim_of(role);
      HandMadePeer peer(*victim, {});
      log_in(peer, role);
      peer.say_kexinit();
      peer.say_share();
      if (early) {
        peer.writer.use(peer.new_sealer(), "early", false);
        peer.say(msg::NewKeys{});
      } else {
        peer.say(msg::NewKeys{});
        EXPECT_FALSE(victim->end) << victim->end->description;
        peer.say(msg::Ignore{});
      }
      ASSERT_TRUE(victim->end);
      EXPECT_EQ(victim->end->reason, DisconnectReason::mac_error);
    }
  }
}

// [4253-9-6] keeps
TEST(LaterKeyExchanges, MayHaveOtherAlgorithmsAndAnotherHostKey) {
  Proposal proposal = default_proposal();
  proposal.host_key = {"ssh-ed25519", "ecdsa-sha2-nistp256"};
  proposal.compression_client_to_server = proposal.compression_server_to_client = {"none", "zlib@openssh.com"};
  for (const Role role : both_roles) {
    const auto victim = victim_of(role, proposal);
    HandMadePeer peer(*victim, {});
    log_in(peer, role);
    peer.options = {.cipher = {"chacha20-poly1305@openssh.com", ""},
                    .compression = "zlib@openssh.com",
                    .victims_cipher = CipherNames{"aes256-ctr", "hmac-sha2-512-etm@openssh.com"},
                    .kex = "diffie-hellman-group14-sha256",
                    .host_key = "ecdsa-sha2-nistp256"};
    exchange_keys(peer);
    expect_an_answer(*victim, peer);
    EXPECT_TRUE(equal(victim->transport().key_exchange().host_key(),
                      victims_host_key(peer.options.host_key).public_key().blob()));
    const auto judged = std::count(victim->events.begin(), victim->events.end(), "host key to judge");
    EXPECT_EQ(judged, role == Role::client ? 2 : 0) << "another key is judged anew";
    peer.options = {.kex = "ecdh-sha2-nistp521"};
    exchange_keys(peer);
    expect_an_answer(*victim, peer);
  }
}

// [4253-7.1-34] keeps
TEST(LaterKeyExchanges, TakeWhatWasOnItsWayUntilThePeersKexinit) {
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    log_in(peer, role);
    victim->start_key_exchange();
    peer.listen();
    EXPECT_EQ(peer.heard_number(msg::KexInit::number), 2U);
    victim->events.clear();
    const Payload details(1000, 'd');
    for (int i = 0; i < 3000; ++i) peer.say(msg::GlobalRequest{"x", false, Rest{details}});
    EXPECT_EQ(victim->events, std::vector<std::string>(3000, "global request"));
    exchange_keys(peer);
    expect_an_answer(*victim, peer);
  }
}

// [4253-7.1-33] keeps: in a later exchange, and in a first one that is not strict.
TEST(UnrecognizedMessages, AreAnsweredDuringAKeyExchange) {
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {.strict = false});
    const auto expect_refused = [&] {
      const std::uint32_t number = peer.writer.sequence_number();
      EXPECT_EQ(heard_after(peer, [&] { peer.say(Payload{15, 1, 2, 3}); }), "SSH_MSG_UNIMPLEMENTED (3)");
      EXPECT_EQ(decode<msg::Unimplemented>(peer.heard.back()).packet_sequence_number, number);
    };
    peer.say_version();
    for (int i = 0; i < 2; ++i) {
      peer.say_kexinit();
      expect_refused();
      peer.say_share();
      expect_refused();
      peer.say_newkeys();
      if (i > 0) break;
      if (role == Role::server) {
        peer.say(msg::ServiceRequest{"ssh-userauth"});
        peer.say(password_of("student", right_password));
      } else {
        peer.say(msg::ServiceAccept{"ssh-userauth"});
        peer.say(msg::UserauthSuccess{});
      }
    }
    expect_an_answer(*victim, peer);
  }
}

TEST(UnrecognizedMessages, EndAStrictFirstExchange) {  // [4253-7.1-33] breaks, as OpenSSH PROTOCOL section 1.9 wants
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {.strict = true});
    peer.say_version();
    peer.say_kexinit();
    EXPECT_EQ(heard_after(peer, [&] { peer.say(Payload{15, 1, 2, 3}); }), "DISCONNECT 2");
  }
}

// ---- when keys change

TEST(KeysInUse, ChangeAfterAnHour) {  // [4253-9-8] keeps
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    log_in(peer, role);
    const auto after = [&](std::chrono::seconds time) {
      return heard_after(peer, [&] {
        victim->let_pass(time);
        peer.listen();
      });
    };
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(after(std::chrono::seconds(3599)), "");
      EXPECT_EQ(after(std::chrono::seconds(1)), "SSH_MSG_KEXINIT (20)");
      exchange_keys(peer);
    }
    expect_an_answer(*victim, peer);
  }
}

// Costs nothing.
struct NoCipher final : Sealer, Opener {
  PacketShape shape() const override { return {}; }
  void seal(std::uint32_t, MutableBytes) override {}
  std::uint32_t packet_length(std::uint32_t, MutableBytes first) override { return get_u32(first.data()); }
  bool open(std::uint32_t, MutableBytes) override { return true; }
};

TEST(KeysInUse, ChangeAfterAGigabyteInEitherDirection) {  // [4253-9-8] keeps
  constexpr std::size_t packets = 4096;                   // of 256 KiB
  SeededRng rng(1);
  PacketWriter writer(rng);
  const Payload payload = encode(msg::Ignore{Payload(256 * 1024 - 4 - 1 - 4 - 5)});
  writer.send_payload(payload);
  const Payload packet = copy_of(writer.ready().at(0));
  ASSERT_EQ(packet.size() * packets, std::size_t{1} << 30);
  for (const Role role : both_roles) {
    for (const bool sent : {true, false}) {
      const auto victim = victim_of(role);
      HandMadePeer peer(*victim, {});
      log_in(peer, role);
      Transport& transport = victim->transport();
      if (sent) {
        transport.writer().use(std::make_unique<NoCipher>(), "none", true);
      } else {
        transport.reader().use(std::make_unique<NoCipher>(), "none", true);
      }
      for (std::size_t i = 0; i < packets; ++i) {
        ASSERT_FALSE(transport.key_exchange().running()) << i;
        if (sent) {
          transport.writer().send_payload(payload);
          victim->hear({});
          transport.writer().written(transport.writer().backlog());
        } else {
          victim->hear(packet);
        }
      }
      victim->hear({});
      EXPECT_TRUE(transport.key_exchange().running());
    }
  }
}

// ---- group exchange

// [4419-3-3] keeps, with the least of RFC 8270
TEST(GroupExchange, AClientAsksFor2048To8192Bits) {
  Proposal proposal = default_proposal();
  proposal.kex = {std::string("diffie-hellman-group-exchange-sha256")};
  ClientVictim victim(proposal);
  HandMadePeer peer(victim, {.kex = "diffie-hellman-group-exchange-sha256"});
  peer.say_version();
  peer.say_kexinit();
  ASSERT_EQ(peer.heard.back()[0], msg::KexDhGexRequest::number);
  const auto request = decode<msg::KexDhGexRequest>(peer.heard.back());
  EXPECT_EQ(request.min, 2048U);
  EXPECT_EQ(request.max, 8192U);
  EXPECT_GE(request.n, 2048U);
  EXPECT_LE(request.n, 8192U);
}

// [4419-5-1] breaks: it is not built, and the answer says so.
TEST(GroupExchange, TheOldRequestIsRefusedInWords) {
  Proposal proposal = default_proposal();
  proposal.kex = {std::string("diffie-hellman-group-exchange-sha256")};
  ServerVictim victim(proposal);
  HandMadePeer peer(victim, {.kex = "diffie-hellman-group-exchange-sha256"});
  peer.say_version();
  peer.say_kexinit();
  EXPECT_EQ(heard_after(peer, [&] { peer.say(msg::KexDhGexRequestOld{2048}); }), "DISCONNECT 3");
  EXPECT_EQ(decode<msg::Disconnect>(peer.heard.back()).description,
            "SSH_MSG_KEX_DH_GEX_REQUEST_OLD: not supported; expected SSH_MSG_KEX_DH_GEX_REQUEST with min, n and max");
}

}  // namespace
}  // namespace glassh::test
