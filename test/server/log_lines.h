// A Log that writes to a file of its own, and what it wrote.
//
//   LogLines lines(LogLevel::verbose);  act(lines.log);  EXPECT_EQ(lines.text(), "…\n");
#pragma once

#include "server/log.h"
#include "test/support/temporary_directory.h"

namespace glassh::test {

struct LogLines {
  explicit LogLines(LogLevel level = LogLevel::debug3) : log(Log::to_file(level, directory.path("log"))) {}

  std::string text() const { return directory.read("log"); }

  TemporaryDirectory directory;
  Log log;
};

}  // namespace glassh::test
