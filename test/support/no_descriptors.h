// While it lives, no connection of this process may have a descriptor more.
//
//   { const NoDescriptors none; open(…); EXPECT_EQ(refused(), "4 out of descriptors"); }
#pragma once

#include <limits>

#include "channels/io/descriptor_budget.h"

namespace glassh::test {

struct NoDescriptors {
  NoDescriptors() { descriptor_budget().limit_to(0); }
  ~NoDescriptors() { descriptor_budget().limit_to(std::numeric_limits<std::uint64_t>::max()); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
};

}  // namespace glassh::test
