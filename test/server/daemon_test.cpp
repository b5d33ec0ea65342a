#include "server/daemon.h"

#include <gtest/gtest.h>

#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include "test/server/log_lines.h"

namespace glassh {
namespace {

using std::filesystem::exists;
using test::LogLines;

TEST(PidFile, StandsAsLongAsTheServer) {
  const TemporaryDirectory directory;
  const LogLines lines;
  const std::string path = directory.path("pid");
  {
    const PidFile file(path, lines.log);
    EXPECT_EQ(directory.read("pid"), fmt::format("{}\n", ::getpid()));
  }
  EXPECT_FALSE(exists(path));
}

// A server that has stopped listening lives on with its sessions, while the next one is started.
TEST(PidFile, GoesEarlyWhenItIsRemovedAndNeverTwice) {
  const TemporaryDirectory directory;
  const LogLines lines;
  PidFile file(directory.path("pid"), lines.log);
  file.remove();
  EXPECT_FALSE(exists(directory.path("pid")));
  const PidFile next(directory.path("pid"), lines.log);
  file.remove();
  EXPECT_TRUE(exists(directory.path("pid")));
}

TEST(PidFile, ThatAnotherServerHasWrittenStays) {
  const TemporaryDirectory directory;
  const LogLines lines;
  {
    const PidFile file(directory.path("pid"), lines.log);
    directory.write("pid", "1\n");
  }
  EXPECT_TRUE(exists(directory.path("pid")));
}

TEST(PidFile, ThatCannotBeWrittenIsLogged) {
  const TemporaryDirectory directory;
  const LogLines lines;
  const PidFile file(directory.path("none/pid"), lines.log);
  EXPECT_EQ(lines.text(), fmt::format("error: Couldn't create pid file \"{}\": No such file or directory\n",
                                      directory.path("none/pid")));
}

TEST(PidFile, ThatIsAFifoDoesNotWaitForAReader) {
  const TemporaryDirectory directory;
  const LogLines lines;
  ASSERT_EQ(::mkfifo(directory.path("pid").c_str(), 0600), 0);
  const PidFile file(directory.path("pid"), lines.log);
  EXPECT_EQ(lines.text(),
            fmt::format("error: Couldn't create pid file \"{}\": No such device or address\n", directory.path("pid")));
}

}  // namespace
}  // namespace glassh
