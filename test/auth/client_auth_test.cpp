// RFC 4252 sections 4 to 7 and RFC 8332, the client's half, with answers made by hand.
#include "auth/client_auth.h"

#include <gtest/gtest.h>

#include "auth/server_auth.h"
#include "test/auth/client_auth_fixture.h"

namespace glassh {
namespace {

using test::ClientAuthTest;
using test::is;
using test::Payload;
using test::protocol_error_of;

TEST_F(ClientAuthTest, NoneIsAskedFirst) {  // [4252-4-2] [4252-5-1] keeps
  auth().start();
  const auto request = out.take_only<msg::UserauthRequest>();
  EXPECT_EQ(request.user_name, "alice");
  EXPECT_EQ(request.service_name, "ssh-connection");
  EXPECT_EQ(request.method_name, "none");
  EXPECT_TRUE(request.method_fields.bytes.empty());
  EXPECT_THROW(auth().start(), std::logic_error);
}

TEST_F(ClientAuthTest, NoneMayBeEnough) {
  auth().start();
  const auto event = receive(msg::UserauthSuccess{});
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<AuthenticationSucceeded>(*event).method, "none");
  EXPECT_FALSE(std::get<AuthenticationSucceeded>(*event).identity);
  EXPECT_TRUE(std::get<AuthenticationSucceeded>(*event).trivial);  // past vulnerability 24
  EXPECT_TRUE(auth().done());
}

TEST_F(ClientAuthTest, KeyIsOfferedThenSignsThenLogsIn) {  // [4252-7-1] [4252-7-11] [4252-7-13] keeps
  start();
  const UserSignatureWanted wanted = reach_signature(ed25519.public_key(), "ssh-ed25519");
  EXPECT_EQ(wanted.identity, 0u);
  EXPECT_EQ(wanted.algorithm, "ssh-ed25519");
  EXPECT_TRUE(auth().waiting());
  EXPECT_TRUE(out.take().empty());

  const auto signature = ed25519.sign(wanted.algorithm, wanted.data);
  EXPECT_FALSE(auth().provide_signature(signature));
  EXPECT_FALSE(auth().waiting());
  const auto request = out.take_only<msg::UserauthRequest>();
  const auto tail = decode<msg::PublicKeyRequest>(request.method_fields.bytes);
  EXPECT_TRUE(tail.has_signature);
  EXPECT_TRUE(equal(tail.signature, signature));
  // What was signed is the session identifier and what was sent.
  const Bytes sent = Bytes(out.kept).first(out.kept.size() - 4 - signature.size());
  std::vector<std::uint8_t> expected = {0, 0, 0, 32};
  expected.insert(expected.end(), session_id.begin(), session_id.end());
  expected.insert(expected.end(), sent.begin(), sent.end());
  EXPECT_TRUE(equal(wanted.data, expected));

  const auto event = receive(msg::UserauthSuccess{});
  EXPECT_EQ(std::get<AuthenticationSucceeded>(*event).method, "publickey");
  EXPECT_EQ(std::get<AuthenticationSucceeded>(*event).identity, 0u);
  EXPECT_FALSE(std::get<AuthenticationSucceeded>(*event).trivial);
  EXPECT_TRUE(auth().done());
}

TEST_F(ClientAuthTest, IdentitiesAreTriedInOrderAndOneAtATime) {  // [4252-5.1-10] keeps
  start();
  expect_query(ed25519.public_key(), "ssh-ed25519");
  EXPECT_FALSE(fail());
  const UserSignatureWanted wanted = reach_signature(rsa.public_key(), "rsa-sha2-512");
  EXPECT_EQ(wanted.identity, 1u);
  EXPECT_FALSE(auth().provide_signature(rsa.sign(wanted.algorithm, wanted.data)));
  out.take();
  const auto event = fail("publickey,hostbased");
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<AuthenticationFailed>(*event).methods_that_can_continue, "publickey,hostbased");
  EXPECT_FALSE(auth().done());
  EXPECT_TRUE(out.take().empty());
}

