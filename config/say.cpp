#include "config/say.h"

#include <string>

namespace glassh {

void say_text(std::FILE* file, std::string_view text) {
  const std::string safe = made_safe(text, TextFor::terminal_lines);
  std::fwrite(safe.data(), 1, safe.size(), file);
}

void say_raw(std::FILE* file, std::string_view text) {
  std::string lines;
  for (const char character : made_safe(text, TextFor::terminal_lines)) {
    if (character == '\n') lines += '\r';
    lines += character;
  }
  std::fwrite(lines.data(), 1, lines.size(), file);
}

}  // namespace glassh
