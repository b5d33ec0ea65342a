// How long a test waits for an event before it fails. A test that passes never waits for so long.
#pragma once

#include <chrono>

namespace glassh::test {

inline constexpr std::chrono::seconds patience{60};

}  // namespace glassh::test