TEST_F(ClientAuthTest, NothingIsTriedThatTheServerDoesNotTake) {
  for (const std::string_view methods : {"", "hostbased", "publickey2,xpublickey", "PUBLICKEY"}) {
    made.reset();
    auth().start();
    out.take();
    const auto event = fail(methods);
    ASSERT_TRUE(event) << methods;
    EXPECT_TRUE(std::holds_alternative<AuthenticationFailed>(*event));
    EXPECT_TRUE(out.take().empty());
  }
}

TEST_F(ClientAuthTest, MethodsAreFoundAnywhereInTheList) {
  for (const std::string_view methods : {"publickey", "publickey,password", "password,publickey", "a,publickey,b"}) {
    made.reset();
    auth().start();
    out.take();
    EXPECT_FALSE(fail(methods)) << methods;
    expect_query(ed25519.public_key(), "ssh-ed25519");
  }
}

TEST_F(ClientAuthTest, AlgorithmFollowsWhatTheServerAccepts) {
  identities = {Credential(rsa.public_key())};
  struct Case {
    std::vector<std::string> server;
    std::vector<std::string> ours;
    std::string chosen;  // empty: the key is skipped
  };
  const std::vector<std::string> both = {"rsa-sha2-512", "rsa-sha2-256"};
  const std::vector<Case> cases = {
      {{}, both, "rsa-sha2-512"},  // RFC 8332 section 3.3 [8332-3.3-2], RFC 8308 section 3.1 [8308-3.1-6] [8308-3.1-7]
      {{}, {"rsa-sha2-256"}, "rsa-sha2-256"},
      {{"rsa-sha2-256", "rsa-sha2-512"}, both, "rsa-sha2-512"},
      {{"ssh-ed25519", "rsa-sha2-256"}, both, "rsa-sha2-256"},  // [8308-3.1-2]
      {{"ssh-rsa", "ssh-ed25519"}, both, ""},                   // [8332-5.2-1]: no SHA-1, whatever the server takes
      {{"rsa-sha2-512"}, {"rsa-sha2-256", "ssh-ed25519"}, ""},
  };
  for (const Case& each : cases) {
    made.reset();
    server_sig_algs = each.server;
    settings.accepted_algorithms = each.ours;
    auth().start();
    out.take();
    const auto event = fail();
    if (each.chosen.empty()) {
      ASSERT_TRUE(event);
      EXPECT_TRUE(std::holds_alternative<AuthenticationFailed>(*event));
      EXPECT_TRUE(out.take().empty());
    } else {
      expect_query(rsa.public_key(), each.chosen);
    }
  }
}

TEST_F(ClientAuthTest, KeyThatCannotSignIsPassedOver) {
  start();
  reach_signature(ed25519.public_key(), "ssh-ed25519");
  EXPECT_FALSE(auth().decline());
  reach_signature(rsa.public_key(), "rsa-sha2-512");
  EXPECT_TRUE(is<AuthenticationFailed>(auth().decline()));
  EXPECT_THROW(auth().decline(), std::logic_error);
}

// [8332-3.2-1] keeps; an agent that answers with another algorithm is not believed.
TEST_F(ClientAuthTest, SignatureByAnotherAlgorithmIsNotSent) {
  const std::vector<std::vector<std::uint8_t>> wrong = {
      rsa.sign("rsa-sha2-256", bytes_of("data")), copy_of(bytes_of("nonsense")), {}};
  for (const auto& signature : wrong) {
    made.reset();
    identities = {Credential(rsa.public_key())};
    start();
    reach_signature(rsa.public_key(), "rsa-sha2-512");
    EXPECT_TRUE(is<AuthenticationFailed>(auth().provide_signature(signature)));
    EXPECT_TRUE(out.take().empty());
  }
}

