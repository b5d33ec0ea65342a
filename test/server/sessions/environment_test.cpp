// Which source of a variable goes before which.
#include "server/sessions/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glassh {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(SessionEnvironment, TheEnvironmentSaysWhoAndFromWhere) {
  const Account account{"ann", 1000, 1000, "/home/ann", "/bin/dash"};
  const PeerAddresses addresses{"192.0.2.1", 50000, "192.0.2.2", 22};
  const auto environment = session_environment(account, addresses, {.from_client = {{"LANG", "C.UTF-8"}}});
  for (const char* expected : {"USER=ann", "LOGNAME=ann", "HOME=/home/ann", "SHELL=/bin/dash", "MAIL=/var/mail/ann",
                               "SSH_CLIENT=192.0.2.1 50000 22", "SSH_CONNECTION=192.0.2.1 50000 192.0.2.2 22",
                               "PATH=/usr/local/bin:/usr/bin:/bin:/usr/games", "LANG=C.UTF-8"}) {
    EXPECT_THAT(environment, testing::Contains(expected));
  }
}

TEST(SessionEnvironment, AcceptedVariablesReplaceNothing) {
  const Account account{"ann", 1000, 1000, "/home/ann", "/bin/dash"};
  const std::vector<EnvironmentVariable> sent = {
      {"PATH", "/evil"},          {"HOME", "/evil"}, {"SSH_CLIENT", "/evil"},
      {"SSH_USER_AUTH", "/evil"}, {"X", "y"},        {"SSH_ORIGINAL_COMMAND", "/evil"}};
  const auto environment = session_environment(account, {}, {.from_client = sent});
  EXPECT_THAT(environment, Not(testing::Contains(HasSubstr("/evil"))));
  EXPECT_THAT(environment, testing::Contains("X=y"));
}

// As with sshd: environment= may set what the account says, and not what is true of the connection.
TEST(SessionEnvironment, VariablesOfKeysReplaceTheAccountsOnly) {
  const Account account{"ann", 1000, 1000, "/home/ann", "/bin/dash"};
  const auto environment =
      session_environment(account, {},
                          {.from_client = {{"A", "client"}},
                           .from_keys = {{"PATH", "/ours"}, {"SSH_CONNECTION", "/evil"}, {"A", "1"}, {"A", "2"}},
                           .original_command = "",
                           .auth_info_file = "/tmp/info"});
  EXPECT_THAT(environment, testing::Contains("PATH=/ours"));
  EXPECT_THAT(environment, testing::Contains("A=2"));
  EXPECT_THAT(environment, testing::Contains("SSH_ORIGINAL_COMMAND="));
  EXPECT_THAT(environment, testing::Contains("SSH_USER_AUTH=/tmp/info"));
  EXPECT_THAT(environment, Not(testing::Contains(HasSubstr("/evil"))));
}

// As with sshd: SetEnv goes before whatever else may be set, but not before what is true of the connection.
TEST(SessionEnvironment, VariablesOfTheConfigurationReplaceOthers) {
  const Account account{"ann", 1000, 1000, "/home/ann", "/bin/dash"};
  const auto environment = session_environment(account, {},
                                               {.from_client = {{"A", "client"}, {"SSH_TTY", "/evil"}},
                                                .from_keys = {{"B", "key"}},
                                                .from_config = {{"A", "1"}, {"B", "2"}, {"USER", "3"}, {"TERM", "4"}}});
  for (const char* expected : {"A=1", "B=2", "USER=3", "TERM=4"}) {
    EXPECT_THAT(environment, testing::Contains(expected));
  }
  EXPECT_THAT(environment, Not(testing::Contains(HasSubstr("SSH_TTY="))));

  const auto on_terminal =
      session_environment(account, {},
                          {.agent_socket = "/socket",
                           .display = "localhost:10.0",
                           .from_config = {{"SSH_TTY", "/evil"}, {"TERM", "ours"}, {"DISPLAY", ":7"}},
                           .terminal = "/dev/pts/3",
                           .term = "vt220"});
  for (const char* expected : {"SSH_TTY=/dev/pts/3", "TERM=ours", "DISPLAY=:7", "SSH_AUTH_SOCK=/socket"}) {
    EXPECT_THAT(on_terminal, testing::Contains(expected));
  }
}

}  // namespace
}  // namespace glassh
