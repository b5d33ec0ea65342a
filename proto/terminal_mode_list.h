// The list of terminal modes inside a pty-req: RFC 4254 section 8, RFC 8160. What it is on the wire, and the RFC's
// names.
//
// Opcodes with one number each. What they do to a terminal is channels/terminal_modes.h.
//
//   for (const TerminalMode& mode : parse_terminal_modes(request.encoded_terminal_modes)) …
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proto/bytes.h"

namespace glassh {

struct TerminalMode {
  std::uint8_t opcode = 0;
  std::uint32_t argument = 0;
  bool operator==(const TerminalMode&) const = default;
};

// In order, up to the end of the list: TTY_OP_END, an opcode above 159, or the last byte. An argument that is cut short
// ends it, too. Never fails, and never gives more than one mode for five bytes.
std::vector<TerminalMode> parse_terminal_modes(Bytes encoded);

// "VINTR"; empty for an opcode that has no name.
std::string_view terminal_mode_name(std::uint8_t opcode);

}  // namespace glassh
