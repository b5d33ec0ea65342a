// RFC 4256, the client's half.
#include "auth/client_auth_interactive.h"

#include <gtest/gtest.h>

#include "test/auth/client_auth_fixture.h"

namespace glassh {
namespace {

using test::ClientAuthTest;
using test::is;
using test::protocol_error_of;

constexpr std::string_view method = "keyboard-interactive";

struct ClientInteractiveTest : ClientAuthTest {
  std::vector<SecretBytes> answers(const std::vector<std::string>& texts) {
    std::vector<SecretBytes> list;
    for (const std::string& text : texts) list.emplace_back(bytes_of(text));
    return list;
  }
  std::vector<std::string> sent_answers() {
    const auto message = out.take_only<msg::UserauthInfoResponse>();
    std::vector<std::string> texts;
    for (const msg::Response& each : message.responses) texts.emplace_back(text_of(each.response.bytes));
    return texts;
  }
  // `none` is refused, and the method begins.
  void begin() {
    EXPECT_FALSE(start(method));
    const auto tail = expect_request<msg::KeyboardInteractiveRequest>();
    EXPECT_EQ(tail.language_tag, "");  // [4256-3.1-1]
    EXPECT_EQ(tail.submethods, "");    // [4256-3.1-6] keeps
  }
};

TEST_F(ClientInteractiveTest, AnswersAreInTheOrderOfThePrompts) {  // [4256-3.4-1] [4256-3.4-7] keeps
  begin();
  const auto event = receive(msg::UserauthInfoRequest{
      "Two factors", "Have your phone\nat hand.", "", {{"Password: ", false}, {"Code: ", true}, {"City: ", true}}});
  ASSERT_TRUE(is<AnswersWanted>(event));
  const auto& wanted = std::get<AnswersWanted>(*event);
  EXPECT_EQ(wanted.name, "Two factors");
  EXPECT_EQ(wanted.instruction, "Have your phone\nat hand.");
  ASSERT_EQ(wanted.prompts.size(), 3u);
  EXPECT_EQ(wanted.prompts[0].prompt, "Password: ");
  EXPECT_FALSE(wanted.prompts[0].echo);
  EXPECT_TRUE(wanted.prompts[1].echo);
  EXPECT_TRUE(auth().waiting());
  EXPECT_FALSE(auth().provide_answers(answers({"secret", "", "Z\xc3\xbcrich"})));
  EXPECT_EQ(sent_answers(), (std::vector<std::string>{"secret", "", "Z\xc3\xbcrich"}));  // [4256-3.3-17] keeps
  const auto end = receive(msg::UserauthSuccess{});
  EXPECT_EQ(std::get<AuthenticationSucceeded>(*end).method, method);
  EXPECT_FALSE(std::get<AuthenticationSucceeded>(*end).trivial);
}

TEST_F(ClientInteractiveTest, ThereMayBeManyRounds) {  // [4256-3.2-1] [4256-3.2-9] keeps
  begin();
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(is<AnswersWanted>(receive(msg::UserauthInfoRequest{"", "", "", {{"More? ", true}}})));
    auth().provide_answers(answers({"yes"}));
    EXPECT_EQ(sent_answers(), std::vector<std::string>{"yes"});
  }
  EXPECT_TRUE(is<AuthenticationSucceeded>(receive(msg::UserauthSuccess{})));
}

TEST_F(ClientInteractiveTest, NoPromptsAreAnsweredByNoAnswers) {  // [4256-3.4-6] keeps
  begin();
  const auto event = receive(msg::UserauthInfoRequest{"", "Look at your phone.", "", {}});
  ASSERT_TRUE(is<AnswersWanted>(event));
  EXPECT_TRUE(std::get<AnswersWanted>(*event).prompts.empty());
  EXPECT_FALSE(auth().provide_answers({}));
  EXPECT_TRUE(sent_answers().empty());
  // Past vulnerability 24: such a success is worth no more than that of `none`.
  EXPECT_TRUE(std::get<AuthenticationSucceeded>(*receive(msg::UserauthSuccess{})).trivial);
}

TEST_F(ClientInteractiveTest, AnotherNumberOfAnswersIsNotSent) {
  begin();
  receive(msg::UserauthInfoRequest{"", "", "", {{"One: ", true}}});
  EXPECT_THROW(auth().provide_answers({}), std::logic_error);
  EXPECT_THROW(auth().provide_answers(answers({"1", "2"})), std::logic_error);
  EXPECT_TRUE(out.take().empty());
}

TEST_F(ClientInteractiveTest, ItIsTriedAsOftenAsTheUserSays) {
  begin();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    receive(msg::UserauthInfoRequest{"", "", "", {{"Password: ", false}}});
    auth().provide_answers(answers({"wrong"}));
    out.take();
    const auto event = fail(method);
    EXPECT_EQ(is<AuthenticationFailed>(event), attempt == 3);
    if (attempt < 3) expect_request<msg::KeyboardInteractiveRequest>();
  }
}

TEST_F(ClientInteractiveTest, AServerThatAsksNothingIsNotTriedAgain) {
  begin();
  EXPECT_TRUE(is<AuthenticationFailed>(fail(method)));
}

TEST_F(ClientInteractiveTest, WhoDoesNotAnswerMayUseAnotherMethod) {  // [4252-5-13]
  start("keyboard-interactive,password");
  out.take();
  receive(msg::UserauthInfoRequest{"", "", "", {{"Code: ", false}}});
  EXPECT_TRUE(is<PasswordWanted>(auth().decline()));
  EXPECT_TRUE(out.take().empty());
}

// Past vulnerability 48: a count that the message does not hold costs nothing.
TEST_F(ClientInteractiveTest, AnAnnouncedCountAllocatesNothing) {
  begin();
  std::vector<std::uint8_t> bytes = encode(msg::UserauthInfoRequest{"", "", "", {{"One: ", true}}});
  bytes[13] = bytes[14] = bytes[15] = bytes[16] = 0xff;  // behind the number and three empty strings
  EXPECT_EQ(protocol_error_of([&] { auth().on_payload(bytes); }),
            "SSH_MSG_USERAUTH_INFO_REQUEST: prompts announces 4294967295 items, has 1");
}

// [4252-6-4] keeps: an INFO_RESPONSE leaves only in answer to a request.
TEST_F(ClientInteractiveTest, QuestionsComeOnlyInAnswerToARequest) {
  const msg::UserauthInfoRequest question{"", "", "", {{"Passphrase of your key: ", false}}};
  EXPECT_NE(error_of(question), "") << "before anything was asked";
  auth().start();
  EXPECT_NE(error_of(question), "") << "after none";
  out.take();
  fail("password");
  auth().provide_password(bytes_of("secret"));
  EXPECT_NE(error_of(question), "") << "after a password";
  made.reset();
  begin();
  receive(question);
  EXPECT_NE(error_of(question), "") << "a second one before the first was answered";
  EXPECT_NE(error_of(msg::UserauthSuccess{}), "") << "while the user thinks";
  auth().provide_answers(answers({"x"}));
  EXPECT_EQ(out.take().size(), 1u);
  EXPECT_TRUE(is<AnswersWanted>(receive(question)));
}

}  // namespace
}  // namespace glassh
