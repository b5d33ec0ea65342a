#include "proto/terminal_mode_list.h"

#include <array>
#include <utility>

namespace glassh {
namespace {

constexpr std::uint8_t op_end = 0;
constexpr std::uint8_t last_with_argument = 159;

constexpr std::array<std::pair<std::uint8_t, std::string_view>, 57> names{{
    {1, "VINTR"},
    {2, "VQUIT"},
    {3, "VERASE"},
    {4, "VKILL"},
    {5, "VEOF"},
    {6, "VEOL"},
    {7, "VEOL2"},
    {8, "VSTART"},
    {9, "VSTOP"},
    {10, "VSUSP"},
    {11, "VDSUSP"},
    {12, "VREPRINT"},
    {13, "VWERASE"},
    {14, "VLNEXT"},
    {15, "VFLUSH"},
    {16, "VSWTCH"},
    {17, "VSTATUS"},
    {18, "VDISCARD"},
    {30, "IGNPAR"},
    {31, "PARMRK"},
    {32, "INPCK"},
    {33, "ISTRIP"},
    {34, "INLCR"},
    {35, "IGNCR"},
    {36, "ICRNL"},
    {37, "IUCLC"},
    {38, "IXON"},
    {39, "IXANY"},
    {40, "IXOFF"},
    {41, "IMAXBEL"},
    {42, "IUTF8"},
    {50, "ISIG"},
    {51, "ICANON"},
    {52, "XCASE"},
    {53, "ECHO"},
    {54, "ECHOE"},
    {55, "ECHOK"},
    {56, "ECHONL"},
    {57, "NOFLSH"},
    {58, "TOSTOP"},
    {59, "IEXTEN"},
    {60, "ECHOCTL"},
    {61, "ECHOKE"},
    {62, "PENDIN"},
    {70, "OPOST"},
    {71, "OLCUC"},
    {72, "ONLCR"},
    {73, "OCRNL"},
    {74, "ONOCR"},
    {75, "ONLRET"},
    {90, "CS7"},
    {91, "CS8"},
    {92, "PARENB"},
    {93, "PARODD"},
    {128, "TTY_OP_ISPEED"},
    {129, "TTY_OP_OSPEED"},
    {0, "TTY_OP_END"},
}};

}  // namespace

// RFC 4254 section 8 [4254-8-3]: opcodes 1 to 159 have one number, 0 ends the list, and so does what is above 159.
// Past vulnerability 49: no mode is taken for there without its bytes, and there may be as many as there are bytes.
std::vector<TerminalMode> parse_terminal_modes(Bytes encoded) {
  constexpr std::size_t size_of_one = 1 + sizeof(std::uint32_t);
  std::vector<TerminalMode> modes;
  while (encoded.size() >= size_of_one) {
    const std::uint8_t opcode = encoded[0];
    if (opcode == op_end || opcode > last_with_argument) break;
    modes.push_back({opcode, get_u32(encoded.data() + 1)});
    encoded = encoded.subspan(size_of_one);
  }
  return modes;
}

std::string_view terminal_mode_name(std::uint8_t opcode) {
  for (const auto& [known, name] : names) {
    if (known == opcode) return name;
  }
  return {};
}

}  // namespace glassh
