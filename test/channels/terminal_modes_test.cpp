// RFC 4254 section 8 and RFC 8160, against what the RFC's table says and what OpenSSH's clients send.
#include "channels/terminal_modes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace glassh {
namespace {

using testing::Contains;
using testing::ElementsAre;
using Encoded = std::vector<std::uint8_t>;

Encoded encoded(std::initializer_list<TerminalMode> modes) {
  Encoded out;
  for (const TerminalMode& mode : modes) {
    const auto argument = mode.argument;
    for (const auto part : {std::uint32_t{mode.opcode}, argument >> 24, argument >> 16, argument >> 8, argument}) {
      out.push_back(static_cast<std::uint8_t>(part));
    }
  }
  return out;
}

// As a terminal is before anybody has changed it.
termios usual() {
  termios settings{};
  settings.c_iflag = ICRNL | IXON;
  settings.c_oflag = OPOST | ONLCR;
  settings.c_cflag = CS8 | CREAD;
  settings.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
  settings.c_cc[VINTR] = 3;
  settings.c_cc[VEOF] = 4;
  settings.c_cc[VERASE] = 0x7f;
  ::cfsetspeed(&settings, B38400);
  return settings;
}

// [4254-8-3]: each opcode up to 159 has a number behind it, whether we know it or not.
TEST(TerminalModes, AreReadToTheEndOfTheList) {
  auto list = encoded({{1, 3}, {159, 0xffffffff}, {53, 0}});
  list.push_back(0);
  EXPECT_THAT(parse_terminal_modes(list),
              ElementsAre(TerminalMode{1, 3}, TerminalMode{159, 0xffffffff}, TerminalMode{53, 0}));
  const auto behind = encoded({{1, 4}});
  list.insert(list.end(), behind.begin(), behind.end());
  EXPECT_EQ(parse_terminal_modes(list).size(), 3u) << "TTY_OP_END is the end";
}

TEST(TerminalModes, OpcodesAbove159StopTheReading) {  // [4254-8-3]
  for (const std::uint8_t opcode : {160, 200, 255}) {
    EXPECT_THAT(parse_terminal_modes(encoded({{1, 3}, {opcode, 1}, {2, 28}})), ElementsAre(TerminalMode{1, 3}));
  }
}

// Past vulnerability 49: lists without an end, cut short anywhere, or longer than there are opcodes.
TEST(TerminalModes, AListWithoutAnEndIsReadAsFarAsItGoes) {
  const auto list = encoded({{1, 3}, {2, 28}});
  for (std::size_t size = 0; size <= list.size(); ++size) {
    // A copy of exactly that size: the sanitizer sees who reads behind it.
    const Encoded part(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(parse_terminal_modes(part).size(), size / 5);
    termios settings = usual();
    apply_terminal_modes(part, settings);
    EXPECT_EQ(settings.c_cc[VQUIT], size == list.size() ? 28 : 0);
  }
  EXPECT_TRUE(parse_terminal_modes({}).empty());
}

TEST(TerminalModes, AnyNumberOfModesIsTaken) {  // past vulnerability 49
  Encoded many;
  for (int i = 0; i < 1000; ++i) {
    const auto each = encoded({{static_cast<std::uint8_t>(1 + i % 159), static_cast<std::uint32_t>(i)}});
    many.insert(many.end(), each.begin(), each.end());
  }
  EXPECT_EQ(parse_terminal_modes(many).size(), 1000u);
  termios settings = usual();
  apply_terminal_modes(many, settings);
  EXPECT_EQ(settings.c_cc[VINTR], static_cast<cc_t>(_POSIX_VDISABLE)) << "954 is no character";
}

TEST(TerminalModes, EachIsGivenToTheTerminal) {
  termios settings = usual();
  auto list = encoded(
      {{1, 5}, {4, 255}, {36, 0}, {42, 1}, {53, 0}, {51, 0}, {72, 0}, {90, 1}, {92, 1}, {128, 19200}, {129, 19200}});
  list.push_back(0);
  apply_terminal_modes(list, settings);
  EXPECT_EQ(settings.c_cc[VINTR], 5);
  EXPECT_EQ(settings.c_cc[VKILL], _POSIX_VDISABLE) << "255 is none";
  EXPECT_EQ(settings.c_cc[VERASE], 0x7f) << "what is not said stays";
  EXPECT_EQ(settings.c_iflag, tcflag_t{IXON | IUTF8});
  EXPECT_EQ(settings.c_oflag, tcflag_t{OPOST});
  EXPECT_EQ(settings.c_lflag, tcflag_t{ISIG | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN});
  EXPECT_EQ(settings.c_cflag & CSIZE, tcflag_t{CS7});
  EXPECT_NE(settings.c_cflag & PARENB, 0u);
  EXPECT_EQ(::cfgetospeed(&settings), speed_t{B19200});
}

TEST(TerminalModes, UnknownOnesChangeNothing) {  // [4254-8-2]
  termios settings = usual();
  apply_terminal_modes(encoded({{11, 25}, {15, 1}, {17, 20}, {29, 1}, {100, 7}, {159, 1}}), settings);
  EXPECT_EQ(encode_terminal_modes(settings), encode_terminal_modes(usual()));
}

TEST(TerminalModes, TheLastOfTwoCounts) {
  termios settings = usual();
  apply_terminal_modes(encoded({{53, 1}, {53, 0}, {1, 5}, {1, 6}}), settings);
  EXPECT_EQ(settings.c_lflag & ECHO, 0u);
  EXPECT_EQ(settings.c_cc[VINTR], 6);
}

TEST(TerminalModes, ASpeedThatLinuxDoesNotHaveIsTheNextSlowerOne) {
  termios settings = usual();
  apply_terminal_modes(encoded({{129, 100'000}}), settings);
  EXPECT_EQ(::cfgetospeed(&settings), speed_t{B57600});
  apply_terminal_modes(encoded({{129, 1}}), settings);
  EXPECT_EQ(::cfgetospeed(&settings), speed_t{B50});
  apply_terminal_modes(encoded({{128, 0}, {129, 0}}), settings);
  EXPECT_EQ(::cfgetospeed(&settings), speed_t{B50}) << "0 would hang up";
}

// OpenSSH's clients send CS7 with each terminal of eight bits.
TEST(TerminalModes, EightBitsAreMoreThanSeven) {
  for (const auto& list : {encoded({{90, 1}, {91, 1}}), encoded({{91, 1}, {90, 1}}), encoded({{91, 1}, {90, 0}})}) {
    termios settings = usual();
    apply_terminal_modes(list, settings);
    EXPECT_EQ(settings.c_cflag & CSIZE, tcflag_t{CS8});
  }
}

// [4254-8-1] [4254-8-4] [8160-3-1]
TEST(TerminalModes, TheClientSaysAllThatItsTerminalHas) {
  termios settings = usual();
  settings.c_iflag |= IUTF8;
  settings.c_cc[VSWTC] = _POSIX_VDISABLE;
  const Encoded list = encode_terminal_modes(settings);
  EXPECT_EQ(list.back(), 0) << "TTY_OP_END";
  const auto modes = parse_terminal_modes(list);
  EXPECT_EQ(modes.size() * 5 + 1, list.size());
  for (const TerminalMode& mode :
       {TerminalMode{1, 3}, TerminalMode{16, 255}, TerminalMode{42, 1}, TerminalMode{53, 1}, TerminalMode{56, 0},
        TerminalMode{90, 0}, TerminalMode{91, 1}, TerminalMode{128, 38400}, TerminalMode{129, 38400}}) {
    EXPECT_THAT(modes, Contains(mode)) << "opcode " << int{mode.opcode};
  }
  for (const TerminalMode& mode : modes) {
    const bool is_flag = mode.opcode >= 30 && mode.opcode <= 93;
    EXPECT_TRUE(!is_flag || mode.argument <= 1) << "opcode " << int{mode.opcode};
  }
}

TEST(TerminalModes, WhatOneTerminalHasTheOtherGets) {
  termios settings = usual();
  settings.c_iflag = IGNPAR | ISTRIP | IXANY | IMAXBEL;
  settings.c_oflag = OCRNL | ONLRET;
  settings.c_lflag = TOSTOP | NOFLSH;
  settings.c_cflag = CS7 | CREAD | PARENB | PARODD;
  settings.c_cc[VLNEXT] = 22;
  ::cfsetspeed(&settings, B115200);
  termios other = usual();
  apply_terminal_modes(encode_terminal_modes(settings), other);
  EXPECT_EQ(encode_terminal_modes(other), encode_terminal_modes(settings));
  EXPECT_EQ(other.c_iflag, settings.c_iflag);
  EXPECT_EQ(other.c_oflag, settings.c_oflag);
  EXPECT_EQ(other.c_lflag, settings.c_lflag);
}

}  // namespace
}  // namespace glassh
