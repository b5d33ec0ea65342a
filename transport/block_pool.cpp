#include "transport/block_pool.h"

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
  }
  return *this;
}

void BlockLease::give_back() {
  if (memory_ != nullptr) BlockPool::of_this_thread().take_back(std::move(memory_));
}

BlockPool& BlockPool::of_this_thread() {
  thread_local BlockPool pool;
  return pool;
}

BlockLease BlockPool::lease() {
  if (free_.empty()) return BlockLease(std::make_unique_for_overwrite<std::uint8_t[]>(block_size));
  BlockLease lease(std::move(free_.back()));
  free_.pop_back();
  return lease;
}

void BlockPool::take_back(std::unique_ptr<std::uint8_t[]> memory) {
  if (free_.size() < most_free_blocks) free_.push_back(std::move(memory));
}

}  // namespace glassh
