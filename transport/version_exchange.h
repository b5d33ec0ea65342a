// The identification lines of RFC 4253 section 4.2, without the bytes around them.
//
//   const std::string ours = identification("glassh_0.1");  check_identification(line);
#pragma once

#include <string>
#include <string_view>

namespace glassh {

// "SSH-2.0-", the software version and, behind a blank, the comment if there is one; without CR LF. Throws
// std::invalid_argument if one of them may not stand there.
std::string identification(std::string_view software_version, std::string_view comment = {});

// The longest line, CR LF included (RFC 4253 section 4.2).
inline constexpr std::size_t longest_identification = 255;
// Limits of the text that a server may send before its own identification (ours sends none).
inline constexpr std::size_t longest_line_before = 8192;
inline constexpr std::size_t most_lines_before = 1024;

bool is_identification(std::string_view line);  // begins with "SSH-"

// `line` has lost its LF; returns it without the CR as well: V_C or V_S. Throws ProtocolError for what is not
// version 2.0.
std::string_view check_identification(std::string_view line);

}  // namespace glassh
