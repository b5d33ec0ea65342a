// One word for a POSIX shell that means itself, whatever is in it: for lines that the user shall copy, and for commands
// that a shell at the other end reads.
//
//   shell_word("it's") == "'it'\\''s'"   shell_word("host.example") == "host.example"
#pragma once

#include <string>
#include <string_view>

namespace glassh {

// Left as it is if it consists of letters, digits and % + , - . / : = @ _ alone.
std::string shell_word(std::string_view text);
// Always in quotes.
std::string quoted_shell_word(std::string_view text);

}  // namespace glassh
