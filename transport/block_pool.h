// Blocks of memory for packets, leased from a per-thread pool while bytes are in flight and given back when there are
// none.
//
// An idle connection therefore holds no packet buffer (ten thousand of them cost ten thousand small objects). A block
// holds two packets of the largest size that we send, so that bulk data leaves in pairs. What was plaintext in a block
// is wiped before it goes back. Not thread-safe by design: a connection never changes threads.
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
  explicit BlockLease(std::unique_ptr<std::uint8_t[]> memory) : memory_(std::move(memory)) {}
  BlockLease(BlockLease&&) noexcept = default;
  BlockLease& operator=(BlockLease&& other) noexcept;
  ~BlockLease() { give_back(); }

  explicit operator bool() const { return memory_ != nullptr; }
  std::uint8_t* data() const { return memory_.get(); }
  void give_back();

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
};

class BlockPool {
 public:
  static BlockPool& of_this_thread();
  BlockLease lease();  // uninitialised memory of block_size bytes
  void take_back(std::unique_ptr<std::uint8_t[]> memory);

 private:
  std::vector<std::unique_ptr<std::uint8_t[]>> free_;
};

}  // namespace glassh
