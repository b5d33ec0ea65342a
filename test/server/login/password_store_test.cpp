#include "server/login/password_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <shadow.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct PasswordFileTest : testing::Test {
  TemporaryDirectory directory;
  std::string path = directory.path("passwords");

  StoredPassword find(const std::string& content, std::string_view user = "ann", int mode = 0600) {
    directory.write("passwords", content, mode);
    return find_in_password_file(path, user, ::geteuid());
  }
  static std::string hash(const StoredPassword& stored) { return std::string(text_of(stored.hash.reveal())); }
};

TEST_F(PasswordFileTest, HasALinePerUser) {
  const std::string content = "# of the lab\n\nbob:$6$b$bb\nann:$6$a$aa\nanne:$6$c$cc";
  const StoredPassword ann = find(content);
  EXPECT_TRUE(ann.found);
  EXPECT_EQ(hash(ann), "$6$a$aa");
  EXPECT_EQ(ann.place, path + ":4");
  EXPECT_EQ(ann.problem, "");
  EXPECT_TRUE(ann.remarks.empty());
  EXPECT_EQ(hash(find(content, "anne")), "$6$c$cc") << "a last line needs no end";
  for (const std::string_view nobody : {"", "an", "annex", "Ann", "ann:", "#", "# of the lab"}) {
    EXPECT_FALSE(find(content, nobody).found) << nobody;
  }
}

TEST_F(PasswordFileTest, AnEmptyHashIsAnEmptyPassword) {
  const StoredPassword stored = find("ann:\n");
  EXPECT_TRUE(stored.found);
  EXPECT_TRUE(stored.hash.empty());
}

TEST_F(PasswordFileTest, BadLinesAreNotUsedAndNamed) {
  const StoredPassword stored =
      find("ann\n:$6$a$aa\nann:$6$a$aa:19000:0:99999:7:::\nann:$6$a$aa \nann:$6$a$aa\r\nann:good\nann:other\n");
  EXPECT_EQ(hash(stored), "good");
  EXPECT_THAT(stored.remarks, ElementsAre(path + ":1: not used: no ':' between the user and the hash",
                                          path + ":2: not used: no user in front of the ':'",
                                          path + ":3: not used: more than the two fields user:hash",
                                          path + ":4: not used: white space in or behind the hash",
                                          path + ":5: not used: white space in or behind the hash",
                                          path + ":7: not used: the user has a line already"));
}

TEST_F(PasswordFileTest, OthersMayNeitherReadNorWriteIt) {
  for (const int mode : {0640, 0604, 0620, 0602, 0666, 0644}) {
    const StoredPassword stored = find("ann:x\n", "ann", mode);
    EXPECT_FALSE(stored.found) << mode;
    EXPECT_THAT(stored.problem, HasSubstr("others may read or write it. Correct it with: chmod 600 " + path)) << mode;
  }
  EXPECT_EQ(find("ann:x\n", "ann", 0400).problem, "");
}

TEST_F(PasswordFileTest, BelongsToTheUserOrRoot) {
  directory.write("passwords", "ann:x\n", 0600);
  const StoredPassword stored = find_in_password_file(path, "ann", ::geteuid() + 1);
  if (::geteuid() == 0) {
    EXPECT_EQ(stored.problem, "") << "root's";
  } else {
    EXPECT_THAT(stored.problem, HasSubstr("belongs to user"));
  }
}

TEST_F(PasswordFileTest, WhatCannotBeReadIsAProblem) {
  EXPECT_THAT(find_in_password_file(directory.path("nothing"), "ann", 0).problem, HasSubstr("nothing"));
  ASSERT_EQ(::mkfifo(directory.path("fifo").c_str(), 0600), 0);
  EXPECT_NE(find_in_password_file(directory.path("fifo"), "ann", ::geteuid()).problem, "") << "and does not block";
  EXPECT_NE(find_in_password_file(directory.path(), "ann", ::geteuid()).problem, "");
}

TEST(Shadow, ExpiredAccountsAndPasswordsLetNobodyIn) {  // [4252-8-11] keeps
  spwd entry{};
  entry.sp_lstchg = 19000;
  entry.sp_max = 99999;
  entry.sp_expire = -1;
  EXPECT_FALSE(shadow_problem(entry, 20000));
  entry.sp_expire = 20001;
  EXPECT_FALSE(shadow_problem(entry, 20000));
  EXPECT_EQ(shadow_problem(entry, 20001), "the account has expired");
  entry.sp_expire = -1;
  entry.sp_max = 90;
  EXPECT_FALSE(shadow_problem(entry, 19090));
  EXPECT_EQ(shadow_problem(entry, 19091), "the password has expired");
  entry.sp_lstchg = 0;
  EXPECT_EQ(shadow_problem(entry, 19001), "the password must be changed first");
  entry.sp_lstchg = entry.sp_max = -1;
  EXPECT_FALSE(shadow_problem(entry, 19091)) << "fields that are empty say nothing";
}

TEST(Shadow, IsReadOnlyByThoseWhoMay) {
  const StoredPassword root = find_in_shadow("root");
  EXPECT_EQ(root.found, shadow_is_readable());
  if (!root.found) {
    EXPECT_THAT(root.problem, HasSubstr("shadow(5): "));
  }
  EXPECT_FALSE(find_in_shadow("no-such-user").found);
}

}  // namespace
}  // namespace glassh
