#include "client/terminal/escape_filter.h"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace glassh {
namespace {

struct Described {
  Escape escape;
  std::string_view typed;
  std::string_view what;
};
constexpr std::array escapes{
    Described{Escape::terminate, ".", "end the connection"},
    Described{Escape::send_break, "B", "send a BREAK to the server"},
    Described{Escape::command_line, "C", "open a command line, to add and cancel forwardings"},
    Described{Escape::rekey, "R", "change the keys of the connection"},
    Described{Escape::less_verbose, "V", "log less (LogLevel)"},
    Described{Escape::more_verbose, "v", "log more (LogLevel)"},
    Described{Escape::suspend, "^Z", "suspend glassh"},
    Described{Escape::list, "#", "list what is open and forwarded"},
    Described{Escape::background, "&", "go to the background, until forwarded connections have ended"},
    Described{Escape::help, "?", "show this"},
};

std::optional<Escape> escape_of(std::uint8_t typed) {
  for (const auto& each : escapes) {
    if (typed == static_cast<std::uint8_t>(each.escape)) return each.escape;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Escape> EscapeFilter::next(Bytes& typed, MutableBytes& place) {
  const auto put = [&place](std::uint8_t byte) {
    place[0] = byte;
    place = place.subspan(1);
  };
  while (!typed.empty() && !place.empty()) {
    const std::uint8_t byte = typed[0];
    if (escape_begun_) {
      escape_begun_ = false;
      if (const auto escape = escape_of(byte)) {
        typed = typed.subspan(1);
        return escape;
      }
      if (byte != character_) {  // no escape: both are sent, this one in the next round
        put(*character_);
        line_begins_ = false;
        continue;
      }
    } else if (line_begins_ && byte == character_) {
      escape_begun_ = true;
      typed = typed.subspan(1);
      continue;
    }
    line_begins_ = byte == '\r' || byte == '\n';
    put(byte);
    typed = typed.subspan(1);
  }
  return std::nullopt;
}

std::string escape_character_text(std::uint8_t character) {
  if (character < 0x20 || character == 0x7f) return fmt::format("^{}", static_cast<char>(character ^ 0x40));
  return std::string(1, static_cast<char>(character));
}

std::string escape_help(std::uint8_t character) {
  const std::string begin = escape_character_text(character);
  std::string text = fmt::format("{}?\r\nSupported escape sequences:\r\n", begin);
  for (const auto& each : escapes) text += fmt::format(" {}{:<3} - {}\r\n", begin, each.typed, each.what);
  text += fmt::format(" {0}{0:<3} - send {0} itself\r\n", begin);
  text += "(They count at the beginning of a line only.)\r\n";
  return text;
}

}  // namespace glassh
