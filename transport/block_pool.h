// Blocks of memory for packets, leased from a per-thread pool while bytes are in flight and given back when there are
// none.
//
// An idle connection therefore holds no packet buffer (ten thousand of them cost ten thousand small objects). A block
// holds two packets of bulk data, which so leave in pairs. The rare packet that is longer than a block gets a larger
// one, which does not come from the pool and does not go there. What was plaintext in a block is wiped before it goes
// back. Not thread-safe by design: a connection never changes threads.
//
//   BlockLease block = BlockPool::of_this_thread().lease();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "proto/bytes.h"

namespace glassh {

inline constexpr std::size_t block_size = 68 * 1024;  // bytes

// One block, given back on destruction; empty after being moved from.
class BlockLease {
 public:
  BlockLease() = default;
  BlockLease(std::unique_ptr<std::uint8_t[]> memory, std::size_t size) : memory_(std::move(memory)), size_(size) {}
  BlockLease(BlockLease&&) noexcept = default;
  BlockLease& operator=(BlockLease&& other) noexcept;
  ~BlockLease() { give_back(); }

  explicit operator bool() const { return memory_ != nullptr; }
  std::uint8_t* data() const { return memory_.get(); }
  std::size_t size() const { return size_; }  // bytes; after giving it back, of the block that was
  void give_back();

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t size_ = 0;
};

class BlockPool {
 public:
  static BlockPool& of_this_thread();
  // Uninitialised memory of block_size bytes, or of as many as are asked for if that is more.
  BlockLease lease(std::size_t at_least = block_size);
  void take_back(std::unique_ptr<std::uint8_t[]> memory);

 private:
  std::vector<std::unique_ptr<std::uint8_t[]>> free_;
};

}  // namespace glassh
