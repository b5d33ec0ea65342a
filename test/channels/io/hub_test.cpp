#include "channels/io/hub.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include <fcntl.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

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

}  // namespace
}  // namespace glassh
