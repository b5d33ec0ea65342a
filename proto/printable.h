// What a peer says, made fit for a terminal or a log: no escape sequence, no control character, only US-ASCII.
//
// RFC 4251 section 9.2 and RFC 4253 section 11.1 warn of raw text. This is for people who look at the protocol; showing
// a banner or a prompt to a user, who wants UTF-8 to stay readable, is the client's.
//
//   quoted("a\x1b[2J") == "\"a\\x1b[2J\""
#pragma once

#include <string>
#include <string_view>

namespace glassh {

// In quotes, on one line: controls, quotes, backslashes and all that is not US-ASCII escaped. At most `limit` bytes of
// the text are shown; if there are more, their number follows.
std::string quoted(std::string_view text, std::size_t limit = 2000);

// Everything escaped but printable US-ASCII and line feeds.
std::string printable_lines(std::string_view text);

}  // namespace glassh
