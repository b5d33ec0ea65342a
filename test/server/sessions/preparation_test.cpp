#include "server/sessions/preparation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct LoginPreparation : testing::Test {
  LoginPreparation() { ::mkdir(home.path(".ssh").c_str(), 0700); }
  std::string greet(const std::optional<LastLogin>& last = LastLogin{0x6b056a26, "192.0.2.9"}) {
    return greeting(config, account, last, home.path("motd"));
  }
  std::optional<SpawnRequest> rc(bool user_rc) { return rc_program(account, user_rc, {"A=b"}, home.path("sshrc")); }
  std::string environment() {
    std::string all;
    complaints.clear();
    for (const auto& [name, value] : user_environment(config, account, complaints)) all += name + "=" + value + "|";
    return all;
  }

  TemporaryDirectory home;
  Account account{"ann", 1000, 1000, home.path(), "/bin/dash"};
  ServerConfig config;
  std::string complaints;
};

TEST_F(LoginPreparation, GreetsWithTheLastLoginAndTheMessageOfTheDay) {
  home.write("motd", "Be careful.\n");
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(greet(), "Last login: Tue Nov 24 10:42:46 2026 from 192.0.2.9\nBe careful.\n");
  EXPECT_EQ(greet(LastLogin{0x6b056a26, ""}), "Last login: Tue Nov 24 10:42:46 2026\nBe careful.\n");
  EXPECT_EQ(greet(std::nullopt), "Be careful.\n");
  config.print_motd = false;
  EXPECT_THAT(greet(), testing::EndsWith("from 192.0.2.9\n"));
  config.print_last_log = false;
  EXPECT_EQ(greet(), "");
}

TEST_F(LoginPreparation, AHostOfControlsIsShownAsText) {
  EXPECT_THAT(greet(LastLogin{1, "a\x1b[2J"}), HasSubstr("from a\\033[2J\n"));
}

TEST_F(LoginPreparation, AHushedLoginSaysNothing) {
  home.write("motd", "Be careful.\n");
  home.write(".hushlogin", "");
  EXPECT_EQ(greet(), "");
}

TEST_F(LoginPreparation, NobodyWaitsForWhatIsNoFile) {
  ASSERT_EQ(::mkfifo(home.path("motd").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(home.path(".ssh/environment").c_str(), 0600), 0);
  EXPECT_EQ(greet(std::nullopt), "");
  EXPECT_EQ(environment(), "");
  EXPECT_EQ(complaints, "") << "it is not permitted";
  config.permit_user_environment = "yes";
  EXPECT_EQ(environment(), "");
  EXPECT_EQ(complaints, home.path(".ssh/environment") + " is not used: it is not a regular file\n");
}

TEST_F(LoginPreparation, AnRcThatIsNoFileIsNotRunAndItsUserIsTold) {
  EXPECT_EQ(rc_problem(account), "");
  ASSERT_EQ(::mkfifo(home.path(".ssh/rc").c_str(), 0600), 0);
  home.write("sshrc", "");
  EXPECT_FALSE(rc(true).has_value());
  EXPECT_EQ(rc_problem(account), home.path(".ssh/rc") + " is not used: it is not a regular file\n");
  SessionFilesWanted wanted{.config = std::make_shared<ServerConfig>(config), .account = account, .user_rc = true};
  EXPECT_EQ(read_session_files(wanted).complaints, rc_problem(account));
  wanted.user_rc = false;
  EXPECT_EQ(read_session_files(wanted).complaints, "");
}

TEST_F(LoginPreparation, TheUsersRcGoesBeforeTheSystems) {
  EXPECT_FALSE(rc(true).has_value());
  home.write("sshrc", "");
  auto program = rc(true);
  ASSERT_TRUE(program.has_value());
  EXPECT_THAT(program->arguments, ElementsAre("sh", home.path("sshrc")));
  EXPECT_THAT(program->environment, ElementsAre("A=b"));
  home.write(".ssh/rc", "");
  program = rc(true);
  EXPECT_EQ(program->program, "/bin/dash");
  EXPECT_THAT(program->arguments, ElementsAre("dash", "-c", "/bin/sh .ssh/rc"));
  EXPECT_EQ(program->directory, home.path());
  EXPECT_EQ(rc(false)->program, "/bin/sh") << "where the user's may not run, the system's does";
}

// Past vulnerability 86: only names that PermitUserEnvironment has.
TEST_F(LoginPreparation, TheUsersEnvironmentIsReadWhereItIsPermitted) {
  home.write(".ssh/environment", "# a comment\n\nA=1\n  B=two words \nLD_PRELOAD=/x\n=no\nno\nC=\nD=a=b");
  EXPECT_EQ(environment(), "") << "no is the default";
  config.permit_user_environment = "yes";
  EXPECT_EQ(environment(), "A=1|B=two words |LD_PRELOAD=/x|C=|D=a=b|");
  EXPECT_EQ(complaints, "Bad line 7 in " + home.path(".ssh/environment") + "\n");
  config.permit_user_environment = "*,!LD_*";
  EXPECT_EQ(environment(), "A=1|B=two words |C=|D=a=b|");
  config.permit_user_environment = "A";
  EXPECT_EQ(environment(), "A=1|");
  std::string much;
  for (int line = 0; line < 1000; ++line) much += "no variable\n";
  home.write(".ssh/environment", much);
  EXPECT_EQ(environment(), "");
  EXPECT_LT(complaints.size(), 4096U) << "it fits into a new pipe, whoever reads it";
}

}  // namespace
}  // namespace glassh
