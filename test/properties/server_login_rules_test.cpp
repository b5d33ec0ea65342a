// The server's rules of RFC 4252, RFC 4256 and RFC 8332, through ServerConnection: what a client says in a login,
// packet by packet, and what comes back. ServerAuth's own tests (test/auth) have more cases of each rule.
#include <gtest/gtest.h>

#include "test/auth/server_auth_fixture.h"
#include "test/properties/changed_keys.h"
#include "test/properties/handshake.h"

namespace glassh::test {
namespace {

// Behind SERVICE_ACCEPT. The user is alice, and her key is `key`.
struct ServerLogin {
  explicit ServerLogin(ServerAuthSettings settings = {
                           .password = true, .keyboard_interactive = true, .max_tries = 20}) {
    settings.accepted_algorithms = {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"};
    victim.login = std::move(settings);
    victim.user_key = key.public_key();
    begin_login(peer, Role::server);
  }
  std::string say(const Payload& payload) {
    return heard_after(peer, [&] { peer.say(payload); });
  }
  Payload signed_by(const PrivateKey& its_key, std::string_view algorithm = "ssh-ed25519", Signing signing = {}) {
    signing.session = victim.transport().session_id();
    return signed_request(its_key, algorithm, signing);
  }

  SeededRng rng{11};
  PrivateKey key = PrivateKey::generate("ssh-ed25519", rng);
  ServerVictim victim;
  HandMadePeer peer{victim, {}};
};

const Payload right = password_request(right_password);
const Payload wrong = password_request("wrong");
constexpr std::string_view refused = "FAILURE publickey,password,keyboard-interactive";

// [4252-4-1] [4252-4-3] [4252-5.1-1] [4252-5.2-2] [4252-5.2-3] [4252-5.2-4] keep
TEST(ServerLoginRules, NoneIsRefusedAndNeverOffered) {
  ServerLogin login;
  EXPECT_EQ(login.say(request("none")), refused);
  EXPECT_EQ(login.say(request("none")), refused);
}

TEST(ServerLoginRules, NoneIsEnoughForAUserWhoNeedsNothing) {  // [4252-4-4] [4252-5.2-1] keep
  ServerLogin login({.password = true, .empty_password = true});
  login.victim.empty_password_is_right = true;
  EXPECT_EQ(login.say(request("none")), "SUCCESS");
  EXPECT_TRUE(login.victim.logged_in);
}

TEST(ServerLoginRules, MethodsComeInAnyOrder) {  // [4252-4-5] [4252-5.1-5] [4252-8-2] keep
  const std::vector<std::vector<Payload>> orders = {
      {wrong, right}, {wrong, keyboard_interactive_request(), info_response({right_password})}, {wrong, wrong, right}};
  for (const auto& order : orders) {
    ServerLogin login;
    std::string last;
    for (const Payload& each : order) {
      EXPECT_FALSE(login.victim.logged_in);
      last = login.say(each);
    }
    EXPECT_EQ(last, "SUCCESS");
  }
}

TEST(ServerLoginRules, FailuresHaveALimit) {  // [4252-4-8] [4252-4-10] keep
  ServerLogin login({.password = true, .max_tries = 3});
  EXPECT_EQ(login.say(wrong), "FAILURE publickey,password");
  EXPECT_EQ(login.say(wrong), "FAILURE publickey,password");
  EXPECT_EQ(login.say(wrong), "DISCONNECT 14");
  EXPECT_EQ(login.say(right), "") << "nothing is heard any more";
  EXPECT_FALSE(login.victim.logged_in);
}

TEST(ServerLoginRules, AnotherUserEndsTheConnection) {  // [4252-5-3] [4252-5-4] [4252-5-5] break
  ServerLogin login({.password = true, .methods = {{"publickey", "password"}}});
  EXPECT_EQ(login.say(login.signed_by(login.key)), "PARTIAL password");
  EXPECT_EQ(login.say(password_of("bob", right_password)), "DISCONNECT 2");
  EXPECT_FALSE(login.victim.logged_in);
}

TEST(ServerLoginRules, AServiceThatDoesNotExistEndsTheConnection) {  // [4252-5-3] [4252-5-7] [4252-5-8] break
  for (const bool first : {true, false}) {
    ServerLogin login;
    if (!first) login.say(wrong);
    const Payload fields = encode(msg::PasswordRequest{false, {bytes_of(right_password)}, {}});
    const auto elsewhere = encode(msg::UserauthRequest{"alice", "ssh-else", "password", Rest{fields}});
    EXPECT_EQ(login.say(elsewhere), "DISCONNECT 7");
    EXPECT_FALSE(login.victim.logged_in);
  }
}

TEST(ServerLoginRules, AMethodThatWeDoNotHaveFailsAndNoMore) {  // [4252-5-11] keeps
  ServerLogin login;
  for (const std::string_view method : {"hostbased", "gssapi-with-mic", "", "publickey2"}) {
    EXPECT_EQ(login.say(request(method, bytes_of("whatever"))), refused);
  }
  EXPECT_EQ(login.say(right), "SUCCESS");
}

TEST(ServerLoginRules, ANewRequestGivesUpTheOpenQuestion) {  // [4252-5-13] [4252-5-14] [4252-5.1-11] keep
  ServerLogin login;
  EXPECT_EQ(login.say(keyboard_interactive_request()), "QUESTION of 1");
  EXPECT_EQ(login.say(wrong), refused) << "one FAILURE, that of the password";
  EXPECT_EQ(login.say(keyboard_interactive_request()), "QUESTION of 1");
  EXPECT_EQ(login.say(right), "SUCCESS");
}

TEST(ServerLoginRules, AnAnswerToAQuestionThatWasGivenUpEndsTheConnection) {  // [4252-5-14] breaks
  ServerLogin login;
  login.say(keyboard_interactive_request());
  login.say(wrong);
  EXPECT_EQ(login.say(info_response({right_password})), "DISCONNECT 2");
}

// [4252-5.1-2] [4252-5.1-3] [4252-5.1-4] [4252-5.1-5] [4252-5.1-7] [4252-7-6] keep
TEST(ServerLoginRules, SuccessComesWhenAllMethodsAreThrough) {
  ServerLogin login({.password = true, .methods = {{"publickey", "password", "publickey"}}});
  const PrivateKey second = PrivateKey::generate("ssh-ed25519", login.rng);
  EXPECT_EQ(login.say(right), "FAILURE publickey") << "it is not its turn";
  EXPECT_EQ(login.say(login.signed_by(login.key)), "PARTIAL password");
  EXPECT_EQ(login.say(wrong), "FAILURE password");
  EXPECT_EQ(login.say(right), "PARTIAL publickey");
  EXPECT_EQ(login.say(login.signed_by(login.key)), "FAILURE publickey") << "the same key again";
  EXPECT_FALSE(login.victim.logged_in);
  login.victim.user_key = second.public_key();
  EXPECT_EQ(login.say(login.signed_by(second)), "SUCCESS");
  EXPECT_TRUE(login.victim.logged_in);
}

TEST(ServerLoginRules, RequestsThatComeAtOnceAreAnsweredOneByOne) {  // [4252-5.1-8] [4252-5.1-9] keep
  ServerLogin login;
  login.peer.deaf = true;
  for (const Payload& each : {request("none"), wrong, keyboard_interactive_request(), wrong}) login.peer.say(each);
  login.peer.deaf = false;
  EXPECT_EQ(login.say(right), fmt::format("{0}; {0}; QUESTION of 1; {0}; SUCCESS", refused));
}

// ---- publickey

// [4252-5-15] [4252-7-1] [4252-7-2] [4252-7-4] [4252-7-9] [4252-7-10] [4252-7-11] keep
TEST(ServerLoginRules, AQueryIsAnsweredAndLogsNobodyIn) {
  ServerLogin login;
  const PrivateKey other = PrivateKey::generate("ssh-ed25519", login.rng);
  EXPECT_EQ(login.say(query(other.public_key(), "ssh-ed25519")), refused);
  EXPECT_EQ(login.say(query(login.key.public_key(), "ssh-ed25519")), "PK_OK ssh-ed25519");
  EXPECT_TRUE(equal(decode<msg::UserauthPkOk>(login.peer.heard.back()).public_key, login.key.public_key().blob()));
  EXPECT_FALSE(login.victim.logged_in);
  EXPECT_EQ(login.say(login.signed_by(login.key)), "SUCCESS");
}

TEST(ServerLoginRules, ASignatureNeedsNoQuery) {  // [4252-7-4] [4252-7-12] [4252-7-13] keep
  ServerLogin login;
  EXPECT_EQ(login.say(login.signed_by(login.key)), "SUCCESS");
}

// [4252-7-3] [4252-7-5] [4252-7-7] [4252-7-13] [4252-7-14] [4252-7-15] break
TEST(ServerLoginRules, AKeyOrASignatureThatIsNotGoodFails) {
  ServerLogin login;
  const PrivateKey other = PrivateKey::generate("ssh-ed25519", login.rng);
  EXPECT_EQ(login.say(login.signed_by(other)), refused) << "not hers";
  EXPECT_EQ(login.say(signed_request(login.key, "ssh-ed25519")), refused) << "of another session";
  EXPECT_EQ(login.say(login.signed_by(login.key, "ssh-ed25519", {.signed_user = "bob"})), refused);
  EXPECT_EQ(login.say(query(login.key.public_key(), "ssh-what")), refused) << "an algorithm that does not exist";
  EXPECT_EQ(login.say(query(login.key.public_key(), "rsa-sha2-512")), refused) << "of another type of key";
  EXPECT_FALSE(login.victim.logged_in);
  EXPECT_EQ(login.say(login.signed_by(login.key)), "SUCCESS") << "each failed, and no more";
}

TEST(ServerLoginRules, AKeyWithACompressedPointIsNoKey) {  // [5656-3.1-1] keeps: a choice, and not ours
  ServerLogin login;
  const PrivateKey ecdsa = PrivateKey::generate("ecdsa-sha2-nistp256", login.rng);
  login.victim.user_key = ecdsa.public_key();
  const auto ask_about = [&](Bytes blob) {
    return login.say(request("publickey", encode(msg::PublicKeyRequest{false, "ecdsa-sha2-nistp256", blob, {}})));
  };
  EXPECT_EQ(ask_about(with_compressed_point(ecdsa.public_key().blob())), refused);
  const auto& events = login.victim.events;
  EXPECT_EQ(std::count(events.begin(), events.end(), "publickey to judge"), 0);
  EXPECT_EQ(ask_about(ecdsa.public_key().blob()), "PK_OK ecdsa-sha2-nistp256");
  EXPECT_EQ(std::count(events.begin(), events.end(), "publickey to judge"), 1);
}

// One in 256 has a zero in front.
TEST(ServerLoginRules, AnRsaSignatureMayLackItsZerosInFront) {  // [8332-3-5] keeps
  const PrivateKey rsa = test_key("rsa2048");
  ServerLogin login;
  login.victim.user_key = rsa.public_key();
  for (int i = 0; i < 10'000; ++i) {
    const std::string user = fmt::format("user{}", i);
    const Payload whole = login.signed_by(rsa, "rsa-sha2-256", {.user = user, .signed_user = user});
    auto fields = decode<msg::PublicKeyRequest>(decode<msg::UserauthRequest>(whole).method_fields.bytes);
    const auto shorter = without_zeros_in_front(fields.signature);
    if (!shorter) continue;
    fields.signature = *shorter;
    EXPECT_EQ(login.say(request("publickey", encode(fields), user)), "SUCCESS");
    return;
  }
  FAIL() << "no signature begins with a zero";
}

// [8332-3-3] [8332-3-4] [8332-3.2-1] keep, [8332-3.2-2] [8332-5.2-1] break
TEST(ServerLoginRules, RsaSignsWithSha2ByTheNameOfTheRequest) {
  for (const std::string_view algorithm : {"rsa-sha2-256", "rsa-sha2-512"}) {
    ServerLogin login;
    const PrivateKey rsa = test_key("rsa2048");
    login.victim.user_key = rsa.public_key();
    const std::string_view other = algorithm == "rsa-sha2-256" ? "rsa-sha2-512" : "rsa-sha2-256";
    EXPECT_EQ(login.say(login.signed_by(rsa, algorithm, {.signed_algorithm = other})), refused);
    EXPECT_EQ(login.say(query(rsa.public_key(), "ssh-rsa")), refused) << "that would be SHA-1";
    EXPECT_EQ(login.say(query(rsa.public_key(), algorithm)), fmt::format("PK_OK {}", algorithm));
    EXPECT_EQ(login.say(login.signed_by(rsa, algorithm)), "SUCCESS");
  }
}

// ---- password, and the banner

TEST(ServerLoginRules, APasswordIsNotChanged) {  // [4252-8-13] [4252-8-14] [4252-8-15] keep
  ServerLogin login;
  const Payload change = encode(msg::PasswordRequest{true, {bytes_of(right_password)}, {bytes_of("new")}});
  EXPECT_EQ(login.say(request("password", change)), refused) << "without partial success";
  EXPECT_FALSE(login.victim.logged_in);
}

TEST(ServerLoginRules, APasswordIsComparedByteForByte) {  // [4252-8-4] keeps
  ServerLogin login;
  EXPECT_EQ(login.say(password_request(std::string(right_password) + '\0')), refused);
  EXPECT_EQ(login.say(password_request("")), refused);
  EXPECT_EQ(login.say(right), "SUCCESS");
}

TEST(ServerLoginRules, TheLinesOfABannerEndAsOnTheNetwork) {  // [4252-5.4-1] [4252-5.4-5] keep
  ServerLogin login({.password = true, .banner = "one\ntwo\n"});
  EXPECT_EQ(login.say(wrong), "BANNER \"one\\r\\ntwo\\r\\n\"; FAILURE publickey,password");
  EXPECT_EQ(login.say(wrong), "FAILURE publickey,password") << "once";
}

// ---- keyboard-interactive

TEST(ServerLoginRules, AQuestionHasAPromptAndNoLanguage) {  // [4256-3.1-7] [4256-3.2-3] [4256-3.2-10] keep
  ServerLogin login;
  EXPECT_EQ(login.say(keyboard_interactive_request("pam,bsdauth")), "QUESTION of 1");
  const auto question = decode<msg::UserauthInfoRequest>(login.peer.heard.back());
  EXPECT_EQ(question.language_tag, "");
  EXPECT_FALSE(question.prompts[0].prompt.empty());
}

// [4256-3-1] [4256-3.2-2] [4256-3.4-5] [4256-3.4-8] [4256-3.4-9] [4256-3.4-10] keep
TEST(ServerLoginRules, AnAnswerIsAnsweredAndNothingIsAskedAgain) {
  ServerLogin login;
  for (const std::vector<std::string_view>& answers :
       {std::vector<std::string_view>{"wrong"}, {}, {right_password, right_password}}) {
    EXPECT_EQ(login.say(keyboard_interactive_request()), "QUESTION of 1");
    EXPECT_EQ(login.say(info_response(answers)), refused);
  }
  login.say(keyboard_interactive_request());
  EXPECT_EQ(login.say(info_response({right_password})), "SUCCESS");
}

TEST(ServerLoginRules, AnAnswerToNoQuestionEndsTheConnection) {  // [4256-3-1] breaks
  ServerLogin login;
  EXPECT_EQ(login.say(request("none")), refused);
  EXPECT_EQ(login.say(info_response({right_password})), "DISCONNECT 2");
}

}  // namespace
}  // namespace glassh::test
