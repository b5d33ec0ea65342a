#include "channels/io/slow_calls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "channels/io/holdings.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

// The state that the calls of a test share with it: calls named "stuck…" go on when they are let go, the others at
// once.
struct Work {
  std::mutex mutex;
  std::size_t free = 0;             // stuck calls that may go on
  std::size_t stuck = 0, most = 0;  // now, and at one time
  std::vector<std::string> begun, done;

  void run(const std::string& name) {
    std::unique_lock lock(mutex);
    begun.push_back(name);
    if (name.starts_with("stuck")) {
      most = std::max(most, ++stuck);
      while (free == 0) {
        lock.unlock();
        std::this_thread::yield();
        lock.lock();
      }
      --free;
      --stuck;
    }
    done.push_back(name);
  }
  std::size_t count_of_begun() {
    const std::lock_guard lock(mutex);
    return begun.size();
  }
  std::size_t count_of_done() {
    const std::lock_guard lock(mutex);
    return done.size();
  }
  std::vector<std::string> names_of_begun() {
    const std::lock_guard lock(mutex);
    return begun;
  }
  std::size_t most_stuck() {
    const std::lock_guard lock(mutex);
    return most;
  }
  void let_go(std::size_t calls) {
    const std::lock_guard lock(mutex);
    free += calls;
  }
};

class SlowCallsTest : public ::testing::Test {
 protected:
  ~SlowCallsTest() override {
    work_->let_go(1000);
    EXPECT_TRUE(test::run_until(io_, [] { return holdings().slow_calls == 0 && holdings().lookups == 0; }));
  }

  static asio::awaitable<void> wait_for(std::shared_ptr<Work> work, std::shared_ptr<SlowCaller> caller, SlowKind kind,
                                        std::string name, std::shared_ptr<std::vector<std::string>> answers) {
    std::string answer = name;
    const auto run = [work, name] {
      work->run(name);
      return true;
    };
    try {
      co_await call_slowly(caller, kind, run);
    } catch (const std::system_error& error) {
      answer += " " + error.code().message();
    }
    answers->push_back(answer);
  }
  void call(const std::shared_ptr<SlowCaller>& caller, const std::string& name, SlowKind kind = SlowKind::names) {
    asio::co_spawn(io_, wait_for(work_, caller, kind, name, answers_), asio::detached);
    io_.restart();
    io_.poll();
  }
  bool answered(std::size_t count) {
    return test::run_until(io_, [&] { return answers_->size() == count; });
  }
  bool begun(std::size_t count) {
    return test::run_until(io_, [&] { return work_->count_of_begun() == count; });
  }

  static constexpr std::size_t share = slow_shares[0];
  asio::io_context io_{1};
  const std::shared_ptr<Work> work_ = std::make_shared<Work>();
  const std::shared_ptr<std::vector<std::string>> answers_ = std::make_shared<std::vector<std::string>>();
};

asio::awaitable<void> call_twice(std::thread::id& ran_in, std::string& problem) {
  const auto name_thread = [] { return std::this_thread::get_id(); };
  const auto fail = []() -> int { throw std::runtime_error("no"); };
  ran_in = co_await call_slowly(nullptr, SlowKind::files, name_thread);
  try {
    co_await call_slowly(nullptr, SlowKind::files, fail);
  } catch (const std::runtime_error& error) {
    problem = error.what();
  }
}

TEST_F(SlowCallsTest, ACallRunsElsewhereAndItsResultOrExceptionComesBack) {
  std::thread::id ran_in;
  std::string problem;
  asio::co_spawn(io_, call_twice(ran_in, problem), asio::detached);
  EXPECT_TRUE(test::run_until(io_, [&] { return problem == "no"; }));
  EXPECT_NE(ran_in, std::thread::id());
  EXPECT_NE(ran_in, std::this_thread::get_id());
}

asio::awaitable<void> look_at_mask(sigset_t& mask, bool& done) {
  const auto look = [] {
    sigset_t now;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
    return now;
  };
  mask = co_await call_slowly(nullptr, SlowKind::files, look);
  done = true;
}

