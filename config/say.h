// say() prints text for the person at the program, on standard output or standard error.
//
// RFC 4251 section 9.2 [4251-9.2-1]: control characters of a peer's text may not reach a terminal, nor may those of a
// file that another person wrote, such as the comment of a key. Only this function and ClientLog (client/client_log.h)
// write for people, and both escape the whole text, so a caller cannot forget it. Line feeds and tabs stay. A part that
// must stay on one line goes through on_one_line() before. It is not for bytes that are data.
//
//   say(stdout, "{} {}\n", key.fingerprint(), comment);
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "proto/safe_text.h"

namespace glassh {

// For a part of a line: a line feed in `text` must not begin another one.
inline std::string on_one_line(std::string_view text) { return made_safe(text, TextFor::terminal); }

// A write that fails shows in std::ferror(file).
void say_text(std::FILE* file, std::string_view text);

// For a terminal in raw mode: each line feed, which may have a CR before it, is written as CR LF.
void say_raw(std::FILE* file, std::string_view text);

template <class... Arguments>
void say(std::FILE* file, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  say_text(file, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace glassh
