// The client's rules of RFC 4252, RFC 4256, RFC 8308 and RFC 8332, through ClientConnection: what a server says in a
// login, packet by packet, and what comes back. ClientAuth's own tests (test/auth) have more cases of each rule.
#include <gtest/gtest.h>

#include "proto/messages_transport.h"
#include "test/properties/handshake.h"
#include "test/support/test_keys.h"

namespace glassh::test {
namespace {

// Behind SERVICE_ACCEPT, as the server.
struct ClientLogin {
  explicit ClientLogin(std::vector<std::string> methods = {"publickey", "keyboard-interactive", "password"},
                       const PrivateKey* identity = nullptr, std::string_view sig_algs = {})
      : victim(default_proposal(), {}, std::move(methods)) {
    victim.identity = identity;
    peer.say_version();
    exchange_keys(peer);
    if (!sig_algs.empty()) peer.say(msg::ExtInfo{{{"server-sig-algs", bytes_of(sig_algs)}}});
    first = heard_after(peer, [&] { peer.say(msg::ServiceAccept{"ssh-userauth"}); });
  }
  template <class M>
  std::string say(const M& message) {
    return heard_after(peer, [&] { peer.say(message); });
  }
  std::string fail(std::string_view methods) { return say(msg::UserauthFailure{NameList{methods}, false}); }
  msg::UserauthRequest last_request() const { return decode<msg::UserauthRequest>(peer.heard.back()); }

