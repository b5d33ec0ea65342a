// RFC 4252 section 8 and RFC 4256, the server's half: passwords, questions, and several methods one after the other.
#include <fmt/format.h>

#include "test/auth/server_auth_fixture.h"

namespace glassh {
namespace {

using namespace test;

struct ServerAuthMethodsTest : ServerAuthFixture {
  ServerAuthMethodsTest() {
    settings.password = true;
    settings.keyboard_interactive = true;
    settings.max_tries = 100;
  }
  const PrivateKey key = test_key("ed25519");
  Payload with_key() const { return signed_request(key, "ssh-ed25519"); }
};

// ---- password

TEST_F(ServerAuthMethodsTest, PasswordIsForTheApplicationToJudge) {  // [4252-5.1-1] keeps
  const LoginAttempt attempt = expect_attempt(password_request("s3cret"));
  EXPECT_EQ(attempt.user, "alice");
  EXPECT_EQ(attempt.method, "password");
  EXPECT_EQ(text_of(attempt.password), "s3cret");
  EXPECT_EQ(attempt.key, nullptr);
  EXPECT_TRUE(attempt.proved);
  EXPECT_TRUE(out.take().empty()) << "nothing is said before the application has decided";
  expect_failure(auth().decide(LoginDecision::refuse));
  EXPECT_EQ(continuing, "publickey,password,keyboard-interactive");
  EXPECT_EQ(auth().failures(), 1u);

  const LoginComplete logged_in = expect_success(password_request("other"));
  EXPECT_EQ(logged_in.method, "password");
  EXPECT_EQ(logged_in.key, nullptr);
}

TEST_F(ServerAuthMethodsTest, PasswordComesAsItIs) {  // [4252-8-4] keeps
  for (const std::string& password :
       {std::string(), std::string("sch\xc3\xb6n"), std::string("nul\0nul", 7), std::string(1 << 16, 'x')}) {
    EXPECT_EQ(text_of(expect_attempt(password_request(password)).password), password);
    expect_failure(auth().decide(LoginDecision::refuse));
  }
}

// RFC 4252 section 8 [4252-8-13] [4252-8-14] [4252-8-15] keeps: FAILURE without partial success, since nothing was
// changed. Past vulnerability 99: also with empty passwords, which must not let anybody in.
TEST_F(ServerAuthMethodsTest, ChangeOfPasswordIsRefusedUnseen) {
  settings.empty_password = true;
  const std::string_view nul("\0", 1);
  for (const auto& [old, changed] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"old", "new"}, {"", ""}, {nul, nul}, {"same", "same"}}) {
    expect_refused(request("password", encode(msg::PasswordRequest{true, {bytes_of(old)}, {bytes_of(changed)}})));
  }
  EXPECT_EQ(auth().failures(), 4u);
  EXPECT_FALSE(auth().done());
}

TEST_F(ServerAuthMethodsTest, BrokenFieldsEndTheConnection) {
  for (const std::string_view method : {"password", "keyboard-interactive"}) {
    for (const Payload& fields : {Payload{}, Payload{0, 0, 0, 0}, Payload{0, 0, 0, 0, 9}, Payload(30, 0xff)}) {
      made.reset();
      EXPECT_NE(error_of(request(method, fields)), "") << method;
    }
  }
}

TEST_F(ServerAuthMethodsTest, WhatIsTurnedOffIsNotTried) {
  settings.password = settings.keyboard_interactive = false;
  expect_refused(password_request("s3cret"));
  expect_refused(keyboard_interactive_request());
  EXPECT_EQ(continuing, "publickey");  // [4252-5.1-2] keeps
}

// ---- none

TEST_F(ServerAuthMethodsTest, NoneIsForUsersWithAnEmptyPassword) {  // [4252-4-3] [4252-4-4] [4252-5.2-1] keeps
  settings.empty_password = true;
  const LoginAttempt attempt = expect_attempt(request("none"));
  EXPECT_EQ(attempt.method, "none");
  EXPECT_TRUE(attempt.password.empty());
  expect_failure(auth().decide(LoginDecision::refuse));  // [4252-5.2-2] keeps
  EXPECT_EQ(auth().failures(), 0u) << "the first is free";
  expect_refused(request("none"), "once is enough");

  made.reset();
  EXPECT_EQ(expect_success(request("none")).method, "none");
}

