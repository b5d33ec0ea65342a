// Terminal modes as pty-req carries them: RFC 4254 section 8, and IUTF8 of RFC 8160. For both ends.
//
// A list of opcodes with one number each: special characters, flags, speeds. The client says what its terminal has, the
// server gives that to the pseudo-terminal; what one of them does not know is left as it is. Nothing here opens or asks
// a terminal: who has one hands in its termios.
//
//   request.encoded_terminal_modes = encode_terminal_modes(settings);         // the client
//   apply_terminal_modes(request.encoded_terminal_modes, settings);           // the server
#pragma once

#include <cstdint>
#include <vector>

#include <termios.h>

#include "proto/terminal_mode_list.h"

namespace glassh {

// Everything that Linux's termios has and the RFC has a name for, with TTY_OP_END behind it.
std::vector<std::uint8_t> encode_terminal_modes(const termios& settings);

// If an opcode comes twice, the last one counts. Settings that are not in the list, or not in Linux, stay as they are.
void apply_terminal_modes(Bytes encoded, termios& settings);

}  // namespace glassh
