// Who starts a session's processes: at once, later, or not at all.
#include "server/sessions/program_starter.h"

#include <functional>
#include <system_error>
#include <utility>

#include "test/server/sessions/session_fixture.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

// Starts nothing until the test says so, as another process would that starts programs for us.
class LateStarter final : public ProgramStarter {
 public:
  void start(const asio::any_io_executor& executor, const SpawnRequest& request, const ProgramEnds& ends,
             const Started& started) override {
    const auto copy = [](int descriptor) { return std::make_shared<Fd>(Fd::duplicate(descriptor)); };
    later = [executor, request, started, in = copy(ends.input), out = copy(ends.output), error = copy(ends.error)] {
      LocalStarter().start(executor, request, {in->get(), out->get(), error->get()}, started);
    };
    fail_later = [started] { started({.process = nullptr, .problem = "no rights"}); };
  }

  std::function<void()> later, fail_later;
};

class ProgramStarterTest : public test::SessionTest {
 protected:
  ProgramStarterTest() { context->starter = starter; }
  void start_now() {
    std::exchange(starter->later, nullptr)();
    starter->fail_later = nullptr;
  }

  const std::shared_ptr<LateStarter> starter = std::make_shared<LateStarter>();
};

TEST_F(ProgramStarterTest, AProcessOfThisProcessIsStartedAtOnce) {
  asio::io_context executor;
  Pipe out = make_pipe();
  std::optional<ProgramEnd> end;
  LocalStarter().start(executor.get_executor(), {"/bin/sh", {"sh", "-c", "exit 4"}, {}, "/"},
                       {out.write_end.get(), out.write_end.get(), out.write_end.get()}, [&](const StartResult& result) {
                         ASSERT_NE(result.process, nullptr);
                         EXPECT_GT(result.process->number(), 0);
                         result.process->when_ended([&end](const ProgramEnd& how) { end = how; });
                       });
  executor.run_for(test::patience);
  EXPECT_EQ(end, (ProgramEnd{.exit_status = 4}));
}

TEST_F(ProgramStarterTest, WhatIsNotThereIsSaidAtOnce) {
  const auto never = [](const StartResult&) { FAIL() << "it was started"; };
  EXPECT_THROW(LocalStarter().start(io.get_executor(), {"/nonexistent", {"x"}, {}, "/"}, {0, 1, 2}, never),
               std::system_error);
}

TEST_F(ProgramStarterTest, AProgramThatIsStartedLaterGetsWhatArrivedMeanwhile) {
  request(msg::Exec{"cat; exit 3"});
  receive(msg::ChannelData{0, bytes_of("early")});
  receive(msg::ChannelEof{0});
  collect();
  EXPECT_EQ(order, "S");
  start_now();
  run_to_close();
  EXPECT_EQ(output, "early");
  EXPECT_EQ(status, 3u);
}

TEST_F(ProgramStarterTest, AStartThatFailsLaterIsTheEndWithStatus255) {
  request(msg::Exec{"cat"});
  starter->later = nullptr;
  std::exchange(starter->fail_later, nullptr)();
  run_to_close();
  EXPECT_EQ(order, "SREC");
  EXPECT_EQ(status, 255u);
  EXPECT_THAT(lines.text(), testing::HasSubstr("cannot start /bin/sh: no rights"));
}

TEST_F(ProgramStarterTest, AProgramThatIsStartedAfterItsClientWentIsHungUp) {
  request(msg::Exec{"sleep 100"});
  receive(msg::ChannelClose{0});
  start_now();
  hub->finish();
  io.restart();
  io.run_for(test::patience);
  EXPECT_TRUE(io.stopped()) << "it still runs";
}

}  // namespace
}  // namespace glassh