TEST_F(ServerAuthMethodsTest, NoneNeverHelpsWithoutPermission) {  // [4252-4-3] [4252-5.2-2] breaks
  expect_refused(request("none"));
  made.reset();
  settings.empty_password = true;
  settings.password = false;
  expect_refused(request("none"), "an empty password is a password, and those are off");
}

// Past vulnerability 9: where more than one method is needed, an empty password replaces none of them.
TEST_F(ServerAuthMethodsTest, EmptyPasswordSkipsNoMethod) {
  settings.empty_password = true;
  const std::vector<std::vector<std::string>> with_several = {{"publickey", "password"},
                                                              {"password", "publickey"},
                                                              {"publickey", "keyboard-interactive"},
                                                              {"publickey", "publickey"},
                                                              {"keyboard-interactive", "password"},
                                                              {"publickey"}};
  for (const auto& list : with_several) {
    made.reset();
    settings.methods = {list};
    const std::string shown = fmt::format("{}", fmt::join(list, ","));
    expect_refused(request("none"), shown);
    EXPECT_EQ(continuing, list[0]) << shown;
    if (list[0] == "password") continue;
    expect_refused(password_request(""), shown);
    expect_refused(request("none"), shown);
    EXPECT_FALSE(auth().done()) << shown;
  }
  made.reset();
  settings.methods = {{"password", "publickey"}};
  expect_partial(password_request(""));
  EXPECT_EQ(continuing, "publickey");
  expect_refused(request("none"));
  expect_refused(password_request(""));
  expect_success(with_key());

  made.reset();
  settings.methods = {{"none"}};
  expect_success(request("none"));
}

// ---- keyboard-interactive

TEST_F(ServerAuthMethodsTest, KeyboardInteractiveAsksForThePassword) {  // [4256-3.1-7] [4256-3.4-8] [4256-3-1] keeps
  expect_question(keyboard_interactive_request());
  EXPECT_FALSE(auth().waiting()) << "it is the client's turn, not the application's";
  const LoginAttempt attempt = expect_attempt(info_response({"s3cret"}));
  EXPECT_EQ(attempt.method, "keyboard-interactive");
  EXPECT_EQ(text_of(attempt.password), "s3cret");
  EXPECT_TRUE(out.take().empty()) << "no second question";  // [4256-3.2-2] keeps
  expect_failure(auth().decide(LoginDecision::refuse));     // [4256-3.4-9] [4256-3.4-10] keeps
  EXPECT_EQ(auth().failures(), 1u);

  expect_question(keyboard_interactive_request());
  EXPECT_EQ(expect_success(info_response({"right"})).method, "keyboard-interactive");
}

TEST_F(ServerAuthMethodsTest, AnswersMustBeAsManyAsQuestions) {  // [4256-3.4-5] breaks
  for (const auto& answers : std::vector<std::vector<std::string_view>>{{}, {"a", "b"}, {"", "", ""}}) {
    expect_question(keyboard_interactive_request());
    expect_refused(info_response(answers));
  }
  EXPECT_EQ(auth().failures(), 3u);
}

// Past vulnerability 48: the count is the peer's word.
TEST_F(ServerAuthMethodsTest, CountOfAnswersIsNotBelieved) {
  expect_question(keyboard_interactive_request());
  EXPECT_EQ(error_of({61, 0xff, 0xff, 0xff, 0xff}),
            "SSH_MSG_USERAUTH_INFO_RESPONSE: responses announces 4294967295 items, has 0");
}

TEST_F(ServerAuthMethodsTest, AnswersWithoutAQuestionEndTheConnection) {
  receive(request("none"));
  EXPECT_EQ(error_of(info_response({"x"})), "SSH_MSG_USERAUTH_INFO_RESPONSE: no question is open");
  for (const bool right : {false, true}) {  // the question is answered once
    made.reset();
    out.take();
    settings.methods = {{"keyboard-interactive", "publickey"}};
    expect_question(keyboard_interactive_request());
    expect_attempt(info_response({"x"}));
    auth().decide(right ? LoginDecision::accept : LoginDecision::refuse);
    EXPECT_NE(error_of(info_response({"x"})), "");
  }
}

