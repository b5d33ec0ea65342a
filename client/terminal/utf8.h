// What the user types, in the encoding of SSH: RFC 4252 section 8 and RFC 4256 section 3.4 want UTF-8 [4252-8-3]
// [4256-3.4-2].
//
// The encoding of the terminal is that of LC_CTYPE, if the program has called setlocale(3). A locale that says ASCII
// ("C") says nothing of the bytes above it, so they are left alone, as are bytes that do not belong to the encoding.
//
//   SecretBytes password = to_utf8(std::move(typed), terminal_encoding());
#pragma once

#include <string>

#include "proto/secret_bytes.h"

namespace glassh {

std::string terminal_encoding();  // "UTF-8", "ISO-8859-1"
SecretBytes to_utf8(SecretBytes text, const std::string& encoding);

}  // namespace glassh
