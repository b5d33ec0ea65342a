// Quotes a text as one word for a POSIX shell: for lines that the user should copy, and for commands that the server's
// shell reads. It does not decide whether a text is safe in other places (client/config/destination.h checks names).
//
//   shell_word("it's") == "'it'\\''s'"   shell_word("host.example") == "host.example"
#pragma once

#include <string>
#include <string_view>

namespace glassh {

// Leaves the text as it is if it has only letters, digits and % + , - . / : = @ _.
std::string shell_word(std::string_view text);
// Always puts it in quotes.
std::string quoted_shell_word(std::string_view text);

}  // namespace glassh
