// RFC 4251 section 5 of booleans, through both connections, octet by octet: any octet but zero that comes in is TRUE,
// and a boolean goes out as 0 or 1 only.
#include <gtest/gtest.h>

#include "proto/messages_session.h"
#include "test/auth/server_auth_fixture.h"
#include "test/properties/handshake.h"

namespace glassh::test {
namespace {

constexpr std::uint8_t octets_of_true[] = {1, 2, 0x7f, 0x80, 0xff};

// The place of the octet that follows `text`: many booleans stand behind a name.
std::size_t place_behind(Bytes payload, std::string_view text) {
  const std::size_t at = text_of(payload).find(text);
  return at == std::string_view::npos ? payload.size() : at + text.size();
}

Payload with_octet(Payload payload, std::size_t place, std::uint8_t octet) {
  payload.at(place) = octet;
  return payload;
}

// FALSE or TRUE if the octet is 0 or 1; else the octet.
std::string boolean_at(Bytes payload, std::size_t place) {
  if (place >= payload.size()) return "none";
  if (payload[place] > 1) return fmt::format("{:#04x}", payload[place]);
  return payload[place] == 0 ? "FALSE" : "TRUE";
}

struct LoggedIn {
  explicit LoggedIn(Role role) : victim(victim_of(role)), peer(*victim, {}) { log_in(peer, role); }
  std::string answer_to(const Payload& payload) {
    return heard_after(peer, [&] { peer.say(payload); });
  }
  Channels& channels() {
    if (auto* server = dynamic_cast<ServerVictim*>(victim.get())) return server->core->channels();
    return dynamic_cast<ClientVictim&>(*victim).core->channels();
  }
  // One that we open. The number is the victim's.
  std::uint32_t open_channel() {
    peer.say(msg::ChannelOpen{"session", 77, 1000, 1000, {}});
    return decode<msg::ChannelOpenConfirmation>(peer.heard.back()).sender_channel;
  }

  std::unique_ptr<Victim> victim;
  HandMadePeer peer;
};

// ---- what comes in

TEST(BooleanRules, AnAnswerIsWantedByAnyOctetButZero) {  // [4251-5-1] keeps
  for (const Role role : both_roles) {
    LoggedIn its(role);
    const std::uint32_t channel = its.open_channel();
    const Payload global = encode(msg::GlobalRequest{"what@example.com", false, {}});
    const Payload request = encode(msg::ChannelRequest{channel, "what@example.com", false, {}});
    const std::size_t in_global = place_behind(global, "example.com");
    const std::size_t in_request = place_behind(request, "example.com");
    EXPECT_EQ(its.answer_to(global), "");
    EXPECT_EQ(its.answer_to(request), "");
    for (const std::uint8_t octet : octets_of_true) {
      EXPECT_EQ(its.answer_to(with_octet(global, in_global, octet)), "SSH_MSG_REQUEST_FAILURE (82)") << +octet;
      EXPECT_EQ(its.answer_to(with_octet(request, in_request, octet)), "SSH_MSG_CHANNEL_SUCCESS (99)") << +octet;
    }
    EXPECT_FALSE(its.victim->end);
  }
}

TEST(BooleanRules, APacketIsGuessedByAnyOctetButZero) {  // [4251-5-1] keeps: a wrong guess is dropped, and not heard
  for (const Role role : both_roles) {
    for (const std::uint8_t octet : octets_of_true) {
      const auto victim = victim_of(role);
      HandMadePeerOptions options;
      options.offer = [](msg::KexInit& message) { message.kex_algorithms = {"what@example.com,curve25519-sha256"}; };
      HandMadePeer peer(*victim, options);
      peer.say_version();
      const Payload kexinit = peer.kexinit();
      peer.say(with_octet(kexinit, kexinit.size() - 5, octet));
      const std::uint8_t guess = role == Role::server ? msg::KexEcdhInit::number : msg::KexEcdhReply::number;
      EXPECT_EQ(heard_after(peer, [&] { peer.say(Payload{guess, 1, 2, 3}); }), "") << +octet;
      EXPECT_FALSE(victim->end) << victim->end->description;
    }
  }
}

TEST(BooleanRules, APasswordIsToBeChangedByAnyOctetButZero) {  // [4251-5-1] keeps: we change none
  const Payload change = encode(msg::PasswordRequest{true, {bytes_of(right_password)}, {bytes_of("new")}});
  const Payload password = request("password", change);
  for (const std::uint8_t octet : octets_of_true) {
    ServerVictim victim;
    HandMadePeer peer(victim, {});
    begin_login(peer, Role::server);
    EXPECT_EQ(heard_after(peer, [&] { peer.say(with_octet(password, place_behind(password, "password"), octet)); }),
              "FAILURE publickey,password,keyboard-interactive");
    EXPECT_TRUE(victim.events == std::vector<std::string>({"signature wanted", "new keys", "somebody logs in"}));
  }
}

// [4251-5-1] [4251-5-2] [4252-7-13] keep: whatever octet says that there is a signature, it is of data where TRUE is 1.
TEST(BooleanRules, ARequestIsSignedByAnyOctetButZero) {
  SeededRng rng(11);
  const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng);
  for (const std::uint8_t octet : octets_of_true) {
    ServerVictim victim;
    victim.user_key = key.public_key();
    HandMadePeer peer(victim, {});
    begin_login(peer, Role::server);
    Signing signing;
    signing.session = victim.transport().session_id();
    const Payload signed_one = signed_request(key, "ssh-ed25519", signing);
    const Payload changed = with_octet(signed_one, place_behind(signed_one, "publickey"), octet);
    EXPECT_EQ(heard_after(peer, [&] { peer.say(changed); }), "SUCCESS") << +octet;
  }
}

// [4251-5-1] keeps: behind a partial success the keys that were refused are tried again.
TEST(BooleanRules, PartialSuccessIsAnyOctetButZero) {
  SeededRng rng(12);
  const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng);
  const Payload failure = encode(msg::UserauthFailure{NameList{"publickey"}, false});
  const auto heard_behind = [&](std::uint8_t octet) {
    ClientVictim victim(default_proposal(), {}, {"publickey", "password"});
    victim.identity = &key;
    HandMadePeer peer(victim, {});
    begin_login(peer, Role::client);
    peer.say(msg::UserauthFailure{NameList{"publickey,password"}, false});
    peer.say(msg::UserauthFailure{NameList{"password"}, false});
    EXPECT_EQ(words_of(peer.heard.back()), "password for student");
    return heard_after(peer, [&] { peer.say(with_octet(failure, failure.size() - 1, octet)); });
  };
  EXPECT_EQ(heard_behind(0), "");
  for (const std::uint8_t octet : octets_of_true) EXPECT_EQ(heard_behind(octet), "publickey for student") << +octet;
}

