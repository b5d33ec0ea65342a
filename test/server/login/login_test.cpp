#include "server/login/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <crypt.h>

#include "test/server/log_lines.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using test::LogLines;
using testing::HasSubstr;

struct Notes : TraceSink {
  void packet(Direction, std::uint32_t, std::string_view, Bytes) override {}
  void note(std::string_view topic, std::string_view text) override { all += fmt::format("{}: {}\n", topic, text); }
  std::string all;
};

struct LoginTest : testing::Test {
  LoginTest() { config.authorized_keys_files = {"keys", "more_keys"}; }

  LoginVerdict judge(const std::string& user, const PublicKey& key) {
    const Login login(config, account, lines.log, passwords);
    const Credential offered(key);
    boost::asio::io_context io;
    auto verdict = boost::asio::co_spawn(io, login.judge(user, offered, origin, &notes), boost::asio::use_future);
    io.run();
    return verdict.get();
  }

  const PublicKey ours = test_key("ed25519").public_key();
  const PublicKey other = test_key("ecdsa").public_key();
  LogLines lines;
  Notes notes;
  Passwords passwords;
  TemporaryDirectory home;
  ServerConfig config;
  LoginOrigin origin{"client.example", "192.0.2.1", 1'700'000'000};
  Account account{"ann", ::geteuid(), ::getegid(), home.path(), "/bin/sh"};
};

// [4252-7-2] keeps
TEST_F(LoginTest, TheOwnUserGetsInWithAListedKey) {
  home.write("keys", other.line() + "\n" + ours.line() + " mine\n");
  const LoginVerdict verdict = judge("ann", ours);
  EXPECT_EQ(verdict.decision(), LoginDecision::accept);
  EXPECT_EQ(verdict.found_at, home.path("keys:2"));
  EXPECT_THAT(lines.text(), HasSubstr(home.path("keys:2") + ": matching key found: ED25519 " + ours.fingerprint()));
  EXPECT_THAT(notes.all, HasSubstr("login: " + home.path("keys:2") + ": matching key found"));
}

// [4252-7-2] [4251-9.4.3-1] breaks
TEST_F(LoginTest, AKeyThatIsNotListedGetsNowhere) {
  home.write("keys", other.line() + "\n");
  EXPECT_EQ(judge("ann", ours).decision(), LoginDecision::refuse);
  EXPECT_THAT(notes.all, HasSubstr("keys: key ED25519 " + ours.fingerprint() + " is not in it"));
  EXPECT_THAT(notes.all, HasSubstr("more_keys: there is no such file"));
}

// [4252-5-10] [4251-4.5-3] [4251-9.4.3-1]
TEST_F(LoginTest, NobodyElseGetsIn) {
  home.write("keys", ours.line());
  for (const char* user : {"", "bob", "Ann", "ann ", "ann\n", "root"}) {
    const LoginVerdict verdict = judge(user, ours);
    EXPECT_EQ(verdict.decision(), LoginDecision::refuse) << user;
    EXPECT_FALSE(verdict.user_is_known) << user;
  }
  EXPECT_EQ(judge(std::string("ann\0", 4), ours).decision(), LoginDecision::refuse);
  EXPECT_THAT(notes.all, HasSubstr("user ann\\012 cannot log in here"));
}

TEST_F(LoginTest, LooksIntoEachFileInTurn) {
  home.write("keys", other.line());
  home.write("more_keys", ours.line());
  EXPECT_EQ(judge("ann", ours).found_at, home.path("more_keys:1"));
  config.authorized_keys_files = {};
  EXPECT_EQ(judge("ann", ours).decision(), LoginDecision::refuse);
}

TEST_F(LoginTest, ReplacesTokens) {
  home.write("keys-ann%", ours.line());
  config.authorized_keys_files = {"%h/keys-%u%%"};
  EXPECT_EQ(judge("ann", ours).decision(), LoginDecision::accept);
}

// The command comes before the files, gets its arguments as they are, and its lines have options like others.
TEST_F(LoginTest, ACommandMayKnowTheKeys) {
  home.write("keys", ours.line());
  config.authorized_keys_command_user = own_account().name;
  config.authorized_keys_command = R"(/bin/echo environment=\"A=%u|%h|%U|%f|%%\" %t %k)";
  LoginVerdict verdict = judge("ann", ours);
  EXPECT_EQ(verdict.found_at, "AuthorizedKeysCommand /bin/echo:1");
  ASSERT_EQ(verdict.options.environment.size(), 1U);
  EXPECT_EQ(verdict.options.environment[0].value,
            fmt::format("ann|{}|{}|{}|%", home.path(), account.uid, ours.fingerprint()));
  // No token becomes two words, and no shell reads them.
  account.name = "ann; echo $HOME";
  config.authorized_keys_command = "/bin/echo #";
  EXPECT_EQ(judge(account.name, other).decision(), LoginDecision::refuse);
  EXPECT_THAT(lines.text(), HasSubstr("AuthorizedKeysCommand /bin/echo: key ECDSA"));
}

TEST_F(LoginTest, ACommandThatFailsLeavesTheFiles) {
  home.write("keys", ours.line());
  config.authorized_keys_command_user = own_account().name;
  for (const auto& [command, words] : {std::pair("/bin/false", "is not used: exited with status 1"),
                                       std::pair("/nonexistent/x", "is not used: /nonexistent/x: No such file")}) {
    config.authorized_keys_command = command;
    EXPECT_EQ(judge("ann", ours).found_at, home.path("keys:1"));
    EXPECT_EQ(judge("ann", other).decision(), LoginDecision::refuse);
    EXPECT_THAT(lines.text(), HasSubstr(words));
    EXPECT_THAT(notes.all, HasSubstr(words));
  }
  config.authorized_keys_command_user = "no-such-user";
  EXPECT_EQ(judge("ann", ours).found_at, home.path("keys:1"));
  EXPECT_THAT(lines.text(), HasSubstr("there is no user 'no-such-user' (AuthorizedKeysCommandUser)"));
}

TEST_F(LoginTest, StrictModesRefusesWhatOthersMayWrite) {
  home.write("keys", ours.line(), 0620);
  EXPECT_EQ(judge("ann", ours).decision(), LoginDecision::refuse);
  EXPECT_THAT(lines.text(), HasSubstr("Authentication refused: " + home.path("keys") + " is not used: "));
  EXPECT_THAT(notes.all, HasSubstr("has mode 0620"));

  config.strict_modes = false;
  EXPECT_EQ(judge("ann", ours).decision(), LoginDecision::accept);
}

TEST_F(LoginTest, StrictModesLooksAtDirectoriesToo) {
  home.write("keys", ours.line());
  ASSERT_EQ(::chmod(home.path().c_str(), 0777), 0);
  EXPECT_EQ(judge("ann", ours).decision(), LoginDecision::refuse);
  EXPECT_THAT(notes.all, HasSubstr(home.path() + " has mode 0777"));
}

TEST_F(LoginTest, SaysWhyTheLineWithTheKeyIsNotUsed) {
  home.write("keys", "from=\"10.0.0.0/8\" " + ours.line() + "\n");
  EXPECT_EQ(judge("ann", ours).decision(), LoginDecision::refuse);
  EXPECT_THAT(lines.text(), HasSubstr(home.path("keys:1") + ": not used: the key may be used from \"10.0.0.0/8\""));
  EXPECT_THAT(notes.all, HasSubstr("keys:1: not used: "));
}

TEST_F(LoginTest, TheOptionsOfTheLineThatLetsInAreInForce) {
  home.write("keys", "from=\"10.*\" " + ours.line() + "\nrestrict,command=\"date\" " + ours.line() + "\n");
  const LoginVerdict verdict = judge("ann", ours);
  EXPECT_EQ(verdict.found_at, home.path("keys:2"));
  EXPECT_EQ(verdict.options.command, "date");
  EXPECT_FALSE(verdict.options.pty);
}

// ---- passwords

struct PasswordLoginTest : LoginTest {
  PasswordLoginTest() { store("ann:" + hash_of("s3cret") + "\n"); }