TEST_F(ClientAuthTest, AKeyThatIsNotKnownYetIsAskedForWhenItsTurnComes) {
  identities = {std::nullopt, std::nullopt, Credential(ed25519.public_key())};
  const auto event = start();
  ASSERT_TRUE(is<PublicHalfWanted>(event));
  EXPECT_EQ(std::get<PublicHalfWanted>(*event).identity, 0u);
  EXPECT_TRUE(out.take().empty());
  EXPECT_FALSE(auth().provide_public_half(rsa.public_key()));
  expect_query(rsa.public_key(), "rsa-sha2-512");
  ASSERT_TRUE(is<PublicHalfWanted>(fail()));
  EXPECT_FALSE(auth().decline());  // the passphrase is not known
  const UserSignatureWanted wanted = reach_signature(ed25519.public_key(), "ssh-ed25519");
  EXPECT_EQ(wanted.identity, 2u);
}

TEST_F(ClientAuthTest, IdentitiesAreAskedForOnlyIfTheServerTakesKeys) {
  auth().start();
  payload = encode(msg::UserauthFailure{NameList{"password"}, false});
  EXPECT_TRUE(is<PasswordWanted>(auth().on_payload(payload)));
  made.reset();
  auth().start();
  payload = encode(msg::UserauthFailure{NameList{"publickey"}, false});
  EXPECT_TRUE(is<IdentitiesWanted>(auth().on_payload(payload)));
  EXPECT_TRUE(auth().waiting());
  EXPECT_TRUE(is<AuthenticationFailed>(auth().decline()));
}

TEST_F(ClientAuthTest, HostBoundSignaturesCoverTheServersKey) {  // OpenSSH PROTOCOL section 3.1
  server_takes_host_bound = true;
  start();
  const UserSignatureWanted wanted = reach_signature(ed25519.public_key(), "ssh-ed25519");
  const auto signature = ed25519.sign(wanted.algorithm, wanted.data);
  EXPECT_FALSE(auth().provide_signature(signature));
  const auto tail = expect_request<msg::PublicKeyHostboundRequest>();
  EXPECT_TRUE(equal(tail.server_host_key, host_key));
  EXPECT_TRUE(equal(tail.signature, signature));
  const Bytes sent = Bytes(out.kept).first(out.kept.size() - 4 - signature.size());
  EXPECT_TRUE(equal(Bytes(wanted.data).last(sent.size()), sent));
}

TEST_F(ClientAuthTest, HostBoundSignaturesAreMadeOnlyForServersThatTakeThemAndNotIfTheUserForbids) {
  settings.host_bound = false;
  for (const bool taken : {true, false}) {
    made.reset();
    server_takes_host_bound = taken;
    settings.host_bound = !taken;
    start();
    const UserSignatureWanted wanted = reach_signature(ed25519.public_key(), "ssh-ed25519");
    EXPECT_FALSE(auth().provide_signature(ed25519.sign(wanted.algorithm, wanted.data)));
    EXPECT_TRUE(expect_request<msg::PublicKeyRequest>().has_signature);
  }
}

// --- several methods -------------------------------------------------------------------------------------------------

TEST_F(ClientAuthTest, MethodsAreTriedInTheUsersOrder) {
  struct Case {
    std::vector<std::string> ours;
    std::string_view servers;
    std::string_view tried;  // in this order; each is declined
  };
  const std::vector<std::string> standard = {"publickey", "keyboard-interactive", "password"};
  const Case cases[] = {
      {standard, "password,keyboard-interactive,publickey", "publickey keyboard-interactive password"},
      {standard, "password,gssapi-with-mic,hostbased", "password"},
      {{"password", "publickey"}, "publickey,password,keyboard-interactive", "password publickey"},
      {{"password"}, "publickey,keyboard-interactive", ""},
      {{"password", "password"}, "password", "password"},
      {{"hostbased", "x", "password"}, "x,hostbased,password", "password"},
      {{}, "publickey,password", ""},
  };
  for (const Case& each : cases) {
    made.reset();
    settings.methods = each.ours;
    identities = {Credential(ed25519.public_key())};
    std::string tried;
    auto event = start(each.servers);
    while (!is<AuthenticationFailed>(event)) {
      const std::vector<Payload> sent = out.take();
      if (!sent.empty()) {
        const auto request = decode<msg::UserauthRequest>(sent.at(0));
        tried += std::string(request.method_name) + " ";
        event = fail(each.servers);
        continue;
      }
      ASSERT_TRUE(is<PasswordWanted>(event));
      tried += "password ";
      event = with_identities(auth().decline());
    }
    if (!tried.empty()) tried.pop_back();
    EXPECT_EQ(tried, each.tried) << each.servers;
  }
}

