// What a person sees and answers while logging in, with a server that says what the test says.
#include "client/client_login.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/client/ssh_client_fixture.h"
#include "test/client/terminal/person.h"

namespace glassh {
namespace {

using Login = ScriptedServerSettings::Login;
using testing::HasSubstr;
using testing::Not;

class LoginTest : public SshClientTest {
 protected:
  LoginTest() {
    config_.batch_mode = false;
    config_.session_type = SessionType::none;
  }

  // The client runs at a terminal, where a person answers these questions in this order.
  Result run_at_terminal(std::function<Login(PacketWriter&, Bytes)> login,
                         std::vector<std::pair<std::string, std::string>> dialogue) {
    Person person;
    terminal_ = person.terminal();
    screen_.clear();
    std::size_t next = 0;
    std::size_t seen = 0;
    meanwhile_ = [&, dialogue = std::move(dialogue)] {
      screen_ += person.sees();
      if (next == dialogue.size()) return;
      const std::size_t at = screen_.find(dialogue[next].first, seen);
      if (at == std::string::npos) return;
      seen = at + dialogue[next].first.size();
      person.types(dialogue[next++].second);
    };
    const Result result = run({.login = std::move(login), .script = [](PacketWriter&, Bytes) { return false; }}, "");
    screen_ += person.sees_all();
    return result;
  }

  // A server that takes these methods and answers each request of another kind with `answer`.
  std::function<Login(PacketWriter&, Bytes)> server(std::string methods,
                                                    std::function<Login(PacketWriter&, Bytes)> answer) {
    return [this, methods, answer](PacketWriter& writer, Bytes payload) {
      if (payload[0] == message_number::userauth_request) {
        const auto request = decode<msg::UserauthRequest>(payload);
        requests_.emplace_back(request.method_name);
        if (request.method_name == "none") return refuse(writer, methods);
      }
      return answer(writer, payload);
    };
  }
  static Login refuse(PacketWriter& writer, std::string_view methods, bool partial = false) {
    writer.send(msg::UserauthFailure{NameList{methods}, partial});
    return Login::goes_on;
  }
  static std::string password_in(Bytes payload) {
    const auto request = decode<msg::UserauthRequest>(payload);
    return std::string(text_of(decode<msg::PasswordRequest>(request.method_fields.bytes).password.bytes));
  }

