#include "proto/safe_text.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace glassh {
namespace {

enum class Beyond { escaped, bytes_kept, utf8_kept, utf8_in_order_kept };  // bytes that are not US-ASCII
enum class Escape { question_mark, octal, hexadecimal };                   // "?"; "\012"; "\n" or "\x1b"

struct Alphabet {
  std::string_view controls_kept;  // control characters that stay as they are
  std::string_view backslashed;    // printable characters that get a backslash in front
  Beyond beyond;
  Escape escape;
  std::size_t limit;     // bytes of the text
  std::string_view cut;  // follows a text that is longer
  bool cr_lf_kept_as_lf;
};

constexpr std::size_t no_limit = std::string_view::npos;

Alphabet alphabet_of(TextFor reader) {
  switch (reader) {
    case TextFor::quotes:
      return {"", "\"\\", Beyond::escaped, Escape::hexadecimal, no_limit, "", false};
    case TextFor::trace:
      return {"\n", "", Beyond::escaped, Escape::hexadecimal, no_limit, "", false};
    case TextFor::name:
      return {"", "", Beyond::escaped, Escape::question_mark, 64, "", false};
    case TextFor::key_line:
      return {"", "", Beyond::bytes_kept, Escape::question_mark, 80, "...", false};
    case TextFor::log:
      return {"", "\\", Beyond::utf8_kept, Escape::octal, 256, "...", false};
    case TextFor::log_line:
      return {"", "", Beyond::bytes_kept, Escape::octal, no_limit, "...", false};
    case TextFor::terminal:
      return {"\t", "", Beyond::utf8_in_order_kept, Escape::octal, no_limit, "", false};
    case TextFor::terminal_lines:
      return {"\t\n", "", Beyond::utf8_in_order_kept, Escape::octal, no_limit, "", true};
  }
  return {"", "", Beyond::escaped, Escape::question_mark, no_limit, "", false};
}

// The size of the UTF-8 sequence at the start of `text`, which begins beyond US-ASCII. Returns 0 unless the sequence is
// whole, in its shortest form, and a scalar value (RFC 3629 section 4).
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::size_t size = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < size) return 0;
  std::uint32_t value = byte(0) & (0xff >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  return value < smallest[size] || surrogate || value > 0x10ffff ? 0 : size;
}

// U+0080 to U+009F drive some terminals just as ESC does.
bool is_c1_control(std::string_view sequence) { return sequence.size() == 2 && sequence < "\xc2\xa0"; }

// U+202A to U+202E and U+2066 to U+2069 change the order in which a terminal shows what follows.
bool reorders(std::string_view sequence) {
  const bool embedding = sequence >= "\xe2\x80\xaa" && sequence <= "\xe2\x80\xae";
  const bool isolate = sequence >= "\xe2\x81\xa6" && sequence <= "\xe2\x81\xa9";
  return sequence.size() == 3 && (embedding || isolate);
}

bool contains(std::string_view characters, char character) {
  return characters.find(character) != std::string_view::npos;
}

// How many bytes at the start of `text` stay as they are: 0 means that the first one is escaped.
std::size_t bytes_kept(std::string_view text, const Alphabet& alphabet) {
  const char first = text.front();
  if (is_control(first)) return contains(alphabet.controls_kept, first) ? 1 : 0;
  if (static_cast<std::uint8_t>(first) < 0x80) return contains(alphabet.backslashed, first) ? 0 : 1;
  if (alphabet.beyond == Beyond::escaped) return 0;
  if (alphabet.beyond == Beyond::bytes_kept) return 1;
  const std::size_t size = utf8_sequence(text);
  const std::string_view sequence = text.substr(0, size);
  if (is_c1_control(sequence)) return 0;
  return alphabet.beyond == Beyond::utf8_in_order_kept && reorders(sequence) ? 0 : size;
}

void append_escaped(std::string& out, char character, const Alphabet& alphabet) {
  constexpr std::string_view controls = "\n\r\t";
  const auto byte = static_cast<std::uint8_t>(character);
  if (contains(alphabet.backslashed, character)) {
    out += {'\\', character};
  } else if (alphabet.escape == Escape::question_mark) {
    out += '?';
  } else if (alphabet.escape == Escape::octal) {
    out += fmt::format("\\{:03o}", byte);
  } else if (contains(controls, character)) {
    out += {'\\', "nrt"[controls.find(character)]};
  } else {
    out += fmt::format("\\x{:02x}", byte);
  }
}

}  // namespace

std::string made_safe(std::string_view text, TextFor reader, std::optional<std::size_t> limit) {
  const Alphabet alphabet = alphabet_of(reader);
  const std::size_t end = std::min(text.size(), limit.value_or(alphabet.limit));
  std::string out;
  std::size_t at = 0;
  while (at < end) {
    const std::size_t kept = bytes_kept(text.substr(at), alphabet);
    if (kept > 0) {
      out += text.substr(at, kept);
      at += kept;
      continue;
    }
    const bool line_ends = alphabet.cr_lf_kept_as_lf && text.substr(at, 2) == "\r\n";
    if (!line_ends) append_escaped(out, text[at], alphabet);
    ++at;
  }
  if (at < text.size()) out += alphabet.cut;
  return out;
}

std::string quoted(std::string_view text, std::size_t limit) {
  std::string out = fmt::format("\"{}\"", made_safe(text, TextFor::quotes, limit));
  if (text.size() > limit) out += fmt::format("... ({} bytes)", text.size());
  return out;
}

}  // namespace glassh