TEST_F(ServerAuthMethodsTest, NewRequestAbandonsTheQuestion) {  // [4252-5-13] [4252-5-14] [4252-5.1-11] keeps
  expect_question(keyboard_interactive_request());
  expect_attempt(with_key());
  EXPECT_TRUE(out.take().empty()) << "no FAILURE for what was abandoned";
  expect_failure(auth().decide(LoginDecision::refuse));
  EXPECT_NE(error_of(info_response({"late"})), "");

  made.reset();
  expect_question(keyboard_interactive_request());
  expect_question(keyboard_interactive_request());
  expect_success(info_response({"right"}));
}

// Past vulnerability 17: naming a device often does not buy more tries, and a question that was asked is a try.
TEST_F(ServerAuthMethodsTest, NoWayToAskMoreOftenThanMaxAuthTries) {
  settings.max_tries = 3;
  std::string devices = "pam";
  for (int i = 0; i < 1000; ++i) devices += ",pam";
  int questions = 0;
  for (; questions < 3; ++questions) {
    expect_question(keyboard_interactive_request(devices));
    expect_attempt(info_response({"guess"}));
    const auto answered = std::get<AttemptAnswered>(auth().decide(LoginDecision::refuse));
    EXPECT_EQ(answered.last, questions == 2);
    out.take();
  }
  EXPECT_EQ(error_of(keyboard_interactive_request()), "Too many authentication failures");

  made.reset();
  out.take();
  for (int i = 0; i < 3; ++i) expect_question(keyboard_interactive_request(devices));
  const auto answered = expect<AttemptAnswered>(keyboard_interactive_request());
  EXPECT_TRUE(answered.last);
  EXPECT_TRUE(out.take().empty());
  EXPECT_THROW(auth().end_if_exhausted(), ProtocolError);
}

TEST_F(ServerAuthMethodsTest, EveryMethodCountsAsATry) {  // [4252-4-8] keeps; past vulnerability 17
  settings.max_tries = 5;
  receive(request("none"));
  expect_attempt(password_request("x"));
  auth().decide(LoginDecision::refuse);
  expect_attempt(query(key.public_key(), "ssh-ed25519"));
  auth().decide(LoginDecision::refuse);
  receive(request("none"));
  receive(keyboard_interactive_request());
  receive(info_response({}));
  out.take();
  EXPECT_EQ(auth().failures(), 4u);
  EXPECT_TRUE(expect<AttemptAnswered>(request("hostbased")).last);
  EXPECT_TRUE(out.take().empty()) << "DISCONNECT is the answer";
  EXPECT_EQ(error_of(with_key()), "Too many authentication failures");
}

// ---- several methods

// RFC 4252 section 5.1 [4252-5.1-3] [4252-5.1-4] [4252-5.1-7] keeps.
TEST_F(ServerAuthMethodsTest, ListOfMethodsIsDoneInItsOrder) {
  settings.methods = {{"publickey", "password"}, {"publickey", "keyboard-interactive"}};
  expect_refused(request("none"));
  EXPECT_EQ(continuing, "publickey");
  expect_refused(password_request("right, but too early"));
  expect_refused(keyboard_interactive_request());
  expect_partial(with_key());
  EXPECT_EQ(continuing, "password,keyboard-interactive");
  expect_refused(with_key(), "has been passed");
  expect_attempt(password_request("wrong"));
  expect_failure(auth().decide(LoginDecision::refuse));
  EXPECT_EQ(continuing, "password,keyboard-interactive") << "what was right stays right";
  expect_question(keyboard_interactive_request());
  const LoginComplete logged_in = expect_success(info_response({"right"}));
  EXPECT_EQ(logged_in.method, "keyboard-interactive");
  EXPECT_EQ(logged_in.key, nullptr) << "the key of an earlier method is the application's to remember";
}

TEST_F(ServerAuthMethodsTest, TwoKeysMustBeTwo) {
  settings.methods = {{"publickey", "publickey"}};
  const PrivateKey second = PrivateKey::generate("ssh-ed25519", rng);
  expect_partial(with_key());
  EXPECT_EQ(continuing, "publickey");
  expect_refused(with_key());
  expect_refused(query(key.public_key(), "ssh-ed25519"));
  expect_refused(signed_request(key, "ssh-ed25519", {.hostbound = true}));
  EXPECT_EQ(expect_success(signed_request(second, "ssh-ed25519")).key->key(), second.public_key());
}

