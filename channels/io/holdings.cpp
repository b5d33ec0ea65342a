#include "channels/io/holdings.h"

#include <fmt/format.h>

namespace glassh {

Holdings& holdings() {
  static Holdings all;
  return all;
}

std::string text_of(const Holdings& all) {
  return fmt::format(
      "connections {}, channels {}, descriptors {}, kept bytes {}, lookups {}, slow calls {}, timers {}, dropped lines "
      "{}",
      all.connections.load(), all.channels.load(), all.descriptors.load(), all.kept_bytes.load(), all.lookups.load(),
      all.slow_calls.load(), all.timers.load(), all.dropped_lines.load());
}

}  // namespace glassh
