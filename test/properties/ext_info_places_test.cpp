// RFC 8308 section 2.4: where SSH_MSG_EXT_INFO may stand, on both connection cores, with a peer made by hand.
#include <gtest/gtest.h>

#include <functional>

#include "proto/messages_transport.h"
#include "test/properties/handshake.h"

namespace glassh::test {
namespace {

using Steps = std::vector<std::function<void(HandMadePeer&)>>;

void ext_info(HandMadePeer& peer) { peer.say(msg::ExtInfo{{{"server-sig-algs", bytes_of("ssh-ed25519")}}}); }
void ignored(HandMadePeer& peer) { peer.say(msg::Ignore{}); }
void other_keys(HandMadePeer& peer) { exchange_keys(peer); }
void service_request(HandMadePeer& peer) { peer.say(msg::ServiceRequest{"ssh-userauth"}); }
void wrong_password(HandMadePeer& peer) { peer.say(password_of("student", "wrong")); }
void right_one(HandMadePeer& peer) { peer.say(password_of("student", right_password)); }
void service_accept(HandMadePeer& peer) { peer.say(msg::ServiceAccept{"ssh-userauth"}); }
void failure(HandMadePeer& peer) { peer.say(msg::UserauthFailure{NameList{"password"}, false}); }
void banner(HandMadePeer& peer) { peer.say(msg::UserauthBanner{"hello", ""}); }
void success(HandMadePeer& peer) { peer.say(msg::UserauthSuccess{}); }
void goodbye(HandMadePeer& peer) { peer.say(msg::Disconnect{11, "bye", ""}); }

// Lets the peer say this behind its first NEWKEYS. Returns how that ends; empty: with a login.
std::string ending(Role role, const Steps& steps) {
  const auto victim = victim_of(role);
  HandMadePeer peer(*victim, {.wants_ext_info = true});
  peer.say_version();
  other_keys(peer);
  for (const auto& step : steps) step(peer);
  if (victim->end) return victim->end->description;
  return victim->logged_in ? "" : "no login";
}

TEST(ExtInfoPlaces, AClientsIsThePacketBehindItsFirstNewkeys) {  // [8308-2.2-1] [8308-2.4-1] keeps
  EXPECT_EQ(ending(Role::server, {ext_info, service_request, right_one}), "");
  EXPECT_EQ(ending(Role::server, {service_request, right_one}), "") << "and need not come";
  EXPECT_EQ(ending(Role::server, {ext_info, other_keys, service_request, right_one}), "");
}

TEST(ExtInfoPlaces, AClientsAtAnyOtherPlaceEndsTheConnection) {  // [8308-2.4-1] breaks
  const auto refused_during = [](std::string_view phase) {
    return fmt::format("SSH_MSG_EXT_INFO (7) may not come during {}", phase);
  };
  EXPECT_EQ(ending(Role::server, {ext_info, ext_info}), refused_during("the service request"));
  EXPECT_EQ(ending(Role::server, {ignored, ext_info}), refused_during("the service request"));
  EXPECT_EQ(ending(Role::server, {other_keys, ext_info}), refused_during("the service request"));
  EXPECT_EQ(ending(Role::server, {service_request, ext_info}), refused_during("authentication"));
  EXPECT_EQ(ending(Role::server, {service_request, wrong_password, ext_info}), refused_during("authentication"));
  EXPECT_EQ(ending(Role::server, {service_request, right_one, ext_info}), refused_during("the connection protocol"));
}

TEST(ExtInfoPlaces, AServersIsTakenAtBothOfItsPlaces) {  // [8308-2.4-3] [8308-2.4-4] keeps
  EXPECT_EQ(ending(Role::client, {service_accept, success}), "") << "at neither";
  EXPECT_EQ(ending(Role::client, {ext_info, service_accept, success}), "");
  EXPECT_EQ(ending(Role::client, {service_accept, ext_info, success}), "");
  EXPECT_EQ(ending(Role::client, {ext_info, service_accept, failure, banner, ext_info, success}), "");
  EXPECT_EQ(ending(Role::client, {service_accept, other_keys, ext_info, success}), "");
}

TEST(ExtInfoPlaces, AServersAtAnyOtherPlaceEndsTheConnection) {  // [8308-2.4-2] breaks
  const auto followed_by = [](std::string_view name) {
    return fmt::format("SSH_MSG_EXT_INFO during authentication: {} follows it, not SSH_MSG_USERAUTH_SUCCESS", name);
  };
  const std::string_view early = "SSH_MSG_EXT_INFO (7) may not come during the service request";
  EXPECT_EQ(ending(Role::client, {ext_info, ext_info}), early);
  EXPECT_EQ(ending(Role::client, {ignored, ext_info}), early);
  EXPECT_EQ(ending(Role::client, {other_keys, ext_info}), early);
  EXPECT_EQ(ending(Role::client, {service_accept, ext_info, ext_info}), followed_by("SSH_MSG_EXT_INFO (7)"));
  EXPECT_EQ(ending(Role::client, {service_accept, ext_info, ignored}), followed_by("SSH_MSG_IGNORE (2)"));
  EXPECT_EQ(ending(Role::client, {service_accept, ext_info, failure}), followed_by("SSH_MSG_USERAUTH_FAILURE (51)"));
  EXPECT_EQ(ending(Role::client, {service_accept, success, ext_info}),
            "SSH_MSG_EXT_INFO (7) may not come during the connection protocol");
  EXPECT_EQ(ending(Role::client, {service_accept, ext_info, goodbye}), "bye") << "a server may end it all the same";
}

// [4252-5.1-13] [4252-5.3-1] keep
TEST(LateLoginMessages, AreAllIgnoredByAServer) {
  ServerVictim victim;
  HandMadePeer peer(victim, {});
  peer.say_version();
  other_keys(peer);
  service_request(peer);
  right_one(peer);
  ASSERT_TRUE(victim.logged_in);
  victim.events.clear();
  const std::size_t heard = peer.heard.size();
  for (int number = 50; number < 80; ++number) peer.say(Payload{static_cast<std::uint8_t>(number)});
  for (const auto& step : {right_one, wrong_password, failure, success, banner}) step(peer);
  EXPECT_FALSE(victim.end) << victim.end->description;
  EXPECT_TRUE(victim.events.empty());
  EXPECT_EQ(peer.heard.size(), heard) << "silently";
  peer.say(msg::Ping{bytes_of("alive")});
  EXPECT_EQ(peer.heard_number(msg::Pong::number), 1U);
}

// RFC 4253 section 7.1 [4253-7.1-30]: but not between KEXINIT and NEWKEYS.
TEST(LateLoginMessages, EndTheConnectionWithinAKeyExchange) {  // [4253-7.1-30] breaks
  ServerVictim victim;
  HandMadePeer peer(victim, {});
  peer.say_version();
  other_keys(peer);
  service_request(peer);
  right_one(peer);
  peer.say_kexinit();
  right_one(peer);
  ASSERT_TRUE(victim.end);
  EXPECT_FALSE(victim.end->by_peer);
}

}  // namespace
}  // namespace glassh::test
