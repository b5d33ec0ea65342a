// RFC 4252 sections 4 to 7 and RFC 8332, the server's half, with requests made by hand.
#include <algorithm>

#include <fmt/format.h>

#include "test/auth/server_auth_fixture.h"

namespace glassh {
namespace {

using namespace test;

struct ServerAuthTest : ServerAuthFixture {};

TEST_F(ServerAuthTest,
       SignatureByAnAcceptedKeyLogsIn) {  // [4252-5-15] [4252-7-1] [4252-7-3] [4252-7-4] [4252-7-12] [4252-7-13] keeps
  for (const std::string algorithm : {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"}) {
    made.reset();
    const PrivateKey key = test_key_for(algorithm, rng);
    const LoginAttempt attempt = expect_attempt(signed_request(key, algorithm));
    EXPECT_EQ(attempt.user, "alice");
    EXPECT_EQ(attempt.method, "publickey");
    EXPECT_EQ(attempt.key->key(), key.public_key());
    EXPECT_EQ(attempt.algorithm, algorithm);
    EXPECT_TRUE(attempt.proved);
    EXPECT_TRUE(auth().waiting());
    EXPECT_TRUE(out.take().empty()) << "nothing is said before the application has decided";

    const auto event = auth().decide(LoginDecision::accept);
    const LoginComplete& logged_in = std::get<LoginComplete>(event);
    EXPECT_EQ(logged_in.user, "alice");
    EXPECT_EQ(logged_in.method, "publickey");
    EXPECT_EQ(logged_in.key->key(), key.public_key());
    EXPECT_TRUE(out.take().empty()) << "the owner sends SUCCESS";
    EXPECT_TRUE(auth().done());
    EXPECT_FALSE(auth().waiting());
  }
}

TEST_F(ServerAuthTest, AsksOnceHowTheUserMayLogIn) {
  payload = request("none", {}, "bob");
  const auto event = auth().on_payload(payload);
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<AuthSettingsWanted>(*event).user, "bob");
  EXPECT_TRUE(auth().waiting());
  EXPECT_TRUE(out.take().empty()) << "nothing is said before the settings are known";
  EXPECT_THROW(auth().on_payload(payload), std::logic_error);
  EXPECT_THROW(auth().decide(LoginDecision::accept), std::logic_error);
  expect_failure(auth().provide_settings(settings));
  expect_refused(request("none", {}, "bob"));
  EXPECT_THROW(auth().provide_settings(settings), std::logic_error);
}

TEST_F(ServerAuthTest, KeyThatMayNotLogInIsRefused) {  // [4252-7-2] [4252-7-5] [4252-7-14] keeps
  const PrivateKey key = test_key("ed25519");
  expect_attempt(signed_request(key, "ssh-ed25519"));
  expect_failure(auth().decide(LoginDecision::refuse));
  EXPECT_FALSE(auth().done());
  EXPECT_EQ(auth().failures(), 1u);
}

TEST_F(ServerAuthTest,
       WrongSignaturesNeverReachTheApplication) {  // [4252-7-3] [4252-7-5] [4252-7-13] [4252-7-15] breaks
  settings.max_tries = 100;
  const PrivateKey key = test_key("ed25519");
  const PrivateKey other = PrivateKey::generate("ssh-ed25519", rng);
  const PrivateKey rsa = test_key("rsa2048");
  const std::vector<std::uint8_t> other_session(32, 0x5b);

  Payload flipped = signed_request(key, "ssh-ed25519");
  flipped.back() ^= 1;
  std::vector<std::uint8_t> by_other =
      other.sign("ssh-ed25519", Bytes(signed_request(key, "ssh-ed25519")));  // over something else as well
  const std::vector<std::pair<std::string, Payload>> cases = {
      {"a bit flipped", flipped},
      {"another key's",
       request("publickey", encode(msg::PublicKeyRequest{true, "ssh-ed25519", key.public_key().blob(), by_other}))},
      {"for another session", signed_request(key, "ssh-ed25519", {.session = other_session})},
      {"for another user", signed_request(key, "ssh-ed25519", {.signed_user = "bob"})},
      {"names another algorithm",  // [8332-3.2-1] [8332-3.2-2] breaks
       signed_request(rsa, "rsa-sha2-512", {.signed_algorithm = "rsa-sha2-256"})},
      {"empty", request("publickey", encode(msg::PublicKeyRequest{true, "ssh-ed25519", key.public_key().blob(), {}}))},
  };
  for (const auto& [what, bytes] : cases) expect_refused(bytes, what);
  EXPECT_EQ(auth().failures(), cases.size());
}

TEST_F(ServerAuthTest, QueryIsAnsweredWithTheQuestion) {  // [4252-7-9] [4252-7-10] keeps
  const PrivateKey rsa = test_key("rsa2048");
  const LoginAttempt attempt = expect_attempt(query(rsa.public_key(), "rsa-sha2-256"));
  EXPECT_FALSE(attempt.proved);
  EXPECT_EQ(std::get<AttemptAnswered>(auth().decide(LoginDecision::accept)).outcome, Outcome::postponed);
  const auto ok = out.take_only<msg::UserauthPkOk>();
  EXPECT_EQ(ok.algorithm, "rsa-sha2-256");
  EXPECT_TRUE(equal(ok.public_key, rsa.public_key().blob()));
  EXPECT_FALSE(auth().done());
  EXPECT_EQ(auth().failures(), 0u);

  expect_attempt(query(rsa.public_key(), "rsa-sha2-256"));
  expect_failure(auth().decide(LoginDecision::refuse));
  EXPECT_EQ(auth().failures(), 1u) << "a query that is refused counts";
}

// Past vulnerability 11: the last key that was asked about is not the one that logs in.
TEST_F(ServerAuthTest, KeyThatSignedIsTheKeyThatLogsIn) {
  const PrivateKey a = PrivateKey::generate("ssh-ed25519", rng);
  const PrivateKey b = PrivateKey::generate("ssh-ed25519", rng);
  for (const PrivateKey* key : {&a, &b}) {
    expect_attempt(query(key->public_key(), "ssh-ed25519"));
    auth().decide(LoginDecision::accept);
  }
  EXPECT_EQ(expect_attempt(signed_request(a, "ssh-ed25519")).key->key(), a.public_key());
  const auto event = auth().decide(LoginDecision::accept);
  EXPECT_EQ(std::get<LoginComplete>(event).key->key(), a.public_key());
}

// Past vulnerability 12: PK_OK for one key is nothing to another, in either form of the method.
TEST_F(ServerAuthTest, SignatureIsForItsOwnKey) {
  const PrivateKey a = PrivateKey::generate("ssh-ed25519", rng);
  const PrivateKey b = PrivateKey::generate("ssh-ed25519", rng);
  expect_attempt(query(a.public_key(), "ssh-ed25519"));
  auth().decide(LoginDecision::accept);
  EXPECT_EQ(expect_attempt(signed_request(b, "ssh-ed25519")).key->key(), b.public_key()) << "B is judged by itself";
  auth().decide(LoginDecision::refuse);
  out.take();
  Payload by_b = signed_request(b, "ssh-ed25519");  // A's name over B's signature
  const auto at = std::search(by_b.begin(), by_b.end(), b.public_key().blob().begin(), b.public_key().blob().end());
  std::copy(a.public_key().blob().begin(), a.public_key().blob().end(), at);
  expect_refused(by_b);
}

// ---- OpenSSH PROTOCOL section 3.1: bound to the server's host key

TEST_F(ServerAuthTest, HostboundSignatureLogsIn) {
  for (const std::string algorithm : {"ssh-ed25519", "rsa-sha2-512"}) {
    made.reset();
    const PrivateKey key = test_key_for(algorithm, rng);
    const Payload asked =
        request("publickey-hostbound-v00@openssh.com",
                encode(msg::PublicKeyHostboundRequest{false, algorithm, key.public_key().blob(), host_key, {}}));
    EXPECT_FALSE(expect_attempt(asked).proved);
    auth().decide(LoginDecision::accept);
    EXPECT_EQ(out.take_only<msg::UserauthPkOk>().algorithm, algorithm);
    const LoginComplete logged_in = expect_success(signed_request(key, algorithm, {.hostbound = true}));
    EXPECT_EQ(logged_in.method, "publickey") << "the two forms are one method";
    EXPECT_EQ(logged_in.key->key(), key.public_key());
  }
}

TEST_F(ServerAuthTest, HostboundSignatureForAnotherServerIsRefused) {
  settings.max_tries = 100;
  const PrivateKey key = test_key("ed25519");
  std::vector<std::uint8_t> other = host_key;
  other.back() ^= 1;
  expect_refused(signed_request(key, "ssh-ed25519", {.hostbound = true, .server_host_key = other}));
  expect_refused(signed_request(key, "ssh-ed25519", {.hostbound = true, .server_host_key = {}}));
  expect_refused(
      request("publickey-hostbound-v00@openssh.com",
              encode(msg::PublicKeyHostboundRequest{false, "ssh-ed25519", key.public_key().blob(), other, {}})));

  // What was signed for another server, with this one's key put in afterwards.
  Payload moved = signed_request(key, "ssh-ed25519", {.hostbound = true, .server_host_key = other});
  const auto at = std::search(moved.begin(), moved.end(), other.begin(), other.end());
  std::copy(host_key.begin(), host_key.end(), at);
  expect_refused(moved);
  // A plain signature in a host-bound request.
  const Payload plain = signed_request(key, "ssh-ed25519");
  const Bytes blob = Bytes(plain).last(4 + 11 + 4 + 64);
  expect_refused(
      request("publickey-hostbound-v00@openssh.com",
              encode(msg::PublicKeyHostboundRequest{true, "ssh-ed25519", key.public_key().blob(), host_key, blob})));
}

// RFC 8332 section 3 [8332-3-3] [8332-3-4] breaks: the blob's format is ssh-rsa, the signature is as long as the
// modulus.
TEST_F(ServerAuthTest, RsaKeysAndSignaturesHaveTheirForm) {
  const PrivateKey rsa = test_key("rsa2048");
  Payload renamed(rsa.public_key().blob().begin(), rsa.public_key().blob().end());
  std::vector<std::uint8_t> other_format = {0, 0, 0, 12};
  for (const char c : std::string_view("rsa-sha2-512")) other_format.push_back(static_cast<std::uint8_t>(c));
  other_format.insert(other_format.end(), renamed.begin() + 11, renamed.end());
  expect_refused(request("publickey", encode(msg::PublicKeyRequest{false, "rsa-sha2-512", other_format, {}})));

  const Payload good = signed_request(rsa, "rsa-sha2-512");
  const Bytes signature = Bytes(good).last(256);
  for (const std::size_t size : {0, 255, 257}) {
    std::vector<std::uint8_t> content(signature.begin(), signature.end());
    content.resize(size);
    std::vector<std::uint8_t> blob(4 + 12 + 4 + size);
    Encoder field(blob.data());
    field("algorithm", std::string_view("rsa-sha2-512"));
    field("signature", Bytes(content));
    expect_refused(
        request("publickey", encode(msg::PublicKeyRequest{true, "rsa-sha2-512", rsa.public_key().blob(), blob})));
  }
}

TEST_F(ServerAuthTest,
       NoneIsRefusedAndTellsWhatThereIs) {  // [4252-4-1] [4252-4-3] [4252-5.2-2] [4252-5.2-3] [4252-5.2-4] keeps
  expect_refused(request("none"));
  EXPECT_EQ(continuing, "publickey");
  EXPECT_EQ(auth().failures(), 0u) << "the first is free";
  expect_refused(request("none"));
  EXPECT_EQ(auth().failures(), 1u);
}

TEST_F(ServerAuthTest, WhatItDoesNotHaveIsAFailureAndNoError) {  // [4252-5-11] [4252-7-7] keeps
  settings.max_tries = 100;
  const PublicKey ed25519 = test_key("ed25519").public_key();
  const PublicKey rsa = test_key("rsa2048").public_key();
  const auto with_key = [&](std::string_view algorithm, Bytes blob) {
    return request("publickey", encode(msg::PublicKeyRequest{false, algorithm, blob, {}}));
  };
  const Payload truncated(rsa.blob().begin(), rsa.blob().end() - 1);
  const std::vector<std::pair<std::string, Payload>> cases = {
      {"password", request("password", encode(msg::PasswordRequest{false, {bytes_of("x")}, {}}))},
      {"an unheard-of method", request("telepathy@example.com", bytes_of("\x01\x02\x03"))},
      {"no method", request("")},
      {"SHA-1", with_key("ssh-rsa", rsa.blob())},
      {"an unheard-of algorithm", with_key("ssh-telepathy", ed25519.blob())},
      // Past vulnerability 16: security keys are not accepted yet, so there is no flag of theirs to overlook.
      {"a security key", with_key("sk-ssh-ed25519@openssh.com", ed25519.blob())},
      {"an algorithm for another key", with_key("rsa-sha2-512", ed25519.blob())},
      {"another algorithm for a key", with_key("ssh-ed25519", rsa.blob())},
      {"no key", with_key("ssh-ed25519", {})},
      {"not a key", with_key("ssh-ed25519", bytes_of("nonsense"))},
      {"a key cut short", with_key("rsa-sha2-512", truncated)},
  };
  for (const auto& [what, bytes] : cases) expect_refused(bytes, what);
  EXPECT_EQ(auth().failures(), cases.size());
}

TEST_F(ServerAuthTest, OnlyAcceptedAlgorithmsAreAccepted) {
  settings.accepted_algorithms = {"rsa-sha2-512"};
  const PrivateKey rsa = test_key("rsa2048");
  EXPECT_EQ(expect<AttemptAnswered>(signed_request(rsa, "rsa-sha2-256")).refusal,
            "signature algorithm rsa-sha2-256 not in PubkeyAcceptedAlgorithms");
  out.take_only<msg::UserauthFailure>();
  expect_attempt(signed_request(rsa, "rsa-sha2-512"));
}

TEST_F(ServerAuthTest, OnlyRequestsThatWereNotJudgedHaveAReason) {
  expect_attempt(signed_request(test_key("ed25519"), "ssh-ed25519"));
  EXPECT_EQ(std::get<AttemptAnswered>(auth().decide(LoginDecision::refuse)).refusal, "");
}

TEST_F(ServerAuthTest, WithoutPublickeyNothingHelps) {
  settings.publickey = false;
  expect_refused(signed_request(test_key("ed25519"), "ssh-ed25519"));
  EXPECT_EQ(continuing, "");
}

TEST_F(ServerAuthTest, BrokenRequestsEndTheConnection) {
  Payload cut = query(test_key("ed25519").public_key(), "ssh-ed25519");
  cut.pop_back();
  EXPECT_EQ(error_of(cut).substr(0, 21), "publickey: public_key") << error_of(cut);
  Payload longer = query(test_key("ed25519").public_key(), "ssh-ed25519");
  longer.push_back(0);
  EXPECT_NE(error_of(longer), "");
  EXPECT_NE(error_of(request("none", bytes_of("x"))), "");
  EXPECT_NE(error_of({50, 0, 0}), "");
}

TEST_F(ServerAuthTest, ChangeOfUserEndsTheConnection) {  // [4252-5-3] [4252-5-5] breaks
  receive(request("none", {}, "alice"));
  EXPECT_EQ(error_of(request("none", {}, "root")),
            "SSH_MSG_USERAUTH_REQUEST: user_name changed from \"alice\" to \"root\"");
}

TEST_F(ServerAuthTest, OtherServicesDoNotExist) {  // [4252-5-7] [4252-5-8] breaks
  for (const std::string_view other : {"", "ssh-userauth", "ssh-connection\n", "SSH-CONNECTION"}) {
    made.reset();
    try {
      receive(encode(msg::UserauthRequest{"alice", other, "none", {}}));
      ADD_FAILURE() << other;
    } catch (const ProtocolError& error) {
      EXPECT_EQ(error.reason(), DisconnectReason::service_not_available);
      EXPECT_NE(std::string_view(error.what()).find("service_name"), std::string_view::npos);
    }
  }
}

TEST_F(ServerAuthTest, TooManyFailuresEndTheConnection) {  // [4252-4-8] [4252-4-10] breaks
  settings.max_tries = 3;
  const PublicKey key = test_key("ed25519").public_key();
  receive(request("none"));
  for (int i = 0; i < 2; ++i) {
    expect_attempt(query(key, "ssh-ed25519"));
    auth().decide(LoginDecision::refuse);
  }
  expect_attempt(query(key, "ssh-ed25519"));
  out.take();
  EXPECT_NO_THROW(auth().end_if_exhausted());
  const auto answered = std::get<AttemptAnswered>(auth().decide(LoginDecision::refuse));
  EXPECT_TRUE(answered.last);
  EXPECT_EQ(answered.failures, 3u);
  EXPECT_TRUE(out.take().empty()) << "DISCONNECT is the answer";
  try {
    auth().end_if_exhausted();
    ADD_FAILURE() << "the third failure is the last";
  } catch (const ProtocolError& error) {
    EXPECT_EQ(error.reason(), DisconnectReason::no_more_auth_methods_available);
    EXPECT_STREQ(error.what(), "Too many authentication failures");
  }
  EXPECT_FALSE(auth().waiting());
  EXPECT_NE(error_of(query(key, "ssh-ed25519")), "");
}

// Past vulnerability 99: hunting for keys that would do.
TEST_F(ServerAuthTest, QueriesThatAreAcceptedAreBoundedAsWell) {
  settings.max_requests = 10;
  const Payload asked = query(test_key("ed25519").public_key(), "ssh-ed25519");
  for (int i = 0; i < 10; ++i) {
    expect_attempt(asked);
    auth().decide(LoginDecision::accept);
  }
  EXPECT_EQ(error_of(asked), "too many authentication requests; 10 is the limit");
}

// Past vulnerabilities 1 and 4. test/auth/server_auth_methods_test.cpp has every number in every state.
TEST_F(ServerAuthTest, MessagesOfTheServersAreNotTakenFromAClient) {  // [4252-6-4] breaks
  for (const std::uint8_t number : {51, 52, 53, 60, 62, 79}) {
    EXPECT_EQ(error_of({number}), fmt::format("message {}: during authentication a client sends only "
                                              "SSH_MSG_USERAUTH_REQUEST and answers to questions",
                                              number));
    EXPECT_FALSE(auth().done());
  }
}

TEST_F(ServerAuthTest, WhatFollowsSuccessIsIgnored) {  // [4252-5.1-12] [4252-5.1-13] [4252-5.3-1] keeps
  const PrivateKey key = test_key("ed25519");
  expect_attempt(signed_request(key, "ssh-ed25519"));
  auth().decide(LoginDecision::accept);
  out.take();
  EXPECT_FALSE(receive(signed_request(key, "ssh-ed25519")));
  EXPECT_FALSE(receive(request("none", {}, "root")));
  EXPECT_FALSE(receive({60}));
  EXPECT_TRUE(out.take().empty());
}

TEST_F(ServerAuthTest, OneRequestIsFinishedBeforeTheNext) {  // [4252-5.1-9] keeps
  expect_attempt(signed_request(test_key("ed25519"), "ssh-ed25519"));
  EXPECT_THROW(receive(request("none")), std::logic_error);
  auth().decide(LoginDecision::refuse);
  EXPECT_THROW(auth().decide(LoginDecision::accept), std::logic_error) << "a decision is used once";
}

TEST_F(ServerAuthTest, BannerComesOnceBeforeTheFirstAnswer) {  // [4252-5.4-1] [4252-5.4-5] keeps
  settings.banner = "Hello\nthere\r\n";
  receive(request("none"));
  const std::vector<Payload> sent = out.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(decode<msg::UserauthBanner>(sent[0]).message, "Hello\r\nthere\r\n");
  EXPECT_EQ(sent[1][0], msg::UserauthFailure::number);
  expect_refused(request("none"));
}

// RFC 4252 section 5.1 [4252-5.1-8]: pipelined; RFC 4252 section 4 [4252-4-5]: in any order.
TEST_F(ServerAuthTest, RequestsInOneGoAreAnsweredInTurn) {
  receive(request("none"));
  receive(request("password", encode(msg::PasswordRequest{false, {bytes_of("x")}, {}})));
  expect_attempt(query(test_key("ecdsa").public_key(), "ecdsa-sha2-nistp256"));
  auth().decide(LoginDecision::refuse);
  expect_attempt(signed_request(test_key("ed25519"), "ssh-ed25519"));
  auth().decide(LoginDecision::accept);
  std::vector<int> numbers;
  for (const Payload& sent : out.take()) numbers.push_back(sent[0]);
  EXPECT_EQ(numbers, (std::vector<int>{51, 51, 51})) << "and SUCCESS is its owner's to send";
  EXPECT_TRUE(auth().done());
}

}  // namespace
}  // namespace glassh
