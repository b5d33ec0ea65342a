// AuthenticationMethods of sshd_config(5), by names alone.
#include "auth/authentication_methods.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace glassh {
namespace {

const std::vector<std::string> all = {"publickey", "password", "keyboard-interactive"};

AuthenticationMethods parsed(const std::vector<std::string>& words) { return parse_authentication_methods(words); }

std::string error_of(const std::vector<std::string>& words) {
  try {
    parsed(words);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

TEST(AuthenticationMethods, AreListsOfNames) {
  EXPECT_EQ(parsed({"publickey,password", "publickey,keyboard-interactive"}),
            (AuthenticationMethods{{"publickey", "password"}, {"publickey", "keyboard-interactive"}}));
  EXPECT_EQ(parsed({"any"}), AuthenticationMethods{});
  EXPECT_EQ(parsed({"Any"}), AuthenticationMethods{});
  EXPECT_EQ(parsed({"publickey,keyboard-interactive:pam", "hostbased"}),
            (AuthenticationMethods{{"publickey", "keyboard-interactive:pam"}, {"hostbased"}}));
}

TEST(AuthenticationMethods, OtherWordsAreRefusedByName) {
  EXPECT_EQ(error_of({"publickey,telepathy"}),
            "bad method 'telepathy' in 'publickey,telepathy': expected publickey, password or keyboard-interactive");
  for (const std::string word :
       {"", ",", "publickey,", ",publickey", "publickey,,password", "PublicKey", "publickey:x"}) {
    EXPECT_NE(error_of({word}), "") << word;
  }
  EXPECT_EQ(error_of({"any", "publickey"}), "'any' stands alone");
  EXPECT_EQ(error_of({"publickey", "any"}), "'any' stands alone");
}

TEST(AuthenticationProgress, WithoutListsAnyMethodIsEnough) {
  for (const std::string& method : all) {
    AuthenticationProgress progress({}, all);
    EXPECT_EQ(progress.continuing(), "publickey,password,keyboard-interactive");
    EXPECT_TRUE(progress.allows(method));
    EXPECT_TRUE(progress.succeeded(method));
  }
  const AuthenticationProgress keys_only({}, {"publickey"});
  EXPECT_FALSE(keys_only.allows("password"));
  EXPECT_FALSE(keys_only.allows("none"));
}

// [4252-5.1-2] [4252-5.1-3] [4252-5.1-7] keeps
TEST(AuthenticationProgress, EachMethodOfAListHasToSucceedInItsTurn) {
  AuthenticationProgress progress({{"publickey", "password"}, {"publickey", "keyboard-interactive"}}, all);
  EXPECT_EQ(progress.continuing(), "publickey");
  EXPECT_FALSE(progress.allows("password")) << "not yet";
  EXPECT_FALSE(progress.succeeded("publickey"));
  EXPECT_EQ(progress.continuing(), "password,keyboard-interactive");
  EXPECT_FALSE(progress.allows("publickey")) << "has succeeded, and no list has it again";
  EXPECT_TRUE(progress.succeeded("keyboard-interactive"));
}

TEST(AuthenticationProgress, AListMayHaveAMethodTwice) {
  AuthenticationProgress progress({{"publickey", "publickey"}}, all);
  EXPECT_FALSE(progress.succeeded("publickey"));
  EXPECT_EQ(progress.continuing(), "publickey");
  EXPECT_TRUE(progress.succeeded("publickey"));
}

TEST(AuthenticationProgress, AMethodMovesOnlyTheListsWhereItIsNext) {
  AuthenticationProgress progress({{"password", "publickey"}, {"publickey", "password", "keyboard-interactive"}}, all);
  EXPECT_EQ(progress.continuing(), "publickey,password");
  EXPECT_FALSE(progress.succeeded("publickey"));
  EXPECT_EQ(progress.continuing(), "password") << "next in both";
  EXPECT_FALSE(progress.succeeded("password"));
  EXPECT_EQ(progress.continuing(), "publickey,keyboard-interactive");
  EXPECT_TRUE(progress.succeeded("publickey"));
}

TEST(AuthenticationProgress, ListsThatCannotBeCompletedAreLeftOut) {
  AuthenticationProgress progress({{"publickey", "password"}, {"publickey"}}, {"publickey"});
  EXPECT_FALSE(progress.impossible());
  EXPECT_TRUE(progress.succeeded("publickey"));
  // One method that is turned off never makes the others enough.
  const AuthenticationProgress none_left({{"publickey", "password"}}, {"publickey"});
  EXPECT_TRUE(none_left.impossible());
  EXPECT_FALSE(none_left.allows("publickey"));
  EXPECT_EQ(none_left.continuing(), "");
  EXPECT_TRUE(AuthenticationProgress({{"keyboard-interactive:pam"}}, all).impossible());
  EXPECT_FALSE(AuthenticationProgress({}, {}).impossible());
}

TEST(AuthenticationProgress, NoneIsNeverOffered) {  // [4252-4-1] [4252-5.2-4] keeps
  EXPECT_EQ(AuthenticationProgress({}, {"none", "password"}).continuing(), "password");
  const AuthenticationProgress listed({{"none"}, {"password"}}, {"none", "password"});
  EXPECT_EQ(listed.continuing(), "password");
  EXPECT_TRUE(listed.allows("none"));
}

}  // namespace
}  // namespace glassh