TEST_F(SlowCallsTest, SignalsAreNotForThreadsOfSlowCalls) {
  sigset_t mask;
  ::sigemptyset(&mask);
  bool done = false;
  asio::co_spawn(io_, look_at_mask(mask, done), asio::detached);
  EXPECT_TRUE(test::run_until(io_, [&] { return done; }));
  EXPECT_EQ(::sigismember(&mask, SIGTERM), 1);
  EXPECT_EQ(::sigismember(&mask, SIGUSR1), 1);
}

TEST_F(SlowCallsTest, AProgramThatForksHasThreadsInBothProcesses) {
  const auto caller = std::make_shared<SlowCaller>("", "");
  call(caller, "before");
  ASSERT_TRUE(answered(1));
  // As many as run at once, and one that waits.
  const auto ann = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  for (std::size_t i = 0; i < share; ++i) call(ann, "stuck");
  ASSERT_TRUE(begun(1 + share));
  call(ann, "waits");
  work_->let_go(share);
  end_slow_threads();
  io_.notify_fork(asio::io_context::fork_prepare);
  const pid_t child = ::fork();
  io_.notify_fork(child == 0 ? asio::io_context::fork_child : asio::io_context::fork_parent);
  restart_slow_threads();
  call(caller, "afterwards");
  const bool done = answered(share + 3);
  if (child == 0) ::_exit(done ? 0 : 1);
  EXPECT_TRUE(done);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(SlowCallsTest, AUserHasAShareOfTheThreadsWhateverTheSource) {
  std::vector<std::shared_ptr<SlowCaller>> callers;
  for (std::size_t i = 0; i < 2 * share; ++i) {
    callers.push_back(std::make_shared<SlowCaller>("ann", "192.0.2." + std::to_string(i)));
    call(callers.back(), "stuck");
  }
  ASSERT_TRUE(begun(share));
  call(std::make_shared<SlowCaller>("bob", "192.0.2.1"), "bob's");
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(answers_->front(), "bob's");
  EXPECT_EQ(work_->most_stuck(), share);
}

TEST_F(SlowCallsTest, ASourceHasAShareOfTheThreadsWhateverTheUser) {
  std::vector<std::shared_ptr<SlowCaller>> callers;
  for (std::size_t i = 0; i < 2 * share; ++i) {
    callers.push_back(std::make_shared<SlowCaller>("user" + std::to_string(i), "192.0.2.1"));
    call(callers.back(), "stuck");
  }
  ASSERT_TRUE(begun(share));
  call(std::make_shared<SlowCaller>("user1", "192.0.2.2"), "from elsewhere");
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(answers_->front(), "from elsewhere");
  EXPECT_EQ(work_->most_stuck(), share);
}

TEST_F(SlowCallsTest, CallsOfOneKindThatHangLeaveAUserTheOtherKinds) {
  const auto ann = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  for (std::size_t i = 0; i < 2 * share; ++i) call(ann, "stuck");
  ASSERT_TRUE(begun(share));
  call(ann, "login", SlowKind::files);
  call(ann, "shell", SlowKind::programs);
  EXPECT_TRUE(answered(2));
}

TEST_F(SlowCallsTest, ConnectionsOfOneUserTakeTurns) {
  const auto first = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  const auto second = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  for (std::size_t i = 0; i < share; ++i) call(first, "stuck");
  ASSERT_TRUE(begun(share));
  for (const char* const name : {"first 1", "first 2", "first 3"}) call(first, name);
  call(second, "second 1");
  call(second, "second 2");
  work_->let_go(1);  // all others run in this one's place, one after the other
  ASSERT_TRUE(answered(6));
  const std::vector<std::string> begun = work_->names_of_begun();
  EXPECT_EQ(std::vector<std::string>(begun.begin() + share, begun.end()),
            (std::vector<std::string>{"first 1", "second 1", "first 2", "second 2", "first 3"}));
}

TEST_F(SlowCallsTest, CallsThatHaveNotBegunLeaveTheQueueWithTheirConnection) {
  const auto gone = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  const auto other = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  for (std::size_t i = 0; i < share; ++i) call(gone, "stuck");
  ASSERT_TRUE(begun(share));
  for (std::size_t i = 0; i < 10; ++i) call(gone, "waiting");
  call(other, "other");
  EXPECT_EQ(holdings().lookups, static_cast<std::int64_t>(share + 11));
  gone->end();
  EXPECT_EQ(holdings().lookups, static_cast<std::int64_t>(share + 1));
  ASSERT_TRUE(answered(share + 10));
  EXPECT_EQ(std::count(answers_->begin(), answers_->end(), "waiting Operation canceled"), 10);
  call(gone, "too late");
  ASSERT_TRUE(answered(share + 11));
  EXPECT_EQ(answers_->back(), "too late Operation canceled");
  work_->let_go(share);
  ASSERT_TRUE(answered(share + 12));
  EXPECT_EQ(work_->count_of_begun(), share + 1);
}

TEST_F(SlowCallsTest, ACallThatHangsIsNotWaitedForWhenItsConnectionIsOver) {
  for (const SlowKind kind : {SlowKind::names, SlowKind::accounts, SlowKind::files, SlowKind::sockets}) {
    const auto gone = std::make_shared<SlowCaller>("ann", "192.0.2.1");
    call(gone, "stuck", kind);
    ASSERT_TRUE(begun(1));
    gone->end();
    ASSERT_TRUE(answered(1)) << static_cast<int>(kind);
    EXPECT_EQ(answers_->front(), "stuck Operation canceled");
    EXPECT_EQ(holdings().slow_calls, 1) << "its thread is still counted for its user";
    work_->let_go(1);
    ASSERT_TRUE(test::run_until(io_, [] { return holdings().slow_calls == 0; }));
    EXPECT_EQ(work_->done, std::vector<std::string>{"stuck"});
    work_->begun.clear();
    work_->done.clear();
    answers_->clear();
  }
}

TEST_F(SlowCallsTest, TheProgramsEndWaitsAWhileForCallsWhoseCallersHaveLeft) {
  const auto gone = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  call(gone, "stuck", SlowKind::sockets);
  ASSERT_TRUE(begun(1));
  gone->end();
  ASSERT_TRUE(answered(1));
  finish_forgotten_calls(std::chrono::milliseconds(1));
  EXPECT_EQ(work_->count_of_done(), 0u);
  work_->let_go(1);
  finish_forgotten_calls(test::patience);
  EXPECT_EQ(work_->count_of_done(), 1u);
  EXPECT_EQ(holdings().slow_calls, 0);
}

// It has to be hung up.
TEST_F(SlowCallsTest, AProgramThatIsBeingStartedIsWaitedForAlthoughItsConnectionIsOver) {
  const auto gone = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  call(gone, "stuck", SlowKind::programs);
  ASSERT_TRUE(begun(1));
  gone->end();
  io_.restart();
  io_.poll();
  EXPECT_EQ(answers_->size(), 0u);
  work_->let_go(1);
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(answers_->front(), "stuck");
}

TEST_F(SlowCallsTest, ACallerHasALimitOfPendingLookupsAndNoneOfOtherCalls) {
  const auto ann = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  for (std::size_t i = 0; i < SlowCaller::most_lookups; ++i) call(ann, "stuck");
  EXPECT_EQ(answers_->size(), 0u);
  call(ann, "one too many");
  ASSERT_EQ(answers_->size(), 1u);
  EXPECT_EQ(answers_->front(), "one too many Device or resource busy");
  for (std::size_t i = 0; i < 2 * SlowCaller::most_lookups; ++i) call(ann, "stuck", SlowKind::sockets);
  EXPECT_EQ(answers_->size(), 1u);
}

TEST_F(SlowCallsTest, AWaiterMayGoWithItsIoContextBeforeTheCallHasEnded) {
  auto io = std::make_unique<asio::io_context>(1);
  const auto caller = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  asio::co_spawn(*io, wait_for(work_, caller, SlowKind::files, "stuck", answers_), asio::detached);
  io->poll();
  ASSERT_TRUE(begun(1));
  io.reset();
  EXPECT_EQ(holdings().slow_calls, 1);
  work_->let_go(1);
  EXPECT_TRUE(test::run_until(io_, [] { return holdings().slow_calls == 0; }));
  EXPECT_EQ(answers_->size(), 0u);
}

}  // namespace
}  // namespace glassh
