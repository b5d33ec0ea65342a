#include "channels/io/observer_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct ObserverFiles : testing::Test {
  // Returns the text of the error, or "" if the file was opened. `text` is written to it then.
  std::string problem(const std::string& path, ObserverFile kind, std::string_view text = "x") {
    try {
      write_all(open_observer_file("--it", path, kind)->get(), text);
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }

  const TemporaryDirectory directory;
  const std::string file = directory.path("file");
};

TEST_F(ObserverFiles, ANewOneIsPrivate) {
  EXPECT_EQ(problem(file, ObserverFile::trace), "");
  EXPECT_EQ(directory.mode("file"), 0600u);
}

TEST_F(ObserverFiles, ATraceIsWrittenAnewAndAKeyLogGoesOn) {
  directory.write("file", "before ");
  EXPECT_EQ(problem(file, ObserverFile::key_log, "after"), "");
  EXPECT_EQ(directory.read("file"), "before after");
  EXPECT_EQ(problem(file, ObserverFile::trace, "anew"), "");
  EXPECT_EQ(directory.read("file"), "anew");
}

TEST_F(ObserverFiles, OneThatOthersMayReadIsRefusedAndKeepsItsContent) {
  directory.write("file", "before", 0644);
  for (const ObserverFile kind : {ObserverFile::trace, ObserverFile::key_log}) {
    EXPECT_EQ(problem(file, kind), "--it: " + file + ": other users may open it (mode 0644); chmod 600 or remove it");
  }
  EXPECT_EQ(directory.read("file"), "before");
}

TEST_F(ObserverFiles, ASymbolicLinkIsNotFollowed) {
  directory.write("target", "before");
  ASSERT_EQ(::symlink("target", file.c_str()), 0);
  EXPECT_THAT(problem(file, ObserverFile::trace), HasSubstr("it is a symbolic link"));
  EXPECT_EQ(directory.read("target"), "before");
}

TEST_F(ObserverFiles, AFifoWithoutAReaderFailsAtOnce) {
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_THAT(problem(file, ObserverFile::trace), HasSubstr("no program reads"));
  const Fd reader(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(problem(file, ObserverFile::trace, "line"), "");
  char got[4];
  EXPECT_EQ(::read(reader.get(), got, sizeof got), 4);
}

TEST_F(ObserverFiles, KeysDoNotGoToAFifoThatOthersMayRead) {
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  directory.set_mode("file", 0644);
  const Fd reader(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_THAT(problem(file, ObserverFile::key_log), HasSubstr("mode 0644"));
}

TEST_F(ObserverFiles, ADeviceIsPossible) { EXPECT_EQ(problem("/dev/null", ObserverFile::trace), ""); }

TEST_F(ObserverFiles, AnInheritedDescriptorIsPossible) {
  const Pipe pipe = make_pipe();
  const std::string path = "/dev/fd/" + std::to_string(pipe.write_end.get());
  EXPECT_EQ(problem(path, ObserverFile::trace, "line"), "");
  EXPECT_EQ(problem(path, ObserverFile::key_log, "keys"), "") << "a pipe of ours";
  char got[8];
  EXPECT_EQ(::read(pipe.read_end.get(), got, sizeof got), 8);
  EXPECT_EQ(problem("/dev/fd/999", ObserverFile::trace), "--it: /dev/fd/999: Bad file descriptor");
}

// The caller has chosen who may read it.
TEST_F(ObserverFiles, ATraceGoesBehindWhatAnInheritedFileHas) {
  directory.write("file", "before ", 0644);
  const Fd inherited(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  const std::string path = "/proc/self/fd/" + std::to_string(inherited.get());
  EXPECT_EQ(problem(path, ObserverFile::trace, "after"), "");
  EXPECT_EQ(directory.read("file"), "before after");
  EXPECT_THAT(problem(path, ObserverFile::key_log), HasSubstr("mode 0644"));
}

TEST_F(ObserverFiles, SomebodyElsesIsRefused) {
  if (::geteuid() != 0) {
    EXPECT_THAT(problem("/etc/passwd", ObserverFile::key_log), StartsWith("--it: /etc/passwd: "));
    return;
  }
  directory.write("file", "before");
  ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
  EXPECT_EQ(problem(file, ObserverFile::trace), "--it: " + file + ": it belongs to another user (uid 65534)");
  EXPECT_EQ(directory.read("file"), "before");
}

}  // namespace
}  // namespace glassh
