// Finds ssh(1)'s escapes in typed bytes: the escape character `~` at the beginning of a line, and the character after
// it. No I/O.
//
// EscapeFilter lives as long as the TypedInput that has it. Job: copy typed bytes and take the escapes out. `~` counts
// after CR or LF and at the very beginning. `~~` stands for one `~`. If the character after `~` is not an escape, both
// are sent. client/terminal/escape_actions carries the escapes out.
//
//   EscapeFilter filter('~');  if (const auto escape = filter.next(typed, place)) …
#pragma once

#include <optional>
#include <string>

#include "proto/bytes.h"

namespace glassh {

// The character typed after the escape character.
enum class Escape : std::uint8_t {
  terminate = '.',
  suspend = 'Z' - '@',
  list = '#',
  background = '&',
  help = '?',
  send_break = 'B',
  command_line = 'C',
  rekey = 'R',
  more_verbose = 'v',
  less_verbose = 'V',
};

class EscapeFilter {
 public:
  explicit EscapeFilter(std::optional<std::uint8_t> character) : character_(character) {}  // nullopt: no escapes

  // Moves bytes from the front of `typed` to the front of `place` until one of them is used up, or until an escape is
  // complete. Returns that escape; the bytes behind it stay in `typed`.
  std::optional<Escape> next(Bytes& typed, MutableBytes& place);

 private:
  std::optional<std::uint8_t> character_;
  bool line_begins_ = true;
  bool escape_begun_ = false;
};

// Returns the escape character as people write it: "~", "^]".
std::string escape_character_text(std::uint8_t character);
// Returns the answer to `~?`, with CR LF.
std::string escape_help(std::uint8_t character);

}  // namespace glassh
