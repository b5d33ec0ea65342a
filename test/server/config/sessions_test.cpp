// The keywords of sshd_config(5) that say what a session finds when it begins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/server_context.h"
#include "test/server/config/read_config.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

using test::error_of;
using test::read;

TEST(SessionsConfig, DefaultsAreSshds) {
  const ServerConfig config = read("");
  EXPECT_TRUE(config.permit_user_rc);
  EXPECT_TRUE(config.print_motd);
  EXPECT_TRUE(config.print_last_log);
  EXPECT_TRUE(config.set_env.empty());
}

TEST(SessionsConfig, KeywordsAreReadAndPrinted) {
  const ServerConfig config = read(
      "PermitUserRC no\nPrintMotd no\nPrintLastLog no\nPrintMotd yes\nSetEnv A=1 \"B=two words\" A=2 C=\nSetEnv D=4\n");
  EXPECT_FALSE(config.permit_user_rc);
  EXPECT_FALSE(config.print_motd);
  EXPECT_FALSE(config.print_last_log);
  EXPECT_THAT(config.set_env, ElementsAre(Pair("A", "1"), Pair("B", "two words"), Pair("C", "")));
  const std::string printed = effective_config(config);
  EXPECT_THAT(printed, HasSubstr("\nprintmotd no\nprintlastlog no\n"));
  EXPECT_THAT(printed, HasSubstr("\npermituserrc no\n"));
  EXPECT_THAT(printed, HasSubstr("\nsetenv A=1\nsetenv B=two words\nsetenv C=\n"));
  EXPECT_THAT(printed, Not(HasSubstr("D=4"))) << "the first line counts";
}

TEST(SessionsConfig, AMatchReplacesThem) {
  const ServerConfig config = read("SetEnv A=1\nPermitUserRC yes\nMatch User ann\nSetEnv B=2\nPermitUserRC no\n");
  const ServerConfig anns = config_for(config, {.user = "ann", .host = "h", .address = "192.0.2.1"});
  EXPECT_THAT(anns.set_env, ElementsAre(Pair("B", "2")));
  EXPECT_FALSE(anns.permit_user_rc);
  EXPECT_THAT(config.set_env, ElementsAre(Pair("A", "1")));
}

TEST(SessionsConfig, BadValuesAreNamed) {
  EXPECT_EQ(error_of("SetEnv A"), "sshd_config:1: SetEnv: bad value 'A': expected NAME=VALUE");
  EXPECT_EQ(error_of("SetEnv A=1 =x"), "sshd_config:1: SetEnv: bad value '=x': expected NAME=VALUE");
  EXPECT_EQ(error_of("\nPrintMotd perhaps"), "sshd_config:2: PrintMotd: bad value 'perhaps': expected yes or no");
  EXPECT_THAT(error_of("Match all\nPrintMotd no"), HasSubstr("may not stand below Match"));
}

}  // namespace
}  // namespace glassh