  static std::string hash_of(const std::string& password) {
    crypt_data memory{};
    return ::crypt_r(password.c_str(), "$6$rounds=1000$salt$", &memory);
  }
  void store(const std::string& content, mode_t mode = 0600) {
    config.password_file = home.write("passwords", content, mode);
  }
  LoginVerdict judge_password(const std::string& user, std::string_view password) {
    const Login login(config, account, lines.log, passwords);
    boost::asio::io_context io;
    auto verdict = boost::asio::co_spawn(io, login.judge_password(user, SecretBytes(bytes_of(password)), &notes),
                                         boost::asio::use_future);
    io.run();
    return verdict.get();
  }
  LoginDecision decision(const std::string& user, std::string_view password) {
    return judge_password(user, password).decision();
  }
};

TEST_F(PasswordLoginTest, TheOwnUserGetsInWithThePassword) {
  EXPECT_EQ(decision("ann", "s3cret"), LoginDecision::accept);
  EXPECT_THAT(notes.all, HasSubstr(home.path("passwords") + ":1: the password is right"));
  for (const std::string_view wrong : {"", "s3cre", "S3cret", "s3cret\n"}) {
    EXPECT_EQ(decision("ann", wrong), LoginDecision::refuse) << wrong;
  }
  EXPECT_THAT(notes.all, HasSubstr("the password is not that"));
  EXPECT_THAT(notes.all + lines.text(), testing::Not(HasSubstr("s3cre")));
}

// [4252-5-10] keeps: nobody else, whatever the file says.
TEST_F(PasswordLoginTest, NobodyElseGetsInWithAPassword) {
  store("bob:" + hash_of("s3cret") + "\nann:" + hash_of("other") + "\n:" + hash_of("s3cret") + "\n");
  for (const std::string& user : {std::string("bob"), std::string(), std::string("Ann"), std::string("ann\0", 4)}) {
    for (const std::string_view password : {"s3cret", "other", ""}) {
      const LoginVerdict verdict = judge_password(user, password);
      EXPECT_EQ(verdict.decision(), LoginDecision::refuse) << user;
      EXPECT_FALSE(verdict.user_is_known) << user;
    }
  }
  EXPECT_EQ(decision("ann", "s3cret"), LoginDecision::refuse) << "another user's";
  EXPECT_EQ(decision("ann", "other"), LoginDecision::accept);
}

TEST_F(PasswordLoginTest, AStoreThatIsNotSafeIsNotUsed) {
  store("ann:" + hash_of("s3cret") + "\n", 0644);
  EXPECT_EQ(decision("ann", "s3cret"), LoginDecision::refuse);
  EXPECT_THAT(lines.text(),
              HasSubstr("Authentication refused: no password is used: " + home.path("passwords") + " has mode 0644"));
  config.permit_empty_passwords = true;
  store("ann:\n", 0644);
  EXPECT_EQ(decision("ann", ""), LoginDecision::refuse);
  config.password_file = home.path("nothing");
  EXPECT_EQ(decision("ann", ""), LoginDecision::refuse);
}

// Past vulnerability 8.
TEST_F(PasswordLoginTest, WhoHasNoPasswordDoesNotGetInWithAny) {
  config.permit_empty_passwords = true;
  for (const std::string_view line : {"ann:!", "ann:*", "ann:!!", "ann:x", "ann", "bob:", ""}) {
    store(std::string(line) + "\n");
    for (const std::string_view password : {"", "!", "*", "x", "*0"}) {
      EXPECT_EQ(decision("ann", password), LoginDecision::refuse) << line << " and " << password;
    }
  }
}

TEST_F(PasswordLoginTest, EmptyPasswordsNeedPermission) {
  store("ann:\n");
  EXPECT_EQ(decision("ann", ""), LoginDecision::refuse);
  config.permit_empty_passwords = true;
  EXPECT_EQ(decision("ann", ""), LoginDecision::accept);
  EXPECT_EQ(decision("ann", "x"), LoginDecision::refuse);
  EXPECT_EQ(decision("bob", ""), LoginDecision::refuse);
}

TEST_F(LoginTest, TheLogAtInfoHasRefusalsOnly) {
  home.write("keys", ours.line());
  const LogLines quiet(LogLevel::info);
  const Login login(config, account, quiet.log, passwords);
  const Credential offered(ours);
  boost::asio::io_context io;
  auto verdict = boost::asio::co_spawn(io, login.judge("ann", offered, origin, nullptr), boost::asio::use_future);
  io.run();
  EXPECT_EQ(verdict.get().decision(), LoginDecision::accept);
  EXPECT_EQ(quiet.text(), "");
}

}  // namespace
}  // namespace glassh
