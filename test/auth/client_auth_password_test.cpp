// RFC 4252 section 8, the client's half: passwords, and their change.
#include "auth/client_auth_password.h"

#include <gtest/gtest.h>

#include "test/auth/client_auth_fixture.h"

namespace glassh {
namespace {

using test::ClientAuthTest;
using test::is;
using test::protocol_error_of;

struct ClientPasswordTest : ClientAuthTest {
  void expect_password(std::string_view password) {
    const auto tail = expect_request<msg::PasswordRequest>();
    EXPECT_FALSE(tail.change);
    EXPECT_EQ(text_of(tail.password.bytes), password);
  }
};

TEST_F(ClientPasswordTest, APasswordLogsIn) {  // [4252-8-2] keeps
  const auto wanted = start("password");
  ASSERT_TRUE(is<PasswordWanted>(wanted));
  EXPECT_EQ(std::get<PasswordWanted>(*wanted).attempt, 1u);
  EXPECT_TRUE(auth().waiting());
  EXPECT_TRUE(out.take().empty());
  EXPECT_FALSE(auth().provide_password(bytes_of("g\xc3\xa4st")));
  expect_password("g\xc3\xa4st");
  const auto event = receive(msg::UserauthSuccess{});
  EXPECT_EQ(std::get<AuthenticationSucceeded>(*event).method, "password");
  EXPECT_FALSE(std::get<AuthenticationSucceeded>(*event).identity);
  EXPECT_FALSE(std::get<AuthenticationSucceeded>(*event).trivial);
}

TEST_F(ClientPasswordTest, AWrongPasswordMayBeTypedAgainAsOftenAsTheUserSays) {
  for (const unsigned prompts : {1u, 3u}) {
    made.reset();
    settings.password_prompts = prompts;
    auto event = start("password");
    for (unsigned attempt = 1; attempt <= prompts; ++attempt) {
      ASSERT_TRUE(is<PasswordWanted>(event));
      EXPECT_EQ(std::get<PasswordWanted>(*event).attempt, attempt);
      auth().provide_password(bytes_of("wrong"));
      expect_password("wrong");
      event = fail("password");
    }
    EXPECT_TRUE(is<AuthenticationFailed>(event));
  }
}

TEST_F(ClientPasswordTest, WhoDoesNotAnswerIsNotAskedAgain) {
  start("password");
  EXPECT_TRUE(is<AuthenticationFailed>(auth().decline()));
  EXPECT_TRUE(out.take().empty());
}

TEST_F(ClientPasswordTest, AnExpiredPasswordIsChanged) {  // [4252-8-12] keeps
  start("password");
  auth().provide_password(bytes_of("old"));
  out.take();
  for (const std::string_view prompt : {"Your password has expired.", "Too short."}) {
    const auto event = receive(msg::UserauthPasswdChangereq{prompt, ""});
    ASSERT_TRUE(is<PasswordChangeWanted>(event));
    EXPECT_EQ(std::get<PasswordChangeWanted>(*event).prompt, prompt);
    EXPECT_FALSE(auth().provide_new_password(bytes_of("old"), bytes_of("new")));
    const auto tail = expect_request<msg::PasswordRequest>();
    EXPECT_TRUE(tail.change);
    EXPECT_EQ(text_of(tail.password.bytes), "old");
    EXPECT_EQ(text_of(tail.new_password.bytes), "new");
  }
  EXPECT_TRUE(is<AuthenticationSucceeded>(receive(msg::UserauthSuccess{})));
}

TEST_F(ClientPasswordTest, WhoKeepsTheOldPasswordMayTryAnotherMethod) {  // [4252-8-12] keeps
  settings.methods = {"password", "publickey"};
  start("password,publickey");
  auth().provide_password(bytes_of("old"));
  out.take();
  receive(msg::UserauthPasswdChangereq{"Your password has expired.", ""});
  EXPECT_FALSE(with_identities(auth().decline()));
  expect_query(ed25519.public_key(), "ssh-ed25519");
}

// 60 is PK_OK, PASSWD_CHANGEREQ or INFO_REQUEST: what it is depends on the last request, and without one it is nothing.
TEST_F(ClientPasswordTest, AChangeIsAskedForOnlyInAnswerToAPassword) {
  const msg::UserauthPasswdChangereq change{"Type your passphrase here: ", ""};
  EXPECT_NE(error_of(change), "") << "before anything was asked";
  auth().start();
  EXPECT_NE(error_of(change), "") << "after none";
  out.take();
  fail("password");
  EXPECT_NE(error_of(change), "") << "before a password was sent";
  auth().provide_password(bytes_of("secret"));
  EXPECT_TRUE(is<PasswordChangeWanted>(receive(change)));
  EXPECT_NE(error_of(change), "") << "twice";
  EXPECT_NE(error_of(msg::UserauthSuccess{}), "") << "while the user thinks";
  EXPECT_NE(protocol_error_of([&] { auth().on_payload(test::Payload{61}); }), "");
}

TEST_F(ClientPasswordTest, ItsLengthShowsOnlyInSteps) {
  std::vector<std::size_t> sizes;
  for (const std::size_t length : {0, 1, 7, 8, 15}) {
    made.reset();
    start("password");
    auth().provide_password(std::vector<std::uint8_t>(length, 'x'));
    sizes.push_back(out.writer.backlog());
    out.take();
  }
  EXPECT_EQ(sizes, std::vector<std::size_t>(sizes.size(), sizes[0]));
}

TEST_F(ClientPasswordTest, AnAnswerToAnotherQuestionIsOurOwnMistake) {
  start("password");
  EXPECT_THROW(auth().provide_answers({}), std::logic_error);
  EXPECT_THROW(auth().provide_signature({}), std::logic_error);
  EXPECT_THROW(auth().provide_new_password({}, {}), std::logic_error);
  EXPECT_THROW(auth().provide_identities({}), std::logic_error);
  EXPECT_THROW(auth().provide_public_half(rsa.public_key()), std::logic_error);
  auth().provide_password({});
  EXPECT_THROW(auth().provide_password({}), std::logic_error);
}

}  // namespace
}  // namespace glassh
