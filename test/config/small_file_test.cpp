#include "config/small_file.h"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

// A disk that is full after `size` bytes of one file, for as long as this lives.
class FullDisk {
 public:
  explicit FullDisk(rlim_t size) : signal_before_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = size;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_before_);
  }

 private:
  void (*signal_before_)(int);
  rlimit before_{};
};

TEST(SmallFile, ALineThatDoesNotFitLeavesTheFileAsItWas) {
  TemporaryDirectory home;
  for (const std::string before : {"one\n", "one"}) {
    const std::string path = home.write("file", before);
    {
      FullDisk full(10);
      EXPECT_THROW(append_line(path, "a line of more than ten bytes", 0600), FileError);
    }
    EXPECT_EQ(home.read("file"), before);
    append_line(path, "two", 0600);
    EXPECT_EQ(home.read("file"), "one\ntwo\n");
  }
}

TEST(SmallFile, AFileThatCannotBeWrittenNeverReplacesAGoodOne) {
  TemporaryDirectory home;
  const std::string path = home.write("file", "good");
  {
    FullDisk full(10);
    EXPECT_THROW(save_small_file(path, bytes_of("more than ten bytes"), 0600, "x", IfExists::replace), FileError);
  }
  EXPECT_EQ(home.read("file"), "good");
  EXPECT_FALSE(std::filesystem::exists(home.path("file.x.tmp")));
}

}  // namespace
}  // namespace glassh
