#include "client/client_log.h"

#include <gtest/gtest.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

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

// RFC 4251 section 9.2 [4251-9.2-1]: also where a caller forgot to make the text safe.
TEST(ClientLog, ControlCharactersOfAPeersTextAreEscapedWhoeverPrintsIt) {
  const TemporaryDirectory home;
  {
    ClientLog log(LogLevel::debug1);
    log.use_file(home.path("log"));
    log.debug1("channel of type {}", "x\x1b[2J\xc2\x9b\xe2\x80\xae");
    log.raw(LogLevel::info, "banner\x07\n");
  }
  EXPECT_EQ(home.read("log"), "debug1: channel of type x\\033[2J\\302\\233\\342\\200\\256\nbanner\\007\n");
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
