#include "client/client_log.h"

#include <gtest/gtest.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

TEST(ClientLog, TextOfThePeerCannotDriveTheTerminal) {  // [4251-9.2-1] keeps
  struct Case {
    std::string_view text, expected;
    bool lines;
  };
  const Case cases[] = {
      {"plain text, 100%", "plain text, 100%", false},
      {"tab\there", "tab\there", false},
      {"\x1b[31mred", "\\033[31mred", false},
      {"bell\a, delete\x7f", "bell\\007, delete\\177", false},
      {std::string_view("nul\0!", 5), "nul\\000!", false},
      {"one\ntwo", "one\\012two", false},
      {"one\r\ntwo\nthree\n", "one\ntwo\nthree\n", true},
      {"over\rwritten", "over\\015written", true},
      {"gr\xc3\xbc\xc3\x9f dich, \xe2\x82\xac, \xf0\x9f\x98\x80",
       "gr\xc3\xbc\xc3\x9f dich, \xe2\x82\xac, \xf0\x9f\x98\x80", false},
      {"C1 control \xc2\x9b"
       "31m",
       "C1 control \\302\\23331m", false},
      {"not UTF-8 \xff\xc3", "not UTF-8 \\377\\303", false},
      {"overlong \xc0\xaf \xe0\x80\xaf", "overlong \\300\\257 \\340\\200\\257", false},
      {"surrogate \xed\xa0\x80", "surrogate \\355\\240\\200", false},
      {"beyond \xf4\x90\x80\x80", "beyond \\364\\220\\200\\200", false},
      {"reversed \xe2\x80\xae"
       "txt",
       "reversed \\342\\200\\256txt", false},
  };
  for (const Case& c : cases) EXPECT_EQ(printable(c.text, c.lines), c.expected);
}

TEST(ClientLog, WritesToItsFileWhatItsLevelShows) {
  const TemporaryDirectory home;
  {
    ClientLog log(LogLevel::info);
    log.use_file(home.path("log"));
    log.info("to {}", "everyone");
    log.debug1("to nobody");
    log.set_level(LogLevel::debug1);
    log.debug1("two\nlines");
    log.debug2("to nobody");
    log.set_level(LogLevel::quiet);
    log.fatal("to nobody");
  }
  EXPECT_EQ(home.read("log"), "to everyone\ndebug1: two\ndebug1: lines\n");
}

TEST(ClientLog, AFileThatCannotBeOpenedIsNamed) {
  ClientLog log;
  try {
    log.use_file("/nonexistent/log");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "Couldn't open logfile /nonexistent/log: No such file or directory");
  }
}

}  // namespace
}  // namespace glassh
