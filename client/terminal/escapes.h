// What is typed at the escape character, `~`, at the beginning of a line: ssh(1)'s escapes, without I/O.
//
// The filter copies typed bytes and takes the escapes out. `~` counts after CR or LF and at the very beginning; `~~` is
// one `~`; before anything that is no escape the `~` is sent as well. What an escape does is not known here.
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
  explicit EscapeFilter(std::optional<std::uint8_t> character) : character_(character) {}  // nothing: no escapes

  // Moves bytes from the front of `typed` to the front of `place`, until either has none left or an escape is complete,
  // which is returned. What was typed after it is still in `typed`.
  std::optional<Escape> next(Bytes& typed, MutableBytes& place);

 private:
  std::optional<std::uint8_t> character_;
  bool line_begins_ = true;
  bool escape_begun_ = false;
};

// The escape character as people write it: "~", "^]".
std::string escape_character_text(std::uint8_t character);
// The answer to `~?`, with CR LF.
std::string escape_help(std::uint8_t character);

}  // namespace glassh
