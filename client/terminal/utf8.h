// Converts typed text from the terminal's encoding to SSH's, which is UTF-8.
//
// RFC 4252 section 8 [4252-8-3]: a password is sent in UTF-8. RFC 4256 section 3.4 [4256-3.4-2]: so is an answer to a
// prompt. The encoding of the terminal is that of LC_CTYPE, if the program has called setlocale(3). A text that is not
// valid in that encoding stays as it is; so does a text with bytes above 127 in the locale "C", whose encoding is
// ASCII. Text that comes from the server is not converted.
//
//   SecretBytes password = to_utf8(std::move(typed), terminal_encoding());
#pragma once

#include <string>

#include "proto/secret_bytes.h"

namespace glassh {

std::string terminal_encoding();                                     // "UTF-8", "ISO-8859-1", …
SecretBytes to_utf8(SecretBytes text, const std::string& encoding);  // `text` itself if it cannot be converted

}  // namespace glassh
