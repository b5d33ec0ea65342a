#include "channels/terminal_modes.h"

#include <unistd.h>
#include <array>

namespace glassh {
namespace {

constexpr std::uint8_t op_end = 0;
constexpr std::uint8_t op_cs7 = 90;
constexpr std::uint8_t op_cs8 = 91;
constexpr std::uint8_t op_ispeed = 128;
constexpr std::uint8_t op_ospeed = 129;

// RFC 4254 section 8: a character that is switched off.
constexpr std::uint32_t no_character = 255;

struct Character {
  std::uint8_t opcode;
  int index;  // into c_cc
};
constexpr std::array characters{
    Character{1, VINTR},   Character{2, VQUIT},  Character{3, VERASE},    Character{4, VKILL},
    Character{5, VEOF},    Character{6, VEOL},   Character{7, VEOL2},     Character{8, VSTART},
    Character{9, VSTOP},   Character{10, VSUSP}, Character{12, VREPRINT}, Character{13, VWERASE},
    Character{14, VLNEXT}, Character{16, VSWTC}, Character{18, VDISCARD},
};

struct Flag {
  std::uint8_t opcode;
  tcflag_t termios::*word;
  tcflag_t bit;
};
constexpr std::array flags{
    Flag{30, &termios::c_iflag, IGNPAR}, Flag{31, &termios::c_iflag, PARMRK},  Flag{32, &termios::c_iflag, INPCK},
    Flag{33, &termios::c_iflag, ISTRIP}, Flag{34, &termios::c_iflag, INLCR},   Flag{35, &termios::c_iflag, IGNCR},
    Flag{36, &termios::c_iflag, ICRNL},  Flag{37, &termios::c_iflag, IUCLC},   Flag{38, &termios::c_iflag, IXON},
    Flag{39, &termios::c_iflag, IXANY},  Flag{40, &termios::c_iflag, IXOFF},   Flag{41, &termios::c_iflag, IMAXBEL},
    Flag{42, &termios::c_iflag, IUTF8},  // RFC 8160 section 3 [8160-3-1]: input is UTF-8
    Flag{50, &termios::c_lflag, ISIG},   Flag{51, &termios::c_lflag, ICANON},  Flag{52, &termios::c_lflag, XCASE},
    Flag{53, &termios::c_lflag, ECHO},   Flag{54, &termios::c_lflag, ECHOE},   Flag{55, &termios::c_lflag, ECHOK},
    Flag{56, &termios::c_lflag, ECHONL}, Flag{57, &termios::c_lflag, NOFLSH},  Flag{58, &termios::c_lflag, TOSTOP},
    Flag{59, &termios::c_lflag, IEXTEN}, Flag{60, &termios::c_lflag, ECHOCTL}, Flag{61, &termios::c_lflag, ECHOKE},
    Flag{62, &termios::c_lflag, PENDIN}, Flag{70, &termios::c_oflag, OPOST},   Flag{71, &termios::c_oflag, OLCUC},
    Flag{72, &termios::c_oflag, ONLCR},  Flag{73, &termios::c_oflag, OCRNL},   Flag{74, &termios::c_oflag, ONOCR},
    Flag{75, &termios::c_oflag, ONLRET}, Flag{92, &termios::c_cflag, PARENB},  Flag{93, &termios::c_cflag, PARODD},
};

struct Speed {
  std::uint32_t bits_per_second;
  speed_t code;
};
constexpr std::array speeds{
    Speed{50, B50},           Speed{75, B75},           Speed{110, B110},         Speed{134, B134},
    Speed{150, B150},         Speed{200, B200},         Speed{300, B300},         Speed{600, B600},
    Speed{1200, B1200},       Speed{1800, B1800},       Speed{2400, B2400},       Speed{4800, B4800},
    Speed{9600, B9600},       Speed{19200, B19200},     Speed{38400, B38400},     Speed{57600, B57600},
    Speed{115200, B115200},   Speed{230400, B230400},   Speed{460800, B460800},   Speed{500000, B500000},
    Speed{576000, B576000},   Speed{921600, B921600},   Speed{1000000, B1000000}, Speed{1152000, B1152000},
    Speed{1500000, B1500000}, Speed{2000000, B2000000}, Speed{2500000, B2500000}, Speed{3000000, B3000000},
    Speed{3500000, B3500000}, Speed{4000000, B4000000},
};

// 0 is also what a terminal that has hung up has.
std::uint32_t bits_per_second(speed_t code) {
  for (const Speed& speed : speeds) {
    if (speed.code == code) return speed.bits_per_second;
  }
  return 0;
}

// The fastest that is not faster than asked for; the slowest where all are.
speed_t speed_code(std::uint32_t wanted) {
  speed_t code = speeds.front().code;
  for (const Speed& speed : speeds) {
    if (speed.bits_per_second <= wanted) code = speed.code;
  }
  return code;
}

void apply_character(const TerminalMode& mode, termios& settings) {
  for (const Character& character : characters) {
    if (character.opcode != mode.opcode) continue;
    const bool none = mode.argument >= no_character;
    settings.c_cc[character.index] = none ? _POSIX_VDISABLE : static_cast<cc_t>(mode.argument);
  }
}

// RFC 4254 section 8 [4254-8-4]: a flag is 0 or 1; we take whatever is not 0 for 1.
void apply_flag(const TerminalMode& mode, termios& settings) {
  for (const Flag& flag : flags) {
    if (flag.opcode != mode.opcode) continue;
    tcflag_t& word = settings.*flag.word;
    word = mode.argument != 0 ? word | flag.bit : word & ~flag.bit;
  }
}

}  // namespace

// RFC 4254 section 8 [4254-8-1]: the client says all that it knows.
std::vector<std::uint8_t> encode_terminal_modes(const termios& settings) {
  std::vector<std::uint8_t> encoded;
  const auto put = [&encoded](std::uint8_t opcode, std::uint32_t argument) {
    encoded.push_back(opcode);
    for (int shift = 24; shift >= 0; shift -= 8) encoded.push_back(static_cast<std::uint8_t>(argument >> shift));
  };
  put(op_ospeed, bits_per_second(::cfgetospeed(&settings)));
  put(op_ispeed, bits_per_second(::cfgetispeed(&settings)));
  for (const Character& character : characters) {
    const cc_t value = settings.c_cc[character.index];
    put(character.opcode, value == _POSIX_VDISABLE ? no_character : value);
  }
  for (const Flag& flag : flags) put(flag.opcode, (settings.*flag.word & flag.bit) != 0 ? 1 : 0);
  put(op_cs7, (settings.c_cflag & CSIZE) == CS7 ? 1 : 0);
  put(op_cs8, (settings.c_cflag & CSIZE) == CS8 ? 1 : 0);
  encoded.push_back(op_end);
  return encoded;
}

// RFC 4254 section 8 [4254-8-2]: what we do not know we ignore.
void apply_terminal_modes(Bytes encoded, termios& settings) {
  bool seven_bits = false;
  bool eight_bits = false;
  for (const TerminalMode& mode : parse_terminal_modes(encoded)) {
    if (mode.opcode == op_cs7) seven_bits = mode.argument != 0;
    if (mode.opcode == op_cs8) eight_bits = mode.argument != 0;
    const bool is_speed = mode.argument > 0;  // 0 would hang up
    if (mode.opcode == op_ospeed && is_speed) ::cfsetospeed(&settings, speed_code(mode.argument));
    if (mode.opcode == op_ispeed && is_speed) ::cfsetispeed(&settings, speed_code(mode.argument));
    apply_character(mode, settings);
    apply_flag(mode, settings);
  }
  // OpenSSH's clients say both, since CS7 is one bit of CS8.
  if (eight_bits || seven_bits) settings.c_cflag = (settings.c_cflag & ~CSIZE) | (eight_bits ? CS8 : CS7);
}

}  // namespace glassh
