#include "server/sessions/pty.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "channels/terminal_modes.h"

namespace glassh {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// By the master, not by the name: it is the right one whatever is mounted at /dev/pts.
Fd open_other_side(const Fd& master, int flags) {
  Fd terminal(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | flags));
  if (!terminal) fail("TIOCGPTPEER");
  return terminal;
}

// Only root may give it away. Whoever is not root has it from the system.
void give_to(const Account& owner, const Fd& terminal) {
  if (::geteuid() != 0) return;
  const auto group = terminal_group();
  const mode_t mode = group ? S_IRUSR | S_IWUSR | S_IWGRP : S_IRUSR | S_IWUSR;
  if (::fchown(terminal.get(), owner.uid, group.value_or(owner.gid)) < 0) fail("fchown of a terminal");
  if (::fchmod(terminal.get(), mode) < 0) fail("fchmod of a terminal");
}

}  // namespace

Pty Pty::open(const Account& owner) {
  Pty pty;
  // posix_openpt(3) takes no O_NONBLOCK. A write to a terminal that no program reads would block.
  pty.master_ = Fd(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!pty.master_) fail("/dev/ptmx");
  std::array<char, 64> name{};
  if (::unlockpt(pty.master_.get()) < 0) fail("unlockpt");
  if (::ptsname_r(pty.master_.get(), name.data(), name.size()) != 0) fail("ptsname_r");
  pty.path_ = name.data();
  pty.terminal_ = open_other_side(pty.master_, O_NONBLOCK);
  give_to(owner, pty.terminal_);
  return pty;
}

Fd Pty::open_terminal() const { return open_other_side(master_, 0); }

std::string Pty::line() const {
  constexpr std::string_view devices = "/dev/";
  return path_.starts_with(devices) ? path_.substr(devices.size()) : path_;
}

void Pty::apply_modes(Bytes encoded) {
  termios settings{};
  if (::tcgetattr(master_.get(), &settings) < 0) fail("tcgetattr");
  apply_terminal_modes(encoded, settings);
  if (::tcsetattr(master_.get(), TCSANOW, &settings) < 0) fail("tcsetattr");
}

// RFC 4254 section 6.2 [4254-6.2-1]: what is 0 is not looked at. [4254-6.2-2]: characters are what programs go by; they
// are never worked out from pixels.
void Pty::resize(const TerminalSize& size) {
  winsize window{};
  if (::ioctl(master_.get(), TIOCGWINSZ, &window) < 0) return;
  const auto set = [](unsigned short& dimension, std::uint32_t value) {
    if (value > 0) dimension = static_cast<unsigned short>(std::min<std::uint32_t>(value, 0xffff));
  };
  set(window.ws_col, size.columns);
  set(window.ws_row, size.rows);
  set(window.ws_xpixel, size.width_pixels);
  set(window.ws_ypixel, size.height_pixels);
  (void)::ioctl(master_.get(), TIOCSWINSZ, &window);
}

// RFC 4335 section 3 [4335-3-2]: an attention signal, where there is no wire that could be held. A pseudo-terminal's
// driver does nothing of this by itself.
bool Pty::send_break() {
  termios settings{};
  if (::tcgetattr(master_.get(), &settings) < 0 || (settings.c_iflag & IGNBRK) != 0) return false;
  if ((settings.c_iflag & BRKINT) != 0) return ::ioctl(master_.get(), TIOCSIG, SIGINT) == 0;
  const std::array<char, 3> marked = {'\377', '\0', '\0'};
  const bool mark = (settings.c_iflag & PARMRK) != 0;
  const std::size_t size = mark ? marked.size() : 1;
  return ::write(master_.get(), marked.data() + (mark ? 0 : 1), size) == static_cast<ssize_t>(size);
}

}  // namespace glassh
