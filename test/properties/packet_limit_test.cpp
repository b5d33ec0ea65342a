// RFC 4253 section 6.1: 35,000 bytes in all are owed to every peer. Before the login is over we take packets of up to
// 64 KiB, afterwards of up to 256 KiB; on both connection cores, with a peer made by hand.
#include <gtest/gtest.h>

#include "proto/messages_auth.h"
#include "test/support/hand_made_peer.h"

namespace glassh::test {
namespace {

// IGNORE in a packet of that packet_length; the cipher fills blocks of 16.
Payload ignore_of(std::uint32_t packet_length) {
  const Payload data(packet_length - 1 - 4 - 5);
  return encode(msg::Ignore{data});
}

std::unique_ptr<Victim> victim_of(Role role) {
  if (role == Role::server) return std::make_unique<ServerVictim>();
  return std::make_unique<ClientVictim>();
}

// Up to where the login begins.
void shake_hands(HandMadePeer& peer) {
  peer.say_version();
  peer.say_kexinit();
  peer.say_share();
  peer.say_newkeys();
}

void log_in(HandMadePeer& peer, Role role) {
  if (role == Role::client) {
    peer.say(msg::ServiceAccept{"ssh-userauth"});
    peer.say(msg::UserauthSuccess{});
    return;
  }
  peer.say(msg::ServiceRequest{"ssh-userauth"});
  const Payload password = encode(msg::PasswordRequest{false, {bytes_of(right_password)}, {}});
  peer.say(msg::UserauthRequest{"student", "ssh-connection", "password", Rest{password}});
}

TEST(PacketLimit, APacketOf64KiBPassesBeforeTheLogin) {  // [4253-6.1-1] keeps
  for (const Role role : {Role::server, Role::client}) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    shake_hands(peer);
    peer.say(ignore_of(34976));  // in a packet of about 35,000 bytes
    peer.say(ignore_of(64 * 1024));
    EXPECT_FALSE(victim->end) << victim->end->description;
    log_in(peer, role);
    EXPECT_FALSE(victim->end) << victim->end->description;
    EXPECT_TRUE(victim->logged_in);
  }
}

TEST(PacketLimit, ALongerOneEndsTheConnectionBeforeTheLogin) {  // [4253-6.1-4] breaks
  for (const Role role : {Role::server, Role::client}) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    shake_hands(peer);
    const std::uint32_t packet = peer.writer.sequence_number();
    peer.say(ignore_of(64 * 1024 + 16));
    ASSERT_TRUE(victim->end);
    EXPECT_EQ(victim->end->reason, DisconnectReason::protocol_error);
    EXPECT_EQ(
        victim->end->description,
        fmt::format("packet {}: packet_length is 65552; before the login is over at most 65536 are taken", packet));
  }
}

TEST(PacketLimit, ItHoldsBeforeThereAreKeysAndWhileTheLoginRuns) {  // [4253-6.1-4] breaks
  for (const Role role : {Role::server, Role::client}) {
    const auto early = victim_of(role);
    HandMadePeer first(*early, {.strict = false});
    first.say_version();
    first.say(ignore_of(64 * 1024 + 12));  // fills blocks of 8
    ASSERT_TRUE(early->end);
    EXPECT_EQ(early->end->description,
              "packet 0: packet_length is 65548; before the login is over at most 65536 are taken");

    const auto later = victim_of(role);
    HandMadePeer second(*later, {});
    shake_hands(second);
    if (role == Role::server) {
      second.say(msg::ServiceRequest{"ssh-userauth"});
    } else {
      second.say(msg::ServiceAccept{"ssh-userauth"});
    }
    second.say(ignore_of(200 * 1024));
    ASSERT_TRUE(later->end);
    EXPECT_NE(later->end->description.find("before the login is over"), std::string::npos);
  }
}

TEST(PacketLimit, AfterTheLoginItIs256KiBAsEver) {  // [4253-6.1-2] keeps, [4253-6.1-4] breaks
  for (const Role role : {Role::server, Role::client}) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    shake_hands(peer);
    log_in(peer, role);
    peer.say(ignore_of(64 * 1024 + 16));
    peer.say(ignore_of(PacketWriter::max_payload));
    EXPECT_FALSE(victim->end) << victim->end->description;
    peer.say_kexinit();
    if (role == Role::server) peer.say_share();
    peer.say(ignore_of(200 * 1024));
    EXPECT_FALSE(victim->end) << "nor does a later key exchange change it: " << victim->end->description;
  }
}

}  // namespace
}  // namespace glassh::test
