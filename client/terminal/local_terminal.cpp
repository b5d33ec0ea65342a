#include "client/terminal/local_terminal.h"

#include <array>
#include <csignal>

#include <sys/ioctl.h>

namespace glassh {
namespace {

// Signals that end a program which does not catch them. SIGHUP, SIGINT, SIGQUIT and SIGTERM are caught while a session
// runs (client/ssh_main); they are here for the time when they are not.
constexpr std::array deadly_signals{SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGABRT, SIGSEGV,   SIGBUS,
                                    SIGFPE,  SIGILL,  SIGSYS,  SIGTRAP, SIGXCPU, SIGXFSZ,   SIGALRM,
                                    SIGUSR1, SIGUSR2, SIGPROF, SIGPOLL, SIGPWR,  SIGVTALRM, SIGSTKFLT};

// What the handler needs, for it may use nothing else. Written only while no handler is installed.
int dying_terminal = -1;
termios modes_at_death{};

bool belongs_to_others(int fd) {
  const pid_t foreground = ::tcgetpgrp(fd);
  return foreground >= 0 && foreground != ::getpgrp();
}

// SIGTTOU is blocked in here: where it is, a background process may set modes, and is not stopped while it dies.
void restore_and_die(int signal) {
  if (!belongs_to_others(dying_terminal)) ::tcsetattr(dying_terminal, TCSANOW, &modes_at_death);
  ::raise(signal);  // it kills when this returns: the handler is gone already
}

// A signal that somebody ignores or catches does not kill.
void restore_at_death(int fd, const termios& modes) {
  dying_terminal = fd;
  modes_at_death = modes;
  struct sigaction handler {};
  handler.sa_handler = restore_and_die;
  handler.sa_flags = SA_RESETHAND;
  ::sigfillset(&handler.sa_mask);
  for (const int signal : deadly_signals) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL) ::sigaction(signal, &handler, nullptr);
  }
}

void die_as_usual() {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (const int signal : deadly_signals) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    const bool ours = (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == restore_and_die;
    if (ours) ::sigaction(signal, &usual, nullptr);
  }
}

}  // namespace

termios raw_modes(termios modes) {
  modes.c_iflag |= IGNPAR;
  modes.c_iflag &= ~static_cast<tcflag_t>(ISTRIP | INLCR | IGNCR | ICRNL | IUCLC | IXON | IXANY | IXOFF);
  modes.c_lflag &= ~static_cast<tcflag_t>(ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHONL);
  modes.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  modes.c_cc[VMIN] = 1;
  modes.c_cc[VTIME] = 0;
  return modes;
}

WindowSize LocalTerminal::size() const {
  winsize size{};
  if (::ioctl(fd_, TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_col, size.ws_row, size.ws_xpixel, size.ws_ypixel};
}

std::optional<termios> LocalTerminal::modes() const {
  if (before_) return before_;
  termios modes{};
  if (::tcgetattr(fd_, &modes) != 0) return std::nullopt;
  return modes;
}

bool LocalTerminal::in_background() const { return belongs_to_others(fd_); }

void LocalTerminal::enter_raw() {
  if (raw()) return;
  const std::optional<termios> found = modes();
  if (!found) return;
  const termios wanted = raw_modes(*found);
  restore_at_death(fd_, *found);
  if (::tcsetattr(fd_, TCSADRAIN, &wanted) == 0) {
    before_ = found;
  } else {
    die_as_usual();
  }
}

void LocalTerminal::leave_raw() {
  if (!raw()) return;
  if (!in_background()) ::tcsetattr(fd_, TCSADRAIN, &*before_);
  before_.reset();
  die_as_usual();
}

void LocalTerminal::suspend() {
  const bool was_raw = raw();
  leave_raw();
  struct sigaction stop {};
  stop.sa_handler = SIG_DFL;
  struct sigaction before {};
  ::sigaction(SIGTSTP, &stop, &before);
  ::raise(SIGTSTP);  // without a shell that could continue us the system does not stop us
  ::sigaction(SIGTSTP, &before, nullptr);
  if (was_raw) enter_raw();
}

void LocalTerminal::resume() {
  if (!raw() || in_background()) return;
  const termios wanted = raw_modes(*before_);
  ::tcsetattr(fd_, TCSADRAIN, &wanted);
}

}  // namespace glassh
