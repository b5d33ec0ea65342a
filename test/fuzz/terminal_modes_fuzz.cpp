// Terminal modes (RFC 4254 section 8). Past vulnerability 49.
#include <cstdlib>

#include "channels/terminal_modes.h"

using namespace glassh;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes encoded(data, size);
  const auto modes = parse_terminal_modes(encoded);
  check(modes.size() <= size / 5);
  for (const TerminalMode& mode : modes) check(mode.opcode >= 1 && mode.opcode <= 159);

  termios settings{};
  apply_terminal_modes(encoded, settings);
  // What a terminal has been given it can say, and another one then has the same.
  const auto again = encode_terminal_modes(settings);
  check(parse_terminal_modes(again).size() * 5 + 1 == again.size());
  termios other{};
  apply_terminal_modes(again, other);
  check(encode_terminal_modes(other) == again);
  return 0;
}
