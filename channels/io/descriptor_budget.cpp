#include "channels/io/descriptor_budget.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "channels/io/holdings.h"

namespace glassh {

namespace {

constexpr std::uint64_t most_that_count = 1024 * 1024;
// The reserve is this part of all, within these bounds. It also has the descriptors that the process itself needs.
constexpr std::int64_t part_of_reserve = 8;
constexpr std::int64_t least_reserve = 32;
constexpr std::int64_t most_reserve = 1024;
constexpr std::int64_t part_of_small = 4;
constexpr std::chrono::minutes between_lines{1};

}  // namespace

void DescriptorBudget::limit_to(std::uint64_t limit) {
  const auto all = static_cast<std::int64_t>(std::min(limit, most_that_count));
  shared_ = std::max<std::int64_t>(all - std::clamp(all / part_of_reserve, least_reserve, most_reserve), 0);
}

bool DescriptorBudget::take(std::int64_t mine, std::int64_t count) {
  std::int64_t claimed = claimed_;
  while (true) {
    const std::int64_t left = shared_ - claimed - count;
    const bool fair = mine + count <= std::max(left - shared_ / part_of_small, floor);
    if (left < 0 || !fair) return false;
    if (claimed_.compare_exchange_weak(claimed, claimed + count)) break;
  }
  holdings().descriptors += count;
  return true;
}

void DescriptorBudget::give_back(std::int64_t count) {
  claimed_ -= count;
  holdings().descriptors -= count;
}

std::optional<std::uint64_t> DescriptorBudget::count_refusal(std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  ++refusals_;
  if (told_ && now - *told_ < between_lines) return std::nullopt;
  told_ = now;
  return std::exchange(refusals_, 0);
}

DescriptorBudget& descriptor_budget() {
  static DescriptorBudget all;
  return all;
}

DescriptorClaim::DescriptorClaim(std::shared_ptr<DescriptorShare> share, std::size_t count)
    : share_(std::move(share)), count_(count) {}

DescriptorClaim::DescriptorClaim(DescriptorClaim&& other) noexcept
    : share_(std::move(other.share_)), count_(std::exchange(other.count_, 0)) {}

DescriptorClaim& DescriptorClaim::operator=(DescriptorClaim&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  share_ = std::move(other.share_);
  count_ = std::exchange(other.count_, 0);
  return *this;
}

DescriptorClaim DescriptorClaim::take(std::size_t count) {
  const std::size_t part = std::min(count, count_);
  count_ -= part;
  return DescriptorClaim(share_, part);
}

void DescriptorClaim::give_back() {
  const auto count = static_cast<std::int64_t>(std::exchange(count_, 0));
  const std::shared_ptr<DescriptorShare> share = std::move(share_);
  if (share == nullptr) return;
  share->held_ -= count;
  share->budget_.give_back(count);
}

// A connection is in one thread, so nothing else raises `held_` in between.
std::optional<DescriptorClaim> DescriptorShare::ask(std::size_t count) {
  const auto more = static_cast<std::int64_t>(count);
  if (!budget_.take(held_, more)) return std::nullopt;
  held_ += more;
  return DescriptorClaim(shared_from_this(), count);
}

bool out_of_descriptors(int error) { return error == EMFILE || error == ENFILE; }

}  // namespace glassh
