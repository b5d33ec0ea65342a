// Prefix truncation, the Terrapin attack (CVE-2023-48795, past vulnerability 25): somebody between two honest peers
// puts a message in before there are keys, which moves the receiver's sequence number, and takes the first sealed
// packet away, which moves it back. What both sides think they said is then not the same, and neither notices.
//
// Strict key exchange is the answer: nothing may be put in, and the numbers begin anew with the keys. It needs both
// sides, so the same attack on a peer without it is here as well: there it works, and so these tests can fail.
#include <gtest/gtest.h>

#include "test/guards/states.h"

namespace glassh {
namespace {

using test::HandMadePeer;
using test::HandMadePeerOptions;
using test::Payload;
using test::Victim;

struct Attack {
  bool inserts = false;  // IGNORE, in clear, before the peer's NEWKEYS
  bool drops = false;    // the peer's first sealed packet, an EXT_INFO
};

Payload clear_packet(const Payload& payload) {
  SeededRng rng(9);
  PacketWriter writer(rng);
  writer.send_payload(payload);
  std::vector<std::uint8_t> bytes;
  for (const Bytes part : writer.ready()) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

struct Result {
  bool went_through = false;  // the session, as if nothing had happened
  std::optional<Disconnected> end;
};

// The peer says EXT_INFO behind its NEWKEYS, as OpenSSH does; a client is then told of other algorithms, or is not.
Result attack(Role role, const HandMadePeerOptions& options, const Attack& attack) {
  const std::unique_ptr<Victim> victim = test::make_victim(role);
  HandMadePeer peer(*victim, options);
  peer.say_version();
  peer.say_kexinit();
  peer.say_share();
  if (attack.inserts) victim->hear(clear_packet(encode(msg::Ignore{})));
  peer.listen();
  peer.say_newkeys();
  peer.deaf = attack.drops;
  peer.say(msg::ExtInfo{{{"server-sig-algs", bytes_of("ssh-ed25519")}}});
  peer.undelivered.clear();
  peer.deaf = false;
  const std::vector<test::Step> steps = test::script(role, false);
  bool begun = false;
  for (const test::Step& step : steps) {
    begun |= step.state == test::State::before_service;
    if (begun && !victim->closed()) step.take(peer, *victim);
  }
  const auto& events = victim->events;
  return {std::find(events.begin(), events.end(), "data") != events.end(), victim->end};
}

const CipherNames ciphers[] = {{"chacha20-poly1305@openssh.com", ""},
                               {"aes256-gcm@openssh.com", ""},
                               {"aes256-ctr", "hmac-sha2-256"},
                               {"aes256-ctr", "hmac-sha2-512-etm@openssh.com"}};

// [openssh-strict-kex-1.9-4] [openssh-strict-kex-1.9-7] [openssh-strict-kex-1.9-8] break
TEST(Terrapin, PastVulnerability25NothingIsTakenAwayUnseen) {
  for (const CipherNames& cipher : ciphers) {
    for (const Role role : {Role::server, Role::client}) {
      SCOPED_TRACE(fmt::format("{} {} {}", cipher.cipher, cipher.mac, role == Role::server ? "server" : "client"));
      const HandMadePeerOptions options{.strict = true, .cipher = cipher};
      EXPECT_TRUE(attack(role, options, {}).went_through);
      for (const Attack& how : {Attack{true, true}, Attack{true, false}, Attack{false, true}}) {
        const Result result = attack(role, options, how);
        EXPECT_FALSE(result.went_through) << how.inserts << how.drops;
        EXPECT_TRUE(result.end && !result.end->by_peer) << how.inserts << how.drops;
      }
    }
  }
}

// What the attack is, where a peer does not offer strict key exchange: RFC 4253 alone has nothing against it.
TEST(Terrapin, WithoutStrictKeyExchangeTheAttackIsReal) {
  for (const Role role : {Role::server, Role::client}) {
    const HandMadePeerOptions options{.strict = false, .cipher = ciphers[0]};
    EXPECT_TRUE(attack(role, options, {}).went_through);
    EXPECT_TRUE(attack(role, options, {true, true}).went_through);
    EXPECT_FALSE(attack(role, options, {false, true}).went_through);
  }
  // Only chacha20-poly1305 takes its nonce from the number; the others lose the thread. So do CTR ones, whose MAC is
  // right all the same.
  for (const CipherNames& cipher : {ciphers[1], ciphers[2], ciphers[3]}) {
    const HandMadePeerOptions options{.strict = false, .cipher = cipher};
    EXPECT_FALSE(attack(Role::server, options, {true, true}).went_through) << cipher.cipher << cipher.mac;
  }
}

std::string kex_list(const Payload& kexinit) { return std::string(decode<msg::KexInit>(kexinit).kex_algorithms.text); }

// What a scanner for Terrapin looks at: the marker of one's own role, in the first KEXINIT and in no other.
// [openssh-strict-kex-1.9-1] [openssh-strict-kex-1.9-2] [openssh-strict-kex-1.9-3] keep
TEST(Terrapin, StrictKeyExchangeIsOfferedOnceAndKeptWhenBothOfferIt) {
  for (const Role role : {Role::server, Role::client}) {
    for (const bool peer_is_strict : {true, false}) {
      const std::unique_ptr<Victim> victim = test::make_victim(role);
      HandMadePeer peer(*victim, {.strict = peer_is_strict});
      for (const test::Step& step : test::script(role, true)) step.take(peer, *victim);
      EXPECT_EQ(victim->transport().key_exchange().strict(), peer_is_strict);
      std::vector<std::string> lists;
      for (const Payload& payload : peer.heard) {
        if (payload[0] == msg::KexInit::number) lists.push_back(kex_list(payload));
      }
      ASSERT_EQ(lists.size(), 2U);
      const char letter = role == Role::server ? 's' : 'c';
      EXPECT_TRUE(contains_name(lists[0], fmt::format("kex-strict-{}-v00@openssh.com", letter))) << lists[0];
      EXPECT_EQ(lists[0].find("kex-strict"), lists[0].rfind("kex-strict")) << lists[0];
      EXPECT_EQ(lists[1].find("kex-strict"), std::string::npos) << lists[1];
      EXPECT_NE(std::find(victim->events.begin(), victim->events.end(), "data"), victim->events.end());
    }
  }
}

// The marker of the other role, or one in a later KEXINIT, is no offer.
TEST(Terrapin, TheMarkerOfTheOtherRoleIsNoOffer) {  // [openssh-strict-kex-1.9-3] breaks
  for (const Role role : {Role::server, Role::client}) {
    const std::unique_ptr<Victim> victim = test::make_victim(role);
    HandMadePeer peer(*victim, {.strict = false});
    peer.say_version();
    Payload kexinit = peer.kexinit();
    auto message = decode<msg::KexInit>(kexinit);
    const std::string list =
        fmt::format("curve25519-sha256,kex-strict-{}-v00@openssh.com", role == Role::server ? 's' : 'c');
    message.kex_algorithms = {list};
    peer.say(encode(message));
    EXPECT_FALSE(victim->closed());
    EXPECT_FALSE(victim->transport().key_exchange().strict());
  }
}

}  // namespace
}  // namespace glassh