// ---- what goes out

TEST(BooleanRules, NoPacketFollowsAKexinitAndThatIsSaidByZero) {  // [4251-5-2] keeps
  for (const Role role : both_roles) {
    LoggedIn its(role);
    exchange_keys(its.peer);
    std::size_t kexinits = 0;
    for (const Payload& payload : its.peer.heard) {
      if (payload[0] != msg::KexInit::number) continue;
      ++kexinits;
      EXPECT_EQ(boolean_at(payload, payload.size() - 5), "FALSE");
    }
    EXPECT_EQ(kexinits, 2U);
  }
}

TEST(BooleanRules, TheServersBooleansOfALoginAreZeroOrOne) {  // [4251-5-2] keeps
  ServerVictim victim;
  victim.login.methods = {{"password", "keyboard-interactive"}};
  HandMadePeer peer(victim, {});
  begin_login(peer, Role::server);
  const auto last_of = [&](const Payload& payload) {
    peer.say(payload);
    return boolean_at(peer.heard.back(), peer.heard.back().size() - 1);
  };
  EXPECT_EQ(last_of(password_request("wrong")), "FALSE");
  EXPECT_EQ(last_of(password_request(right_password)), "TRUE");
  EXPECT_EQ(last_of(keyboard_interactive_request()), "FALSE") << "a password has no echo";
  EXPECT_EQ(words_of(peer.heard.back()), "QUESTION of 1");
}

TEST(BooleanRules, TheClientsBooleansOfALoginAreZeroOrOne) {  // [4251-5-2] keeps
  SeededRng rng(12);
  const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng);
  ClientVictim victim(default_proposal(), {}, {"publickey", "password"});
  victim.identity = &key;
  HandMadePeer peer(victim, {});
  begin_login(peer, Role::client);
  peer.say(msg::UserauthFailure{NameList{"publickey,password"}, false});
  const auto said = [&](std::string_view method) {
    return boolean_at(peer.heard.back(), place_behind(peer.heard.back(), method));
  };
  EXPECT_EQ(said("publickey"), "FALSE");
  peer.say(msg::UserauthPkOk{"ssh-ed25519", key.public_key().blob()});
  EXPECT_EQ(said("publickey"), "TRUE");
  peer.say(msg::UserauthFailure{NameList{"password"}, false});
  EXPECT_EQ(said("password"), "FALSE");
}

TEST(BooleanRules, AnAnswerIsWantedByOneAndNotWantedByZero) {  // [4251-5-2] keeps
  for (const Role role : both_roles) {
    LoggedIn its(role);
    Channel& channel = its.channels().at(its.open_channel());
    for (const bool want_reply : {false, true}) {
      its.channels().send_global("what@example.com", want_reply);
      channel.send_request("what@example.com", want_reply, {});
      its.peer.listen();
      for (std::size_t i = its.peer.heard.size() - 2; i < its.peer.heard.size(); ++i) {
        const Payload& said = its.peer.heard[i];
        EXPECT_EQ(boolean_at(said, place_behind(said, "example.com")), want_reply ? "TRUE" : "FALSE") << words_of(said);
      }
    }
  }
}

}  // namespace
}  // namespace glassh::test
