// The keywords of sshd_config(5), and PasswordFile, that say which methods a user needs.
#include <gtest/gtest.h>

#include "server/login/login_terms.h"
#include "test/server/config/read_config.h"

namespace glassh {
namespace {

using test::error_of;
using test::read;

TEST(AuthenticationConfig, DefaultsAreSshds) {
  const ServerConfig config = read("");
  EXPECT_TRUE(config.password_authentication);
  EXPECT_TRUE(config.kbd_interactive_authentication);
  EXPECT_FALSE(config.permit_empty_passwords);
  EXPECT_EQ(config.password_file, "");
  EXPECT_TRUE(config.authentication_methods.empty());
}

TEST(AuthenticationConfig, KeywordsBecomeTheUsersSettings) {
  const ServerConfig config = read(
      "PasswordAuthentication no\nKbdInteractiveAuthentication yes\nPermitEmptyPasswords yes\nMaxAuthTries 3\n"
      "PasswordFile /etc/glassh/passwords\nAuthenticationMethods publickey,keyboard-interactive publickey,publickey\n");
  const ServerAuthSettings settings = auth_settings(config);
  EXPECT_TRUE(settings.publickey);
  EXPECT_FALSE(settings.password);
  EXPECT_TRUE(settings.keyboard_interactive);
  EXPECT_TRUE(settings.empty_password);
  EXPECT_EQ(settings.max_tries, 3u);
  EXPECT_EQ(settings.methods,
            (AuthenticationMethods{{"publickey", "keyboard-interactive"}, {"publickey", "publickey"}}));
}

TEST(AuthenticationConfig, OldNamesOfKeyboardInteractiveCount) {
  EXPECT_FALSE(read("ChallengeResponseAuthentication no").kbd_interactive_authentication);
  EXPECT_FALSE(read("SkeyAuthentication no\nKbdInteractiveAuthentication yes").kbd_interactive_authentication);
}

TEST(AuthenticationConfig, WithoutAStoreNoPasswordIsAskedFor) {
  EXPECT_TRUE(auth_settings(read("PasswordFile /x")).password);
  EXPECT_EQ(auth_settings(read("PasswordFile none")).password, has_passwords(read("")));
  EXPECT_EQ(auth_settings(read("")).keyboard_interactive, has_passwords(read("")));
}

TEST(AuthenticationConfig, BadValuesAreNamed) {
  EXPECT_EQ(error_of("\nAuthenticationMethods publickey,"),
            "sshd_config:2: AuthenticationMethods: bad method '' in 'publickey,': expected publickey, password or "
            "keyboard-interactive");
  EXPECT_EQ(error_of("AuthenticationMethods any publickey"),
            "sshd_config:1: AuthenticationMethods: 'any' stands alone");
  EXPECT_EQ(error_of("PasswordFile passwords"),
            "sshd_config:1: PasswordFile: bad path 'passwords': expected an absolute one, or none");
  EXPECT_EQ(error_of("PermitEmptyPasswords maybe"),
            "sshd_config:1: PermitEmptyPasswords: bad value 'maybe': expected yes or no");
}

TEST(AuthenticationConfig, IsPrintedAsSshdDoes) {
  const std::string standard = effective_config(read(""));
  for (const std::string line : {"passwordauthentication yes\n", "kbdinteractiveauthentication yes\n",
                                 "permitemptypasswords no\n", "authenticationmethods any\n", "passwordfile none\n"}) {
    EXPECT_NE(standard.find(line), std::string::npos) << line;
  }
  const std::string changed = effective_config(read("AuthenticationMethods publickey,password publickey\n"));
  EXPECT_NE(changed.find("authenticationmethods publickey,password publickey\n"), std::string::npos);
}

}  // namespace
}  // namespace glassh
