#include "client/terminal/local_terminal.h"

#include <algorithm>
#include <array>
#include <csignal>

#include <sys/ioctl.h>

#include "channels/io/thread.h"

namespace glassh {
namespace {

// Signals that end a program which does not catch them. SIGHUP, SIGINT, SIGQUIT and SIGTERM are caught while a session
// runs (client/ssh_main); they are here for the time when they are not.
constexpr std::array deadly_signals{SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGABRT, SIGSEGV,   SIGBUS,
                                    SIGFPE,  SIGILL,  SIGSYS,  SIGTRAP, SIGXCPU, SIGXFSZ,   SIGALRM,
                                    SIGUSR1, SIGUSR2, SIGPROF, SIGPOLL, SIGPWR,  SIGVTALRM, SIGSTKFLT};

// The terminals that are raw, and their modes as they were found: the handler may use nothing else. They change only
// while all signals are blocked.
struct RawTerminal {
  int fd = -1;
  termios found{};
};
std::array<RawTerminal, 16> raw_terminals;

bool belongs_to_others(int fd) {
  const pid_t foreground = ::tcgetpgrp(fd);
  return foreground >= 0 && foreground != ::getpgrp();
}

// SIGTTOU is blocked in here: where it is, a background process may set modes, and is not stopped while it dies.
void restore_and_die(int signal) {
  for (const RawTerminal& each : raw_terminals) {
    if (each.fd >= 0 && !belongs_to_others(each.fd)) ::tcsetattr(each.fd, TCSANOW, &each.found);
  }
  ::raise(signal);  // it kills when this returns: the handler is gone already
}

bool is_raw(const RawTerminal& each) { return each.fd >= 0; }

// A signal that the program ignores or catches does not kill it, so its handler stays. If all places are taken, the
// modes of this terminal are not restored.
void restore_at_death(int fd, const termios& modes) {
  const BlockedSignals blocked;
  const auto free = std::find_if_not(raw_terminals.begin(), raw_terminals.end(), is_raw);
  if (free == raw_terminals.end()) return;
  *free = {fd, modes};
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

void die_as_usual(int fd) {
  const BlockedSignals blocked;
  const auto found =
      std::find_if(raw_terminals.begin(), raw_terminals.end(), [fd](const RawTerminal& each) { return each.fd == fd; });
  if (found != raw_terminals.end()) found->fd = -1;
  if (std::any_of(raw_terminals.begin(), raw_terminals.end(), is_raw)) return;
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
    die_as_usual(fd_);
  }
}

void LocalTerminal::leave_raw() {
  if (!raw()) return;
  if (!in_background()) ::tcsetattr(fd_, TCSADRAIN, &*before_);
  before_.reset();
  die_as_usual(fd_);
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
