// A session runs whatever is a Program, and an in-process one as well as a process.
#include "server/sessions/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/sessions/session.h"
#include "test/server/log_lines.h"
#include "test/support/driven_pair.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::ElementsAre;

// What the test sees of a program.
struct Witness {
  bool made = false, started = false, hung_up = false, output_ended = false, gone = false;
  std::vector<int> signals;
};

// A subsystem inside this process: says hello, sends back what it gets, and ends with status 3 at the end of its input.
class EchoProgram final : public Program {
 public:
  EchoProgram(ChannelRef channel, std::weak_ptr<ProgramObserver> observer, Witness& witness)
      : channel_(std::move(channel)), observer_(std::move(observer)), witness_(witness) {
    witness_.made = true;
  }
  ~EchoProgram() override { witness_.gone = true; }

  asio::awaitable<void> start() override {
    witness_.started = true;
    co_return;
  }
  void write(Bytes data) override {
    Channel* const open = channel_.get();
    if (open == nullptr) return;
    const MutableBytes place = open->data_space(data.size());
    std::copy(data.begin(), data.end(), place.begin());
    open->commit(data.size());
    open->consumed(data.size());
  }
  void end_input() override {
    const auto observer = observer_.lock();
    if (observer == nullptr) return;
    observer->on_program_end({.exit_status = 3});
    observer->on_program_finished();
  }
  void end_output() override { witness_.output_ended = true; }
  void signal(int number) override { witness_.signals.push_back(number); }
  void hang_up() override { witness_.hung_up = true; }

 private:
  const ChannelRef channel_;
  const std::weak_ptr<ProgramObserver> observer_;
  Witness& witness_;
};

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    ServerConfig config;
    config.subsystems = {{"echo", "in-process-echo"}};
    context_ = std::make_shared<SessionContext>(
        SessionContext{std::make_shared<ServerConfig>(config), account_, lines_.log, 0, {}, true});
    context_->builtin = [this](const ProgramPlan& plan, const ChannelRef& channel,
                               std::weak_ptr<ProgramObserver> observer) -> std::shared_ptr<Program> {
      if (plan.command != "in-process-echo") return nullptr;
      return std::make_shared<EchoProgram>(channel, std::move(observer), witness_);
    };
  }

  const test::LogLines lines_;
  const TemporaryDirectory home_;
  const Account account_{"ann", ::geteuid(), ::getegid(), home_.path(), "/bin/sh"};
  std::shared_ptr<SessionContext> context_;
  Witness witness_;
  test::DrivenPair pair_{[this](ChannelRef channel) { return Session::create(std::move(channel), context_); }};
};

// [4254-6.5-4] [4254-6.10-1] [4254-6.10-3]
TEST_F(ProgramTest, ASubsystemInsideThisProcessEchoesAndReportsItsStatus) {
  const std::uint32_t id = pair_.open("session");
  pair_.request(id, msg::Subsystem{"echo"});
  pair_.send(id, "hello ");
  pair_.send(id, "there");
  ASSERT_TRUE(pair_.run_until([&] { return pair_.has_seen("hello there"); }));
  pair_.client_channel(id).send_eof();
  pair_.client.drive.wake();
  ASSERT_TRUE(pair_.run_until([&] { return pair_.has_seen("close"); }));
  EXPECT_THAT(pair_.seen, ElementsAre("+", "hello there", "exit-status 3", "eof", "close"));
  ASSERT_TRUE(pair_.run_until([&] { return witness_.gone; })) << "nothing keeps it when its channel is gone";
  EXPECT_FALSE(witness_.hung_up);
}

TEST_F(ProgramTest, AClientThatClosesHangsItUp) {
  const std::uint32_t id = pair_.open("session");
  pair_.request(id, msg::Subsystem{"echo"});
  ASSERT_TRUE(pair_.run_until([&] { return witness_.started; }));
  pair_.client_channel(id).close();
  pair_.client.drive.wake();
  ASSERT_TRUE(pair_.run_until([&] { return witness_.gone; }));
  EXPECT_TRUE(witness_.hung_up);
  EXPECT_THAT(pair_.seen, ElementsAre("+", "close"));
}

TEST_F(ProgramTest, AConnectionThatEndsHangsItUp) {
  const std::uint32_t id = pair_.open("session");
  pair_.request(id, msg::Subsystem{"echo"});
  ASSERT_TRUE(pair_.run_until([&] { return witness_.started; }));
  pair_.client.core.disconnect(DisconnectReason::by_application, "");
  pair_.client.drive.wake();
  ASSERT_TRUE(pair_.run_until([&] { return witness_.gone; }));
  EXPECT_TRUE(witness_.hung_up);
}

TEST_F(ProgramTest, EndOfWriteReachesItAndSignalsDoNotReachASubsystem) {
  const std::uint32_t id = pair_.open("session");
  pair_.request(id, msg::Subsystem{"echo"});
  pair_.request(id, msg::Signal{"TERM"});
  pair_.request(id, msg::Eow{});
  ASSERT_TRUE(pair_.run_until([&] { return pair_.seen.size() == 3; }));
  EXPECT_THAT(pair_.seen, ElementsAre("+", "-", "+"));
  EXPECT_THAT(witness_.signals, ElementsAre());
  EXPECT_TRUE(witness_.output_ended);
}

TEST_F(ProgramTest, SignalsReachAProgramThatIsACommandOfTheClient) {
  const std::uint32_t id = pair_.open("session");
  pair_.request(id, msg::Exec{"in-process-echo"});
  pair_.request(id, msg::Signal{"TERM"});
  ASSERT_TRUE(pair_.run_until([&] { return pair_.seen.size() == 2; }));
  EXPECT_THAT(witness_.signals, ElementsAre(SIGTERM));
}

TEST_F(ProgramTest, OtherCommandsAreProcessesBesideIt) {
  const std::uint32_t echo = pair_.open("session");
  pair_.request(echo, msg::Subsystem{"echo"});
  const std::uint32_t process = pair_.open("session");
  pair_.request(process, msg::Exec{"echo process; exit 5"});
  ASSERT_TRUE(pair_.run_until([&] { return pair_.has_seen("close"); }));
  EXPECT_THAT(pair_.seen, ElementsAre("+", "+", "process\n", "exit-status 5", "eof", "close"));
  EXPECT_FALSE(witness_.gone);
}

}  // namespace
}  // namespace glassh