TEST_F(ClientAuthTest, PartialSuccessGoesOnWithTheNextKey) {  // [4252-5.1-4] keeps
  start();
  sign(ed25519, "ssh-ed25519");
  EXPECT_FALSE(fail("publickey", true));
  expect_query(rsa.public_key(), "rsa-sha2-512");
}

TEST_F(ClientAuthTest, AfterPartialSuccessARefusedKeyMayBeRightButNotAUsedOne) {
  start();
  expect_query(ed25519.public_key(), "ssh-ed25519");
  fail();
  sign(rsa, "rsa-sha2-512");
  EXPECT_FALSE(fail("publickey", true));
  sign(ed25519, "ssh-ed25519");
  const auto event = receive(msg::UserauthSuccess{});
  EXPECT_EQ(std::get<AuthenticationSucceeded>(*event).identity, 0u);
}

TEST_F(ClientAuthTest, PartialSuccessGoesOnWithAnotherMethod) {  // [4252-5.1-4] keeps
  start("publickey");
  sign(ed25519, "ssh-ed25519");
  ASSERT_TRUE(is<PasswordWanted>(fail("password", true)));
  EXPECT_FALSE(auth().provide_password(bytes_of("secret")));
  out.take();
  const auto event = receive(msg::UserauthSuccess{});
  EXPECT_EQ(std::get<AuthenticationSucceeded>(*event).method, "password");
}

// A query was not right, whatever the flag says: a server that says so each time does not keep us busy for ever.
TEST_F(ClientAuthTest, PartialSuccessOfAQueryIsNone) {
  start();
  std::optional<ClientAuthEvent> event;
  for (int queries = 0; queries < 2; ++queries) {
    EXPECT_EQ(out.take().size(), 1u);
    event = fail("publickey", true);
  }
  EXPECT_TRUE(is<AuthenticationFailed>(event));
}

// Past vulnerability 12, from the other side: a signature is made by the key that was asked about or not at all.
TEST_F(ClientAuthTest, AnswerAboutAnotherKeyEndsTheConnection) {  // [4252-7-10] breaks
  start();
  out.take();
  EXPECT_NE(error_of(msg::UserauthPkOk{"ssh-ed25519", rsa.public_key().blob()}), "");
  EXPECT_EQ(error_of(msg::UserauthPkOk{"ssh-rsa", ed25519.public_key().blob()}),
            "SSH_MSG_USERAUTH_PK_OK: algorithm \"ssh-rsa\" and public_key are not the ones that we asked about");
  EXPECT_FALSE(auth().waiting());
}

// Node's ssh2 answers so; what was asked about and is signed with is RSA with SHA-2 all the same.
TEST_F(ClientAuthTest, AnswerWithTheNameOfTheKeysTypeIsUnderstood) {
  identities = {Credential(rsa.public_key())};
  start();
  expect_query(rsa.public_key(), "rsa-sha2-512");
  const auto event = receive(msg::UserauthPkOk{"ssh-rsa", rsa.public_key().blob()});
  ASSERT_TRUE(is<UserSignatureWanted>(event));
  EXPECT_EQ(std::get<UserSignatureWanted>(*event).algorithm, "rsa-sha2-512");
}

