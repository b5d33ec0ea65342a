#include "channels/window.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace glassh {

namespace {
constexpr double steepest_growth = 4;
}  // namespace

ReceiveWindow::ReceiveWindow(const ChannelLimits& limits, WindowPace& pace)
    : limits_(limits), pace_(pace), size_(limits.initial_window), available_(limits.initial_window) {}

ReceiveWindow::~ReceiveWindow() { pace_.growth_left += size_ - limits_.initial_window; }

void ReceiveWindow::arrived(std::size_t size) {
  assert(size <= available_);
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

// Not for every byte: a packet of its own for each would cost more than the data. The peer always keeps half of its
// window, or all but three packets of it.
std::uint32_t ReceiveWindow::take_adjust() {
  const std::uint64_t enough =
      std::min<std::uint64_t>(limits_.initial_window / 2, std::uint64_t{3} * limits_.maximum_packet);
  if (unannounced_ < enough) return 0;
  available_ += unannounced_;
  return std::exchange(unannounced_, 0);
}

// A peer that waits for our adjusts sends a window's worth in each round trip, so within two round trips it has sent
// one for sure. One that takes longer is slow for other reasons, and the measurement begins anew.
void ReceiveWindow::measure(std::size_t size) {
  if (!pace_.round_trip) return;
  if (pace_.now - since_ >= 2 * *pace_.round_trip) {
    since_ = pace_.now;
    measured_ = 0;
  }
  measured_ += size;
  if (measured_ < size_) return;
  const std::chrono::nanoseconds elapsed = pace_.now - since_;
  // Twice the bandwidth-delay product, so that the window is not what this measures.
  const double in_one_round_trip = static_cast<double>(measured_) * static_cast<double>(pace_.round_trip->count()) /
                                   static_cast<double>(std::max<std::int64_t>(elapsed.count(), 1));
  grow_to(2 * in_one_round_trip);
  since_ = pace_.now;
  measured_ = 0;
}

void ReceiveWindow::grow_to(double wanted) {
  const double most = std::min<double>(limits_.maximum_window, steepest_growth * size_);
  const auto target = static_cast<std::uint32_t>(std::min(wanted, most));
  if (target <= size_) return;
  const auto growth = static_cast<std::uint32_t>(std::min<std::uint64_t>(target - size_, pace_.growth_left));
  pace_.growth_left -= growth;
  size_ += growth;
  unannounced_ += growth;
}

}  // namespace glassh