  ClientVictim victim;
  HandMadePeer peer{victim, {}};
  std::string first;  // what it said at once
};

const PrivateKey& users_key() {
  static SeededRng rng(12);
  static const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng);
  return key;
}

msg::UserauthInfoRequest question_of(std::vector<msg::Prompt> prompts) {
  msg::UserauthInfoRequest question;
  question.prompts = std::move(prompts);
  return question;
}

TEST(ClientLoginRules, ItAsksNoneFirst) {  // [4252-4-2] [4252-5-1] keep
  ClientLogin login;
  EXPECT_EQ(login.first, "none for student");
  EXPECT_EQ(login.last_request().service_name, "ssh-connection");
  EXPECT_TRUE(login.last_request().method_fields.bytes.empty());
}

TEST(ClientLoginRules, ItTriesOnlyWhatTheServerTakes) {
  ClientLogin login;
  EXPECT_EQ(login.fail("password,hostbased"), "password for student");
  EXPECT_EQ(login.say(msg::UserauthSuccess{}), "");
  EXPECT_TRUE(login.victim.logged_in);
}

// [4252-5-15] [4252-7-1] [4252-7-9] [4252-7-10] [4252-7-11] keep
TEST(ClientLoginRules, ItSignsWhenTheServerWouldTakeTheKey) {
  ClientLogin login({"publickey"}, &users_key());
  EXPECT_EQ(login.fail("publickey"), "publickey for student");
  const Payload payload = login.peer.heard.back();
  const auto query = decode<msg::PublicKeyRequest>(decode<msg::UserauthRequest>(payload).method_fields.bytes);
  EXPECT_FALSE(query.has_signature);
  EXPECT_EQ(login.say(msg::UserauthPkOk{query.algorithm, query.public_key}), "publickey for student");
  // [4252-7-13] keeps
  const Payload answer = login.peer.heard.back();
  const auto signed_one = decode<msg::PublicKeyRequest>(decode<msg::UserauthRequest>(answer).method_fields.bytes);
  msg::PublicKeySignedData data;
  data.session_identifier = login.victim.transport().session_id();
  data.user_name = "student";
  data.service_name = "ssh-connection";
  data.algorithm = "ssh-ed25519";
  data.public_key = users_key().public_key().blob();
  EXPECT_TRUE(signed_one.has_signature);
  EXPECT_TRUE(users_key().public_key().verify("ssh-ed25519", encode(data), signed_one.signature));
}

TEST(ClientLoginRules, APkOkForAnotherKeyEndsTheConnection) {  // [4252-7-10] breaks
  ClientLogin login({"publickey"}, &users_key());
  login.fail("publickey");
  EXPECT_EQ(login.say(msg::UserauthPkOk{"ssh-ed25519", victims_host_key().public_key().blob()}), "DISCONNECT 2");
}

// [4252-5.1-10] keeps
TEST(ClientLoginRules, ItSendsNothingMoreWhileARequestIsUnanswered) {
  ClientLogin login;
  EXPECT_EQ(login.fail("keyboard-interactive,password"), "keyboard-interactive for student");
  EXPECT_EQ(login.say(msg::Ignore{}), "");
  EXPECT_EQ(login.say(question_of({{"Password: ", false}})), "ANSWERS 1");
  EXPECT_EQ(login.say(msg::Ignore{}), "");
  EXPECT_EQ(login.fail("password"), "password for student");
}

TEST(ClientLoginRules, PartialSuccessLeadsToTheOtherMethod) {  // [4252-5.1-4] keeps
  ClientLogin login({"password", "keyboard-interactive"});
  EXPECT_EQ(login.fail("password,keyboard-interactive"), "password for student");
  EXPECT_EQ(login.say(msg::UserauthFailure{NameList{"keyboard-interactive"}, true}),
            "keyboard-interactive for student");
}

TEST(ClientLoginRules, AfterADemandForANewPasswordItMayGoOnWithAnotherMethod) {  // [4252-8-2] [4252-8-12] keep
  ClientLogin login({"password", "keyboard-interactive"});
  EXPECT_EQ(login.fail("password,keyboard-interactive"), "password for student");
  EXPECT_EQ(login.say(msg::UserauthPasswdChangereq{"It has expired. New password: ", ""}),
            "keyboard-interactive for student");
}

TEST(ClientLoginRules, ItsRequestForQuestionsHasNoLanguageAndNoHint) {  // [4256-3.1-1] [4256-3.1-6] keep
  ClientLogin login;
  EXPECT_EQ(login.fail("keyboard-interactive"), "keyboard-interactive for student");
  const Payload payload = login.peer.heard.back();
  const auto fields =
      decode<msg::KeyboardInteractiveRequest>(decode<msg::UserauthRequest>(payload).method_fields.bytes);
  EXPECT_EQ(fields.language_tag, "");
  EXPECT_EQ(fields.submethods, "");
}

// [4256-3.2-1] [4256-3.2-9] [4256-3.4-1] [4256-3.4-7] keep
TEST(ClientLoginRules, ItAnswersEachQuestionHoweverManyThereAre) {
  ClientLogin login;
  login.fail("keyboard-interactive");
  EXPECT_EQ(login.say(question_of({{"Password: ", false}})), "ANSWERS 1");
  EXPECT_EQ(login.say(question_of({{"Token: ", true}, {"PIN: ", false}, {"Colour: ", true}})), "ANSWERS 3");
  EXPECT_EQ(login.say(question_of({})), "ANSWERS 0") << "also if nothing is asked";
  login.say(msg::UserauthSuccess{});
  EXPECT_TRUE(login.victim.logged_in);
}

// Signatures and keys begin with a name.
std::string_view first_string(Bytes blob) { return text_of(blob).substr(4, get_u32(blob.data())); }

// The algorithm with which the client offers an RSA key, if the server has said this.
std::string algorithm_for(std::string_view sig_algs) {
  static const PrivateKey rsa = test_key("rsa2048");
  ClientLogin login({"publickey"}, &rsa, sig_algs);
  if (login.fail("publickey").empty()) return "";
  const Payload payload = login.peer.heard.back();
  const auto request = decode<msg::UserauthRequest>(payload);
  return std::string(decode<msg::PublicKeyRequest>(request.method_fields.bytes).algorithm);
}

// [8308-3.1-2] [8308-3.1-6] [8308-3.1-7] [8332-3.3-2] [8332-5.2-1] keep
TEST(ClientLoginRules, TheServersListSaysWithWhichHashRsaSigns) {
  EXPECT_EQ(algorithm_for("ssh-ed25519,rsa-sha2-256"), "rsa-sha2-256");
  EXPECT_EQ(algorithm_for("rsa-sha2-256,rsa-sha2-512"), "rsa-sha2-512");
  EXPECT_EQ(algorithm_for(""), "rsa-sha2-512") << "without a list nothing is known";
  EXPECT_EQ(algorithm_for("ssh-rsa,ssh-ed25519"), "") << "SHA-1 it does not have";
}

TEST(ClientLoginRules, ASignatureNamesTheAlgorithmOfItsRequest) {  // [8332-3.2-1] [8332-3-3] [8332-3-4] keep
  const PrivateKey rsa = test_key("rsa2048");
  ClientLogin login({"publickey"}, &rsa);
  login.fail("publickey");
  login.say(msg::UserauthPkOk{"rsa-sha2-512", rsa.public_key().blob()});
  const Payload payload = login.peer.heard.back();
  const auto fields = decode<msg::PublicKeyRequest>(decode<msg::UserauthRequest>(payload).method_fields.bytes);
  EXPECT_EQ(fields.algorithm, "rsa-sha2-512");
  EXPECT_EQ(first_string(fields.signature), "rsa-sha2-512");
  EXPECT_EQ(first_string(fields.public_key), "ssh-rsa");
}

}  // namespace
}  // namespace glassh::test
