#include "server/sessions/login_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include <fcntl.h>
#include <utmpx.h>

#include "channels/io/fd.h"
#include "test/server/log_lines.h"

namespace glassh {
namespace {

using testing::ElementsAre;

struct LoginRecords : testing::Test {
  LoginRecords() {
    for (const char* name : {"utmp", "wtmp", "lastlog"}) directory.write(name, "");
  }
  // "USER line user host" of each entry, by the names of utmp(5).
  std::vector<std::string> entries(const char* name) const {
    const std::string content = directory.read(name);
    EXPECT_EQ(content.size() % sizeof(utmpx), 0u);
    std::vector<std::string> out;
    for (std::size_t at = 0; at + sizeof(utmpx) <= content.size(); at += sizeof(utmpx)) {
      utmpx entry{};
      std::memcpy(&entry, content.data() + at, sizeof entry);
      const std::string kind = entry.ut_type == USER_PROCESS ? "USER" : entry.ut_type == DEAD_PROCESS ? "DEAD" : "?";
      EXPECT_GT(entry.ut_tv.tv_sec, 0);
      out.push_back(kind + " " + entry.ut_line + " " + entry.ut_user + " " + entry.ut_host);
    }
    return out;
  }

  const test::LogLines lines;
  TemporaryDirectory directory;
  LoginRecordFiles files{directory.path("utmp"), directory.path("wtmp"), directory.path("lastlog")};
  LoginEntry entry{"pts/3", "ann", 5, 77, "192.0.2.1"};
};

TEST_F(LoginRecords, ALoginIsWrittenAndTakenBack) {
  {
    const LoginRecord record(files, entry, lines.log);
    EXPECT_THAT(entries("utmp"), ElementsAre("USER pts/3 ann 192.0.2.1"));
    EXPECT_THAT(entries("wtmp"), ElementsAre("USER pts/3 ann 192.0.2.1"));
  }
  EXPECT_THAT(entries("utmp"), ElementsAre("DEAD pts/3  "));
  EXPECT_THAT(entries("wtmp"), ElementsAre("USER pts/3 ann 192.0.2.1", "DEAD pts/3  "));
}

TEST_F(LoginRecords, EachTerminalHasOneEntry) {
  LoginRecord first(files, entry, lines.log);
  LoginRecord second(files, {"pts/4", "bob", 6, 78, "2001:db8::1"}, lines.log);
  first.end();
  first.end();  // once is enough
  LoginRecord third(files, {"pts/3", "cat", 7, 79, "192.0.2.3"}, lines.log);
  EXPECT_THAT(entries("utmp"), ElementsAre("USER pts/3 cat 192.0.2.3", "USER pts/4 bob 2001:db8::1"));
  LoginRecord moved = std::move(second);
  second.end();
  EXPECT_EQ(entries("wtmp").size(), 4u);
  moved = LoginRecord();
  EXPECT_EQ(entries("wtmp").size(), 5u) << "what is overwritten has ended";
}

TEST_F(LoginRecords, TheLastLoginIsTheUsersOwn) {
  EXPECT_FALSE(last_login(files, 5).has_value());
  const LoginRecord record(files, entry, lines.log);
  const auto last = last_login(files, 5);
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->host, "192.0.2.1");
  EXPECT_GT(last->time, 1'700'000'000);
  EXPECT_FALSE(last_login(files, 4).has_value()) << "a hole in the file is nobody's login";
  EXPECT_FALSE(last_login(files, 6).has_value());
}

TEST_F(LoginRecords, ATextThatFillsItsFieldIsCut) {
  entry.host = std::string(1000, 'h');
  const LoginRecord record(files, entry, lines.log);
  EXPECT_EQ(last_login(files, 5)->host, std::string(256, 'h'));
}

TEST_F(LoginRecords, AFileThatIsNotThereStaysAway) {
  const LoginRecordFiles missing{directory.path("a"), directory.path("b"), directory.path("c")};
  LoginRecord(missing, entry, lines.log).end();
  EXPECT_THROW(directory.read("a"), std::runtime_error);
  EXPECT_THROW(directory.read("b"), std::runtime_error);
  EXPECT_FALSE(last_login(missing, 5).has_value());
  EXPECT_EQ(lines.text(), "");
}

// A user who may read a file may lock it against writers, for any time.
TEST_F(LoginRecords, ALockOfAReaderSuppressesNoRecord) {
  std::vector<Fd> readers;
  for (const std::string& path : {files.utmp, files.wtmp, files.lastlog}) {
    readers.emplace_back(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct flock whole {};
    whole.l_type = F_RDLCK;
    whole.l_whence = SEEK_SET;
    ASSERT_EQ(::fcntl(readers.back().get(), F_OFD_SETLK, &whole), 0);
  }
  LoginRecord(files, entry, lines.log).end();
  LoginRecord(files, {"pts/4", "bob", 6, 78, "192.0.2.2"}, lines.log).end();
  EXPECT_THAT(entries("utmp"), ElementsAre("DEAD pts/3  ", "DEAD pts/4  "));
  EXPECT_EQ(entries("wtmp").size(), 4u);
  EXPECT_TRUE(last_login(files, 5).has_value());
}

TEST_F(LoginRecords, AFileThatCannotBeWrittenIsLoggedAndKeepsNoOtherFromBeingWritten) {
  files.utmp = directory.path();
  const LoginRecord record(files, entry, lines.log);
  EXPECT_EQ(lines.text(), "error: login record: cannot write " + directory.path() + ": Is a directory\n");
  EXPECT_THAT(entries("wtmp"), ElementsAre("USER pts/3 ann 192.0.2.1"));
}

}  // namespace
}  // namespace glassh
