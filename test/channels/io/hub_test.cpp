#include "channels/io/hub.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "test/support/patience.h"

namespace glassh {
namespace {

TEST(Hub, TakingLeaveOfAPeerThatDoesNotStopSendingLetsOthersWork) {
  asio::io_context io;
  // What is read from it never ends.
  const auto hub = std::make_shared<Hub>(io.get_executor(), Fd(::open("/dev/zero", O_RDWR | O_CLOEXEC)), Fd());
  bool left = false;
  asio::co_spawn(io, hub->take_leave(std::chrono::milliseconds(20)), [&](const std::exception_ptr&) { left = true; });
  unsigned turns = 0;
  const std::function<void()> work = [&] {
    ++turns;
    if (!left) asio::post(io, work);
  };
  asio::post(io, work);
  while (!left) io.run_one();
  EXPECT_GT(turns, 1U);
  hub->finish();
  io.poll();
}

// The connection had a deadline of its own, before the end of the leave or behind it.
TEST(Hub, TakingLeaveEndsInTimeWhateverTheTimerWasSetFor) {
  for (const auto armed : {std::chrono::milliseconds(1), std::chrono::milliseconds(3'600'000)}) {
    asio::io_context io;
    SocketPair sockets = make_socket_pair();  // the peer says nothing, and does not hang up
    const auto hub = std::make_shared<Hub>(io.get_executor(), std::move(sockets.first), Fd());
    hub->await_time(Hub::Clock::now() + armed);
    bool left = false;
    asio::co_spawn(io, hub->take_leave(std::chrono::milliseconds(50)), [&](const std::exception_ptr&) { left = true; });
    EXPECT_TRUE(test::run_until(io, [&] { return left; })) << "the timer was set for " << armed.count() << " ms";
    hub->finish();
    io.restart();
    io.poll();
  }
}

// How many of our epoll descriptors watch this one.
int watchers_of(int fd) {
  int count = 0;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(each.path());
    for (std::string word; info >> word;) {
      int watched = -1;
      if (word == "tfd:" && info >> watched && watched == fd) ++count;
    }
  }
  return count;
}

// The other process of a socket that is handed on: it holds the same open file description.
TEST(Hub, AReleasedSocketIsOpenAndNoReactorWatchesIt) {
  asio::io_context io;
  SocketPair sockets = make_socket_pair();
  const auto hub = std::make_shared<Hub>(io.get_executor(), std::move(sockets.first), Fd());
  const int number = hub->input().number();
  hub->await_input();
  io.poll();
  ASSERT_EQ(watchers_of(number), 1);
  const Fd elsewhere = Fd::duplicate(number);

  Fd released = hub->release();
  EXPECT_EQ(released.get(), number);
  EXPECT_TRUE(hub->over());
  EXPECT_EQ(watchers_of(number), 0);
  io.restart();
  io.poll();  // the wait has ended
  EXPECT_FALSE(hub->input_awaited());

  ASSERT_EQ(::write(sockets.second.get(), "more", 4), 4);
  io.restart();
  EXPECT_EQ(io.poll(), 0u) << "traffic does not wake whoever gave it away";
  char text[4];
  EXPECT_EQ(::read(elsewhere.get(), text, sizeof text), 4);
  released.close();
  ASSERT_EQ(::write(sockets.second.get(), "more", 4), 4) << "the other holder has it still";
  io.restart();
  EXPECT_EQ(io.poll(), 0u);
  EXPECT_FALSE(hub->release()) << "there is nothing to give out twice";
}

TEST(Hub, ReleasingStopsWhatWaitsForAnOpenConnection) {
  asio::io_context io;
  SocketPair sockets = make_socket_pair();
  const auto hub = std::make_shared<Hub>(io.get_executor(), std::move(sockets.first), Fd());
  bool left = false;
  asio::co_spawn(io, hub->take_leave(std::chrono::hours(1)), [&](const std::exception_ptr&) { left = true; });
  io.poll();
  ASSERT_FALSE(left);
  const Fd released = hub->release();
  io.restart();
  io.poll();
  EXPECT_TRUE(left);
}

TEST(Hub, TwoDescriptorsAreNotGivenOut) {
  asio::io_context io;
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  const auto hub = std::make_shared<Hub>(io.get_executor(), std::move(in.read_end), std::move(out.write_end));
  EXPECT_THROW(hub->release(), std::logic_error);
  EXPECT_FALSE(hub->over());
  hub->finish();
}

}  // namespace
}  // namespace glassh
