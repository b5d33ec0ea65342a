#include "client/child.h"

#include <gtest/gtest.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

TEST(Child, StreamsAreFilesAndTheStatusComesBack) {
  TemporaryDirectory home;
  const std::string input = home.write("in", "hello");
  EXPECT_EQ(run_child({"/bin/sh", "-c", "cat; echo wrong >&2; exit 7"}, {input, home.path("out"), home.path("err")}),
            7);
  EXPECT_EQ(home.read("out"), "hello");
  EXPECT_EQ(home.read("err"), "wrong\n");
  EXPECT_EQ(home.mode("out"), 0600u);
  EXPECT_EQ(run_child({"/bin/sh", "-c", "echo a; echo b >&2"}, {"/dev/null", home.path("out"), home.path("out")}), 0);
  EXPECT_EQ(home.read("out"), "a\nb\n");
}

TEST(Child, AProgramThatIsKilledOrNotThereIsTold) {
  EXPECT_EQ(run_child({"/bin/sh", "-c", "kill -TERM $$"}, {"/dev/null", "", ""}), 128 + 15);
  EXPECT_THROW(run_child({"/nonexistent/program"}, {}), std::system_error);
}

TEST(Child, ProgramsAreFoundInPathOrNotAtAll) {
  EXPECT_TRUE(find_program_in_path("sh"));
  EXPECT_EQ(find_program_in_path("no-such-program-anywhere"), std::nullopt);
  EXPECT_TRUE(find_program_beside_us("test_client"));
  EXPECT_EQ(find_program_beside_us("no-such-program-anywhere"), std::nullopt);
}

TEST(PipedChild, IsTalkedToLineByLine) {
  TemporaryDirectory home;
  PipedChild child({"/bin/sh", "-c", "while read x; do echo \"got $x\"; done; echo end >&2; exit 3"}, home.path("err"));
  child.write("one\n");
  EXPECT_TRUE(child.read_until("got one\n"));
  child.write("two\nthree\n");
  EXPECT_TRUE(child.read_until("got three\n"));
  EXPECT_EQ(child.finish(), 3);
  EXPECT_EQ(home.read("err"), "end\n");
}

TEST(PipedChild, TheEndOfItsOutputIsNoMarker) {
  TemporaryDirectory home;
  PipedChild child({"/bin/sh", "-c", "echo not the marker"}, home.path("err"));
  EXPECT_FALSE(child.read_until("marker\n")) << "only at a line's beginning";
  EXPECT_EQ(child.finish(), 0);
}

}  // namespace
}  // namespace glassh
