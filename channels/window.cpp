#include "channels/window.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace glassh {

namespace {

constexpr double steepest_growth = 4;
constexpr std::uint32_t fastest_growth = 2;  // bytes of growth that are given out with each byte consumed
// So many windows of the initial size are reserved for new ones. The growth of all is so many halves of the largest
// size: all windows of a connection share one path, which one of the largest size fills.
constexpr std::uint64_t initial_windows = 16;
constexpr std::uint64_t half_windows_of_growth = 3;
// The part of what is left that a new window may take.
constexpr std::uint64_t part_of_one = 16;

std::uint32_t first_size(const ChannelLimits& limits, const WindowPace& pace) {
  const std::uint64_t least = std::min(limits.initial_window, limits.maximum_packet / 2);
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(pace.left / part_of_one, least, limits.initial_window));
}

// A peer that waits for our adjusts sends a window's worth in each round trip, so within two round trips it has sent
// one for sure. One that takes longer is slow for other reasons, and the next data begin another measurement.
bool measurement_is_over(const WindowPace& pace, TimePoint since) {
  return !pace.round_trip || pace.now - since >= 2 * *pace.round_trip;
}

}  // namespace

WindowPace window_pace(const ChannelLimits& limits) {
  const std::uint64_t for_new = initial_windows * limits.initial_window;
  return {.left = for_new + half_windows_of_growth * limits.maximum_window / 2, .for_new = for_new};
}

ReceiveWindow::ReceiveWindow(const ChannelLimits& limits, WindowPace& pace)
    : limits_(limits),
      pace_(pace),
      size_(first_size(limits, pace)),
      taken_(std::min<std::uint64_t>(size_, pace.left)),
      // An adjustment is not sent for every byte: a packet of its own for each would cost more than the data. The peer
      // always keeps half of its window, or all but three packets of it.
      enough_(static_cast<std::uint32_t>(std::min<std::uint64_t>(size_ / 2, std::uint64_t{3} * limits.maximum_packet))),
      available_(size_) {
  pace_.left -= taken_;
}

ReceiveWindow::~ReceiveWindow() { pace_.left += taken_; }

void ReceiveWindow::arrived(std::size_t size) {
  assert(size <= available_);
  if (measurement_is_over(pace_, since_)) begin_measurement();
  available_ -= static_cast<std::uint32_t>(size);
  unconsumed_ += static_cast<std::uint32_t>(size);
}

void ReceiveWindow::discarded(std::size_t size) {
  assert(size <= available_);
  available_ -= static_cast<std::uint32_t>(size);
}

void ReceiveWindow::consumed(std::size_t size) {
  assert(size <= unconsumed_);
  unconsumed_ -= static_cast<std::uint32_t>(size);
  unannounced_ += static_cast<std::uint32_t>(size);
  measure(size);
}

std::uint32_t ReceiveWindow::take_adjust() {
  if (unannounced_ < enough_) return 0;
  const std::uint32_t grown = std::min(growth_, fastest_growth * unannounced_);
  growth_ -= grown;
  size_ += grown;
  const std::uint32_t bytes = std::exchange(unannounced_, 0) + grown;
  available_ += bytes;
  return bytes;
}

// Bytes that had come before the measurement began do not count: a reader that paused takes all of them in no time,
// however slow the path is.
void ReceiveWindow::measure(std::size_t size) {
  const auto before = static_cast<std::uint32_t>(std::min<std::size_t>(size, came_before_));
  came_before_ -= before;
  if (measurement_is_over(pace_, since_)) return;
  measured_ += size - before;
  if (measured_ < size_) return;
  const std::chrono::nanoseconds elapsed = pace_.now - since_;
  // Twice the bandwidth-delay product, so that the window is not what this measures.
  const double in_one_round_trip = static_cast<double>(measured_) * static_cast<double>(pace_.round_trip->count()) /
                                   static_cast<double>(std::max<std::int64_t>(elapsed.count(), 1));
  grow_to(2 * in_one_round_trip);
  begin_measurement();
}

void ReceiveWindow::begin_measurement() {
  since_ = pace_.now;
  came_before_ = unconsumed_;
  measured_ = 0;
}

void ReceiveWindow::grow_to(double wanted) {
  const double most = std::min<double>(limits_.maximum_window, steepest_growth * size_);
  const auto target = static_cast<std::uint32_t>(std::min(wanted, most));
  if (target <= size_ + growth_) return;
  const std::uint64_t left = pace_.left > pace_.for_new ? pace_.left - pace_.for_new : 0;
  const auto growth = static_cast<std::uint32_t>(std::min<std::uint64_t>(target - size_ - growth_, left));
  pace_.left -= growth;
  taken_ += growth;
  growth_ += growth;
}

}  // namespace glassh