// Two RSA algorithms are one key.
TEST_F(ServerAuthMethodsTest, OneKeyUnderTwoAlgorithmsIsOneKey) {
  settings.methods = {{"publickey", "publickey"}};
  const PrivateKey rsa = test_key("rsa2048");
  expect_partial(signed_request(rsa, "rsa-sha2-512"));
  expect_refused(signed_request(rsa, "rsa-sha2-256"));
}

// A query is no factor: past vulnerability 11.
TEST_F(ServerAuthMethodsTest, QueryIsNoPartialSuccess) {
  settings.methods = {{"publickey", "password"}};
  expect_attempt(query(key.public_key(), "ssh-ed25519"));
  const auto answered = std::get<AttemptAnswered>(auth().decide(LoginDecision::accept));
  EXPECT_EQ(answered.outcome, Outcome::postponed);
  EXPECT_EQ(answered.key->key(), key.public_key());
  out.take_only<msg::UserauthPkOk>();
  expect_refused(password_request("right"));
  EXPECT_EQ(continuing, "publickey");
}

// Past vulnerability 13: what one user has proved is nothing to another.
TEST_F(ServerAuthMethodsTest, PartialSuccessIsNoOtherUsers) {  // [4252-5-4] [4252-5-5] breaks
  settings.methods = {{"publickey", "password"}};
  expect_partial(with_key());
  EXPECT_EQ(error_of(request("password", encode(msg::PasswordRequest{false, {bytes_of("right")}, {}}), "bob")),
            "SSH_MSG_USERAUTH_REQUEST: user_name changed from \"alice\" to \"bob\"");
  EXPECT_FALSE(auth().done());
}

TEST_F(ServerAuthMethodsTest, ImpossibleListsLetNobodyIn) {
  settings.methods = {{"publickey", "password"}};
  settings.password = false;
  EXPECT_EQ(error_of(with_key()),
            "no authentication methods enabled: AuthenticationMethods asks for what is turned off");
  EXPECT_FALSE(auth().done());
}

// Past vulnerabilities 22 and 99: whatever method is asked for that is not offered fails, and nothing else happens.
TEST_F(ServerAuthMethodsTest, MethodsThatAreNotOfferedFail) {  // [4252-5-11] keeps
  settings.max_tries = 1000;
  const std::string_view nul("\0", 1);
  const std::string long_name(300, 'p');
  for (const std::string_view method :
       {std::string_view(""), nul, std::string_view("gssapi-with-mic"), std::string_view("gssapi-keyex"),
        std::string_view("hostbased"), std::string_view("Password"), std::string_view("password "),
        std::string_view("password\0", 9), std::string_view("publickey-hostbound-v01@openssh.com"),
        std::string_view("keyboard-interactive,password"), std::string_view("success"), std::string_view(long_name),
        std::string_view("%n%s%x")}) {
    for (const Payload& fields : {Payload{}, Payload{0}, Payload{1, 0, 0, 0, 0}, Payload(100, 0xff)}) {
      expect_refused(request(method, fields), std::string(method));
    }
  }
  EXPECT_FALSE(auth().done());
}

// ---- past vulnerabilities 1, 3, 4 and 5: every number in every state, whoever it belongs to

TEST_F(ServerAuthMethodsTest, EveryNumberInEveryStateOfTheLogin) {
  enum class Before { nothing, a_failure, a_question, a_partial_success };
  for (const Before before : {Before::nothing, Before::a_failure, Before::a_question, Before::a_partial_success}) {
    for (int number = 50; number < 80; ++number) {
      for (const std::size_t size : {0, 1, 4, 5, 40}) {
        made.reset();
        settings.methods = {};
        if (before == Before::a_partial_success) settings.methods = {{"publickey", "keyboard-interactive"}};
        if (before == Before::a_failure) receive(request("none"));
        if (before == Before::a_question) receive(keyboard_interactive_request());
        if (before == Before::a_partial_success) expect_partial(with_key());
        out.take();
        Payload bytes(size + 1, 0);
        bytes[0] = static_cast<std::uint8_t>(number);
        // An INFO_RESPONSE behind a question: four zeros are no answers at all, which is a failure.
        const bool is_answer = number == 61 && before == Before::a_question && size == 4;
        EXPECT_EQ(error_of(bytes) == "", is_answer) << number << " of size " << size;
        EXPECT_FALSE(auth().done());
        for (const Payload& sent : out.take()) EXPECT_EQ(sent[0], msg::UserauthFailure::number);
      }
    }
  }
}

}  // namespace
}  // namespace glassh
