#include "transport/block_pool.h"

#include <algorithm>
#include <utility>

namespace glassh {

namespace {
// Beyond this many a thread returns memory to the system: 4 MiB, enough for thirty connections in full flight.
constexpr std::size_t most_free_blocks = 64;
}  // namespace

BlockLease& BlockLease::operator=(BlockLease&& other) noexcept {
  if (this != &other) {
    give_back();
    memory_ = std::move(other.memory_);
    size_ = other.size_;
  }
  return *this;
}

void BlockLease::give_back() {
  if (memory_ != nullptr && size_ == block_size) BlockPool::of_this_thread().take_back(std::move(memory_));
  memory_.reset();
}

BlockPool& BlockPool::of_this_thread() {
  thread_local BlockPool pool;
  return pool;
}

BlockLease BlockPool::lease(std::size_t at_least) {
  const std::size_t size = std::max(at_least, block_size);
  if (size > block_size || free_.empty()) return {std::make_unique_for_overwrite<std::uint8_t[]>(size), size};
  BlockLease lease(std::move(free_.back()), block_size);
  free_.pop_back();
  return lease;
}

void BlockPool::take_back(std::unique_ptr<std::uint8_t[]> memory) {
  if (free_.size() < most_free_blocks) free_.push_back(std::move(memory));
}

}  // namespace glassh