// What a server may send when; everything else ends the connection.
TEST_F(ClientAuthTest, AnswersToNothingEndTheConnection) {  // [4252-5.1-12] breaks
  const auto check = [&](std::string_view when, bool success, bool failure, bool pk_ok) {
    if (!success) {
      EXPECT_NE(error_of(msg::UserauthSuccess{}), "") << when;
    }
    if (!failure) {
      EXPECT_NE(error_of(msg::UserauthFailure{NameList{"publickey"}, false}), "") << when;
    }
    if (!pk_ok) {
      EXPECT_NE(error_of(msg::UserauthPkOk{"ssh-ed25519", ed25519.public_key().blob()}), "") << when;
    }
  };
  identities = {Credential(ed25519.public_key())};
  check("before anything was asked", false, false, false);
  auth().start();
  check("after none", true, true, false);
  out.take();
  fail();
  check("after a query", false, true, true);  // [4252-7-9] breaks
  const UserSignatureWanted wanted = reach_signature(ed25519.public_key(), "ssh-ed25519");
  check("while a signature is made", false, false, false);
  auth().provide_signature(ed25519.sign(wanted.algorithm, wanted.data));
  check("after the signature", true, true, false);
  EXPECT_TRUE(receive(msg::UserauthSuccess{}));
  check("after success", false, false, false);
  EXPECT_NE(error_of(msg::UserauthBanner{"hello", ""}), "");
}

TEST_F(ClientAuthTest, MessagesOfAClientAreNotTakenFromAServer) {
  auth().start();
  for (const std::uint8_t number : {50, 54, 61, 66, 79}) {
    EXPECT_NE(protocol_error_of([&] { auth().on_payload(Payload{number}); }), "") << int{number};
  }
}

TEST_F(ClientAuthTest, BannersComeAtAnyTimeBeforeSuccess) {  // [4252-5.4-1] keeps
  auth().start();
  for (int i = 0; i < 2; ++i) {
    const auto event = receive(msg::UserauthBanner{"Hello\x1b[2J\r\n", ""});
    ASSERT_TRUE(event);
    EXPECT_EQ(std::get<BannerArrived>(*event).message, "Hello\x1b[2J\r\n") << "as it came; showing it is another's job";
    out.take();
    fail();
  }
}

// Both halves together, message by message: what one sends the other takes.
TEST_F(ClientAuthTest, ClientAndServerAgree) {
  test::PlainWriter server_out;
  ServerAuthSettings server_settings;
  server_settings.accepted_algorithms = {"rsa-sha2-256"};
  ServerAuth server(session_id, {}, server_out.writer, nullptr);
  server_sig_algs = {"rsa-sha2-256"};
  auth().start();
  bool logged_in = false;
  for (int round = 0; round < 20 && !auth().done(); ++round) {
    for (const Payload& sent : out.take()) {
      const auto asked = server.on_payload(sent);
      if (asked && std::holds_alternative<AuthSettingsWanted>(*asked)) {
        server.provide_settings(server_settings);  // for the `none` request
        continue;
      }
      ASSERT_TRUE(asked && std::holds_alternative<LoginAttempt>(*asked));
      logged_in = std::holds_alternative<LoginComplete>(server.decide(LoginDecision::accept));
      if (logged_in) server_out.writer.send(msg::UserauthSuccess{});  // by its owner
    }
    for (const Payload& answer : server_out.take()) {
      const auto event = with_identities(auth().on_payload(answer));
      if (!is<UserSignatureWanted>(event)) continue;
      const auto& wanted = std::get<UserSignatureWanted>(*event);
      EXPECT_FALSE(auth().provide_signature(rsa.sign(wanted.algorithm, wanted.data)));
    }
  }
  EXPECT_TRUE(auth().done());
  EXPECT_TRUE(logged_in);
  EXPECT_EQ(server.failures(), 0u) << "the key that the server cannot take was not tried";
}

}  // namespace
}  // namespace glassh
