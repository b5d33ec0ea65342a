#include "proto/printable.h"

#include <fmt/format.h>

namespace glassh {

namespace {

void append_escaped(std::string& out, char character) {
  switch (character) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    default:
      break;
  }
  const auto byte = static_cast<std::uint8_t>(character);
  if (byte >= 0x20 && byte < 0x7f) {
    out.push_back(character);
  } else {
    out += fmt::format("\\x{:02x}", byte);
  }
}

}  // namespace

// RFC 4251 section 9.2 [4251-9.2-1]: a peer's text reaches no terminal with its control characters.
std::string quoted(std::string_view text, std::size_t limit) {
  std::string out = "\"";
  for (const char character : text.substr(0, limit)) append_escaped(out, character);
  out += '"';
  if (text.size() > limit) out += fmt::format("... ({} bytes)", text.size());
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if (character == '\n' || character == '"' || character == '\\') {
      out.push_back(character);
    } else {
      append_escaped(out, character);
    }
  }
  return out;
}

}  // namespace glassh
