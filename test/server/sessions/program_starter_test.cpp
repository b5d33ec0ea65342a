// Who starts a session's processes: at once, later, or not at all.
#include "server/sessions/program_starter.h"

#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "channels/io/signal.h"
#include "test/server/sessions/session_fixture.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

// Starts nothing until the test says so, as another process would that starts programs for us.
class LateStarter final : public ProgramStarter {
 public:
  asio::awaitable<std::shared_ptr<StartedProcess>> start(SpawnRequest request, ProgramEnds ends) override {
    Signal told(co_await asio::this_coro::executor);
    told_ = &told;
    co_await told.wait();
    told_ = nullptr;
    if (!problem.empty()) throw std::system_error(EPERM, std::generic_category(), problem);
    co_return co_await local_.start(std::move(request), std::move(ends));
  }
  bool waits() const { return told_ != nullptr; }
  void go_on() { told_->raise(); }

  std::string problem;

 private:
  LocalStarter local_;
  Signal* told_ = nullptr;
};

class ProgramStarterTest : public test::SessionTest {
 protected:
  ProgramStarterTest() {
    context->starter = starter;
    waits_for_answers = false;
  }
  void ask_for(const std::string& command) {
    request(msg::Exec{command});
    run_until([this] { return starter->waits(); });
  }

  const std::shared_ptr<LateStarter> starter = std::make_shared<LateStarter>();
};

asio::awaitable<void> start_here(SpawnRequest request, ProgramEnds ends, std::optional<ProgramEnd>& end) {
  LocalStarter starter;
  const auto process = co_await starter.start(std::move(request), std::move(ends));
  EXPECT_GT(process->number(), 0);
  process->when_ended([&end](const ProgramEnd& how) { end = how; });
}

TEST_F(ProgramStarterTest, AProcessOfThisProcessTellsItsEnd) {
  Pipe out = make_pipe();
  const int number = out.write_end.get();
  std::optional<ProgramEnd> end;
  hub->spawn(start_here({"/bin/sh", {"sh", "-c", "exit 4"}, {}, "/"}, {number, number, number}, end));
  run_until([&] { return end.has_value(); });
  EXPECT_EQ(end, (ProgramEnd{.exit_status = 4}));
}

TEST_F(ProgramStarterTest, WhatIsNotThereIsSaid) {
  std::optional<ProgramEnd> end;
  hub->spawn(start_here({"/nonexistent", {"x"}, {}, "/"}, {0, 1, 2}, end));
  std::exception_ptr why;
  run_until([&] { return (why = hub->take_failure()) != nullptr; });
  EXPECT_THROW(std::rethrow_exception(why), std::system_error);
}

// RFC 4254 section 5.4: answers come in the order of the requests.
TEST_F(ProgramStarterTest, WhatArrivesWhileAProgramStartsIsKeptInItsOrder) {
  ask_for("cat; exit 3");
  receive(msg::ChannelData{0, bytes_of("early ")});
  request(msg::Signal{"nonsense"});
  request(msg::Eow{});
  request(msg::Env{"LANG", "C"});
  receive(msg::ChannelData{0, bytes_of("bird")});
  receive(msg::ChannelEof{0});
  collect();
  EXPECT_EQ(order, "");
  starter->go_on();
  run_to_close();
  EXPECT_EQ(order, "SFSFREC") << "the output is not wanted any more";
  EXPECT_EQ(status, 3u);
}

TEST_F(ProgramStarterTest, AProgramGetsWhatArrivedWhileItStarted) {
  ask_for("cat; exit 3");
  receive(msg::ChannelData{0, bytes_of("early ")});
  receive(msg::ChannelData{0, bytes_of("bird")});
  receive(msg::ChannelEof{0});
  EXPECT_EQ(hub->allowance().kept(), 10u);
  starter->go_on();
  run_to_close();
  EXPECT_EQ(order, "SdREC");
  EXPECT_EQ(output, "early bird");
  EXPECT_EQ(hub->allowance().kept(), 0u);
  EXPECT_EQ(status, 3u);
}

TEST_F(ProgramStarterTest, AfterAStartThatFailsAnotherIsTried) {
  starter->problem = "no rights";
  ask_for("cat");
  receive(msg::ChannelData{0, bytes_of("lost")});
  request(msg::Exec{"echo again"});
  starter->go_on();
  run_until([this] { return order == "F" && starter->waits(); });
  EXPECT_THAT(lines.text(), testing::HasSubstr("cannot start command: no rights"));
  starter->problem = "";
  starter->go_on();
  run_to_close();
  EXPECT_EQ(order, "FSdREC");
  EXPECT_EQ(output, "again\n");
}

TEST_F(ProgramStarterTest, TooManyRequestsWhileItStartsCloseTheChannel) {
  ask_for("cat");
  for (int i = 0; i < 1000; ++i) request(msg::WindowChange{80, 24, 0, 0}, false);
  collect();
  EXPECT_EQ(order, "C");
  EXPECT_THAT(lines.text(), testing::HasSubstr("too many requests while its program starts"));
  starter->go_on();
}

TEST_F(ProgramStarterTest, AProgramThatIsStartedAfterItsClientWentIsHungUp) {
  ask_for("sleep 100");
  receive(msg::ChannelClose{0});
  starter->go_on();
  hub->finish();
  io.restart();
  io.run_for(test::patience);
  EXPECT_TRUE(io.stopped()) << "it still runs";
}

}  // namespace
}  // namespace glassh