  std::vector<std::string> requests_;  // methods of the requests, `none` among them
  std::string screen_;                 // of the terminal
};

TEST_F(LoginTest, APasswordIsAskedForUntilItIsRight) {
  std::vector<std::string> got;
  const auto login = server("password", [&](PacketWriter& writer, Bytes payload) {
    got.push_back(password_in(payload));
    return got.back() == "right" ? Login::succeeds : refuse(writer, "password");
  });
  const std::string question = "ada@example.com's password: ";
  const Result result = run_at_terminal(login, {{question, "wrong\n"}, {question, "\n"}, {question, "right\n"}});
  EXPECT_EQ(got, (std::vector<std::string>{"wrong", "", "right"}));
  EXPECT_THAT(result.log, HasSubstr("Permission denied, please try again.\nPermission denied, please try again.\n"));
  EXPECT_THAT(result.log, Not(HasSubstr("ada@example.com: Permission denied")));
  EXPECT_EQ(screen_, "\r" + question + "\r\n\r" + question + "\r\n\r" + question + "\r\n");
}

TEST_F(LoginTest, AfterThreeWrongPasswordsItIsOver) {
  const auto login =
      server("password", [&](PacketWriter& writer, Bytes) { return refuse(writer, "publickey,password"); });
  const Result result = run_at_terminal(
      login, {{"password: ", "one\n"}, {"password: ", "two\n"}, {"password: ", "three\n"}, {"password: ", "four\n"}});
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(std::count(requests_.begin(), requests_.end(), "password"), 3);
  EXPECT_THAT(result.log, testing::EndsWith("ada@example.com: Permission denied (publickey,password).\n"));
}

TEST_F(LoginTest, TheHostsAliasIsNamedWherePasswordsGo) {
  config_.host_key_alias = "alias";
  run_at_terminal(server("password", [](PacketWriter&, Bytes) { return Login::succeeds; }),
                  {{"ada@alias's password: ", "x\n"}});
  EXPECT_EQ(requests_, (std::vector<std::string>{"none", "password"}));
}

TEST_F(LoginTest, NobodyIsAskedInBatchModeOrWithoutATerminal) {
  const auto login = server("password,keyboard-interactive", [](PacketWriter& writer, Bytes payload) {
    const auto request = decode<msg::UserauthRequest>(payload);
    EXPECT_EQ(request.method_name, "keyboard-interactive") << "no password was typed";
    writer.send(msg::UserauthInfoRequest{"", "", "", {{"Password: ", false}}});
    return Login::goes_on;
  });
  for (const bool batch : {true, false}) {
    requests_.clear();
    config_.batch_mode = batch;
    const Result result = run({.login = login}, "");
    EXPECT_EQ(result.log, "ada@example.com: Permission denied (password,keyboard-interactive).\n");
    EXPECT_EQ(requests_.size(), batch ? 1u : 2u);
  }
}

// [4256-3.3-2] [4256-3.3-3] [4256-3.3-8] [4256-3.3-11] [4256-3.3-13] [4256-3.3-14] [4256-3.3-16] keeps
// Whoever has a key that is not the host's may pass on what he is told.
TEST_F(LoginTest, NoSecretGoesToAHostWhoseKeyHasChanged) {
  const std::string other = PrivateKey::generate("ssh-ed25519", rng_).public_key().line();
  config_.user_known_hosts_files = {home_.write("known_hosts", "example.com " + other + "\n")};
  const Result result = run_at_terminal(
      server("publickey,keyboard-interactive,password",
             [](PacketWriter& writer, Bytes) { return refuse(writer, "keyboard-interactive,password", true); }),
      {{"password: ", "secret\n"}});
  EXPECT_EQ(requests_, (std::vector<std::string>{"none", "publickey"}));
  EXPECT_EQ(screen_, "") << "nobody was asked";
  EXPECT_EQ(result.status, 255);
  EXPECT_THAT(result.log, HasSubstr("Password authentication is disabled to avoid man-in-the-middle attacks."));
  EXPECT_THAT(result.log, HasSubstr("ada@example.com: Permission denied (keyboard-interactive,password).\n"));
}

TEST_F(LoginTest, QuestionsOfTheServerAreShownAsItsOwn) {
  const std::string long_prompt(300, 'p');
  std::vector<std::string> got;
  const auto login = server("keyboard-interactive", [&](PacketWriter& writer, Bytes payload) {
    if (payload[0] == message_number::userauth_request) {
      writer.send(msg::UserauthInfoRequest{"Two\x1b[31m factors",
                                           "First line\nsecond\x07 line",
                                           "",
                                           {{"Pass\x1b[2Jword: ", false}, {long_prompt, true}, {"Empty: ", false}}});
      return Login::goes_on;
    }
    for (const msg::Response& each : decode<msg::UserauthInfoResponse>(payload).responses) {
      got.emplace_back(text_of(each.response.bytes));
    }
    return Login::succeeds;
  });
  const Result result = run_at_terminal(login, {{"(ada@example.com) Pass\\033[2Jword: ", "secret\n"},
                                                {"(ada@example.com) " + long_prompt, "shown\n"},
                                                {"(ada@example.com) Empty: ", "\n"}});
  EXPECT_EQ(got, (std::vector<std::string>{"secret", "shown", ""}));  // [4256-3.3-17]
  EXPECT_THAT(result.log, HasSubstr("Two\\033[31m factors\nFirst line\nsecond\\007 line\n"));
  EXPECT_THAT(screen_, Not(HasSubstr("secret")));  // [4256-3.3-15] breaks
  EXPECT_THAT(screen_, HasSubstr("shown"));
}

TEST_F(LoginTest, WithoutPromptsTheInstructionIsShown) {  // [4256-3.2-11] [4256-3.4-6] keeps
  const auto login = server("keyboard-interactive", [&](PacketWriter& writer, Bytes payload) {
    if (payload[0] == message_number::userauth_request) {
      writer.send(msg::UserauthInfoRequest{"", "Look at your phone.", "", {}});
      return Login::goes_on;
    }
    EXPECT_TRUE(decode<msg::UserauthInfoResponse>(payload).responses.empty());
    return Login::succeeds;
  });
  log_level_ = LogLevel::verbose;
  const Result result = run_at_terminal(login, {});
  EXPECT_THAT(result.log, HasSubstr("Look at your phone.\n"));
  // Past vulnerability 24: nothing was asked, and that is said.
  EXPECT_THAT(result.log, HasSubstr("example.com let you in without a key or a password."));
}

TEST_F(LoginTest, AnExpiredPasswordIsTypedTwice) {
  std::string changed;
  const auto login = server("password", [&](PacketWriter& writer, Bytes payload) {
    const auto request = decode<msg::UserauthRequest>(payload);
    const auto tail = decode<msg::PasswordRequest>(request.method_fields.bytes);
    if (!tail.change) {
      writer.send(msg::UserauthPasswdChangereq{"It is \x1b[5mtoo old.", ""});
      return Login::goes_on;
    }
    changed = fmt::format("{} to {}", text_of(tail.password.bytes), text_of(tail.new_password.bytes));
    return Login::succeeds;
  });
  const Result result = run_at_terminal(login, {{"ada@example.com's password: ", "old\n"},
                                                {"Enter ada@example.com's old password: ", "old\n"},
                                                {"Enter ada@example.com's new password: ", "new\n"},
                                                {"Retype ada@example.com's new password: ", "other\n"},
                                                {"Enter ada@example.com's new password: ", "new\n"},
                                                {"Retype ada@example.com's new password: ", "new\n"}});
  EXPECT_EQ(changed, "old to new");
  EXPECT_THAT(result.log, HasSubstr("It is \\033[5mtoo old.\nMismatch; try again, EOF to quit.\n"));
}

// Past vulnerability 24
TEST_F(LoginTest, ALoginWithoutAnyQuestionIsSaid) {
  const auto login = [](PacketWriter&, Bytes) { return Login::succeeds; };
  log_level_ = LogLevel::verbose;
  EXPECT_THAT(run_at_terminal(login, {}).log, HasSubstr("Authenticated to example.com using \"none\".\n"
                                                        "example.com let you in without a key or a password."));
  log_level_ = LogLevel::info;  // where nobody sits at a terminal nobody can be deceived
  EXPECT_THAT(run_at_terminal(login, {}).log, Not(HasSubstr("let you in")));
}

}  // namespace
}  // namespace glassh
