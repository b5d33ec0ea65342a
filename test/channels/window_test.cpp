// RFC 4254 section 5.2: the window that we give. The path is a simulation, with a clock that the test turns.
#include "channels/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

namespace glassh {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::uint32_t kib = 1024;
constexpr std::uint32_t mib = 1024 * kib;

// A peer that sends as much as window and bandwidth let it, over a path of so long a round trip.
struct Path {
  nanoseconds round_trip = milliseconds(100);
  double bytes_per_second = 1e9;
  double reader_bytes_per_second = 1e12;  // what takes the data from our hands

  ChannelLimits limits;
  WindowPace pace{.now = TimePoint{} + std::chrono::hours(1), .left = 1000ull * mib};
  ReceiveWindow window{limits, pace};
  std::uint64_t received = 0;

  // Adjusts on their way to the peer; data takes no time on the way back, so one way is the whole round trip.
  struct Adjust {
    TimePoint arrives;
    std::uint32_t bytes;
  };
  std::deque<Adjust> adjusts = {};
  std::uint64_t peer_has = limits.initial_window;
  double may_send = 0, may_read = 0;
  std::uint64_t unread = 0;

  void run(nanoseconds duration) {
    constexpr nanoseconds step = microseconds(100);
    pace.round_trip = round_trip;
    for (const TimePoint end = pace.now + duration; pace.now < end; pace.now += step) {
      while (!adjusts.empty() && adjusts.front().arrives <= pace.now) {
        peer_has += adjusts.front().bytes;
        adjusts.pop_front();
      }
      may_send = std::min(may_send + bytes_per_second * 1e-4, bytes_per_second * 1e-4);
      const auto data = static_cast<std::uint32_t>(std::min<double>(may_send, static_cast<double>(peer_has)));
      peer_has -= data;
      received += data;
      unread += data;
      EXPECT_LE(data, window.available()) << "the two sides disagree";
      window.arrived(data);
      const auto read = std::min<std::uint64_t>(unread, static_cast<std::uint64_t>(reader_bytes_per_second * 1e-4));
      unread -= read;
      window.consumed(read);
      if (const std::uint32_t bytes = window.take_adjust()) adjusts.push_back({pace.now + round_trip, bytes});
    }
  }
};

TEST(ReceiveWindow, GrowsUntilALongFatPathIsFull) {
  Path path;
  path.bytes_per_second = 200.0 * mib;  // 20 MiB fit into a round trip
  path.run(std::chrono::seconds(2));
  EXPECT_GE(path.window.size(), 20 * mib);
  EXPECT_LE(path.window.size(), 60 * mib);
  const std::uint64_t before = path.received;
  path.run(std::chrono::seconds(1));
  EXPECT_GE(path.received - before, 195u * mib) << "the path is not full";
}

TEST(ReceiveWindow, FillsALongPathInAFewRoundTrips) {
  Path path;
  path.bytes_per_second = 400.0 * mib;
  path.run(7 * path.round_trip);
  EXPECT_GE(path.window.size(), 40 * mib);
}

TEST(ReceiveWindow, StaysSmallOnAShortPath) {
  Path path;
  path.round_trip = milliseconds(1);
  path.bytes_per_second = 500.0 * mib;  // half a MiB fits
  path.run(std::chrono::seconds(1));
  EXPECT_EQ(path.window.size(), path.limits.initial_window);
}

TEST(ReceiveWindow, StaysSmallOnASlowPath) {
  Path path;
  path.bytes_per_second = 10.0 * mib;
  path.run(std::chrono::seconds(3));
  EXPECT_EQ(path.window.size(), path.limits.initial_window);
}

// The peer could send more; it is our reader who is slow. A larger window would only be a larger heap.
TEST(ReceiveWindow, StaysSmallForASlowReader) {
  Path path;
  path.reader_bytes_per_second = 5.0 * mib;
  path.run(std::chrono::seconds(3));
  EXPECT_EQ(path.window.size(), path.limits.initial_window);
  EXPECT_LE(path.unread, path.limits.initial_window);
}

// A reader that pauses finds a whole window kept, and takes it in no time. That says nothing about the path.
TEST(ReceiveWindow, DoesNotGrowWhenAReaderCatchesUp) {
  const ChannelLimits limits;
  WindowPace pace{.now = TimePoint{} + std::chrono::hours(1), .round_trip = milliseconds(1), .left = 1000ull * mib};
  ReceiveWindow window(limits, pace);
  for (int i = 0; i < 10; ++i) {
    window.arrived(window.available());
    pace.now += milliseconds(100);
    for (int part = 0; part < 32; ++part) {
      window.consumed(window.size() / 32);
      window.take_adjust();
    }
    pace.now += milliseconds(4);
  }
  EXPECT_EQ(window.size(), limits.initial_window);
}

TEST(ReceiveWindow, NeverGrowsAboveItsLimit) {
  Path path;
  path.limits.maximum_window = 5 * mib;
  path.run(std::chrono::seconds(1));
  EXPECT_EQ(path.window.size(), 5 * mib);
}

TEST(ReceiveWindow, LimitBelowTheInitialWindowMeansNoGrowth) {
  Path path;
  path.limits.maximum_window = mib;
  path.run(std::chrono::seconds(1));
  EXPECT_EQ(path.window.size(), path.limits.initial_window);
}

TEST(ReceiveWindow, DoesNotGrowWhileNoRoundTripIsKnown) {
  const ChannelLimits limits;
  WindowPace pace{.now = TimePoint{} + std::chrono::hours(1), .left = 1000ull * mib};
  ReceiveWindow window(limits, pace);
  for (int i = 0; i < 100; ++i) {
    window.arrived(mib);
    window.consumed(mib);
    EXPECT_EQ(window.take_adjust(), mib);
  }
  EXPECT_EQ(window.size(), limits.initial_window);
}

// Each may be large, not all of them; and what one had, another may have when it is gone.
TEST(ReceiveWindow, GrowthIsSharedByTheConnection) {
  const ChannelLimits limits;
  WindowPace pace{.now = TimePoint{} + std::chrono::hours(1),
                  .round_trip = milliseconds(100),
                  .left = 39 * mib,
                  .for_new = 32 * mib};
  const auto fill = [&](ReceiveWindow& window) {
    window.arrived(0);  // the measurement begins
    pace.now += milliseconds(1);
    for (int i = 0; i < 2; ++i) {
      window.arrived(mib);
      window.consumed(mib);
    }
    window.take_adjust();
  };
  ReceiveWindow second(limits, pace);
  {
    ReceiveWindow first(limits, pace);
    fill(first);
    EXPECT_EQ(first.size(), 5 * mib);
    EXPECT_EQ(first.available(), 5 * mib);
    EXPECT_EQ(pace.left, 32 * mib);
    fill(second);
    EXPECT_EQ(second.size(), 2 * mib);
  }
  EXPECT_EQ(pace.left, 37 * mib);
  pace.now += std::chrono::seconds(1);
  fill(second);
  EXPECT_EQ(second.size(), 6 * mib);  // by twice what was consumed; the rest follows with the next bytes
  EXPECT_EQ(pace.left, 32 * mib);
}

// OpenSSH's client reads as much of a file ahead as the window lets it send, into a buffer that copies itself.
TEST(ReceiveWindow, GrowthComesWithTheBytesThatAreConsumed) {
  const ChannelLimits limits;
  WindowPace pace{.now = TimePoint{} + std::chrono::hours(1), .round_trip = milliseconds(100), .left = 1000ull * mib};
  ReceiveWindow window(limits, pace);
  std::uint32_t largest = 0;
  for (int i = 0; i < 48; ++i) {
    pace.now += microseconds(100);
    window.arrived(128 * kib);
    window.consumed(128 * kib);
    largest = std::max(largest, window.take_adjust());
  }
  EXPECT_EQ(window.size(), 8 * mib);
  EXPECT_EQ(largest, 3 * 128 * kib);
}

// So all that many channels could make us keep has a limit, and each of them still works.
TEST(ReceiveWindow, IsSmallerTheMoreOfThemThereAre) {
  const ChannelLimits limits;
  WindowPace pace = window_pace(limits);
  const std::uint64_t all = pace.left;
  EXPECT_EQ(all, 128u * mib);
  std::vector<std::unique_ptr<ReceiveWindow>> windows;
  std::uint64_t sum = 0;
  for (int i = 0; i < 4090; ++i) {
    windows.push_back(std::make_unique<ReceiveWindow>(limits, pace));
    sum += windows.back()->size();
  }
  EXPECT_EQ(windows.front()->size(), limits.initial_window);
  EXPECT_EQ(windows.at(31)->size(), limits.initial_window);
  EXPECT_EQ(windows.back()->size(), limits.maximum_packet / 2);
  EXPECT_LE(sum, all + 4090 * limits.maximum_packet / 2);
  windows.back()->arrived(16 * kib);
  EXPECT_EQ(windows.back()->take_adjust(), 0u);
  windows.back()->consumed(8 * kib);
  EXPECT_EQ(windows.back()->take_adjust(), 8 * kib);
  windows.clear();
  EXPECT_EQ(pace.left, all);
}

TEST(ReceiveWindow, DiscardedBytesAreNeverGivenBack) {
  const ChannelLimits limits{.initial_window = 1000, .maximum_packet = 100};
  WindowPace pace = window_pace(limits);
  ReceiveWindow window(limits, pace);
  window.discarded(600);
  window.arrived(400);
  window.consumed(400);
  EXPECT_EQ(window.take_adjust(), 400u);
  EXPECT_EQ(window.available(), 400u);
}

}  // namespace
}  // namespace glassh
