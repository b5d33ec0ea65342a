// Text made safe for people: what a peer or a file says, before a terminal, a log or an error text shows it.
//
// RFC 4251 section 9.2 [4251-9.2-1]: control characters in a peer's text may not reach the reader's terminal. Each
// reader has an alphabet of its own, and one function writes them all. A trace stands in US-ASCII beside the RFC, the
// log escapes as vis(3) does, and a user's own language stays readable. This is for display only: the result cannot be
// turned back into the text.
//
//   log.info("Invalid user {}", made_safe(user, TextFor::log));
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace glassh {

enum class TextFor {
  quotes,    // a value between quotes: \n, \r, \t, \", \\ and \xNN for all that is not printable US-ASCII
  trace,     // lines of a trace: as above, but line feeds, quotes and backslashes stay
  name,      // the name of a type or an algorithm, at most 64 bytes: ? for all that is not printable US-ASCII
  key_line,  // a part of a line of a key file, at most 80 bytes: ? for each control character
  log,       // a part of a log line, at most 256 bytes: \\, and \ooo for controls and bytes that are not UTF-8
  log_line,  // a whole log line, whose parts were made safe before: \ooo for the controls that are left
  terminal,  // one line for a terminal: \ooo for controls but tab, for bytes that are not UTF-8 and for characters
             // of Unicode that control a terminal or reorder what is read
  terminal_lines,  // the same, but line feeds stay, and CR LF becomes LF
};

// Shows at most `limit` bytes of the text, or as many as TextFor says; "..." follows if key_line, log or log_line cuts.
// A character of UTF-8 that begins before the limit is kept whole.
std::string made_safe(std::string_view text, TextFor reader, std::optional<std::size_t> limit = {});

// The text in quotes, on one line. Shows at most `limit` bytes; if there are more, "... (N bytes)" follows.
std::string quoted(std::string_view text, std::size_t limit = 2000);

// US-ASCII's control characters: 0 to 31 and 127.
constexpr bool is_control(char character) { return static_cast<unsigned char>(character) < 0x20 || character == 0x7f; }

}  // namespace glassh
