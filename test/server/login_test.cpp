#include "server/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

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
    const Login login(config, account, lines.log);
    boost::asio::io_context io;
    auto verdict = boost::asio::co_spawn(io, login.judge(user, key, origin, &notes), boost::asio::use_future);
    io.run();
    return verdict.get();
  }

  const PublicKey ours = test_key("ed25519").public_key();
  const PublicKey other = test_key("ecdsa").public_key();
  LogLines lines;
  Notes notes;
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

// [4252-7-2] breaks
TEST_F(LoginTest, AKeyThatIsNotListedGetsNowhere) {
  home.write("keys", other.line() + "\n");
  EXPECT_EQ(judge("ann", ours).decision(), LoginDecision::refuse);
  EXPECT_THAT(notes.all, HasSubstr("keys: key ED25519 " + ours.fingerprint() + " is not in it"));
  EXPECT_THAT(notes.all, HasSubstr("more_keys: there is no such file"));
}

// [4252-5-10] [4251-4.5-3]
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

TEST_F(LoginTest, TheLogAtInfoHasRefusalsOnly) {
  home.write("keys", ours.line());
  const LogLines quiet(LogLevel::info);
  const Login login(config, account, quiet.log);
  boost::asio::io_context io;
  auto verdict = boost::asio::co_spawn(io, login.judge("ann", ours, origin, nullptr), boost::asio::use_future);
  io.run();
  EXPECT_EQ(verdict.get().decision(), LoginDecision::accept);
  EXPECT_EQ(quiet.text(), "");
}

}  // namespace
}  // namespace glassh
