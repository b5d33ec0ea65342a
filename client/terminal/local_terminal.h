// LocalTerminal is the terminal of one session: its size, its modes, and raw mode, in which every key goes to the
// server.
//
// Lives as long as its session. Job: enter and leave raw mode. The destructor restores the old modes. If a signal kills
// the program, a handler restores them before the signal acts (except SIGKILL, which cannot be caught). suspend() stops
// the program with the old modes. If the descriptor is not a terminal, or is -1, the functions do nothing.
//
//   LocalTerminal terminal(STDIN_FILENO);  terminal.enter_raw();  …  terminal.leave_raw();
#pragma once

#include <cstdint>
#include <optional>

#include <termios.h>
#include <unistd.h>

namespace glassh {

struct WindowSize {
  std::uint32_t columns = 0, rows = 0;
  std::uint32_t width_pixels = 0, height_pixels = 0;

  friend bool operator==(const WindowSize&, const WindowSize&) = default;
};

class LocalTerminal {
 public:
  explicit LocalTerminal(int fd) : fd_(fd) {}  // `fd` must stay open
  ~LocalTerminal() { leave_raw(); }
  LocalTerminal(const LocalTerminal&) = delete;
  LocalTerminal& operator=(const LocalTerminal&) = delete;

  WindowSize size() const;  // zeros if unknown
  // Returns the user's modes, also while the terminal is raw; nullopt if it is not a terminal.
  std::optional<termios> modes() const;

  // If we are in the background, this stops us (SIGTTOU) until we are in the foreground, like every program that sets
  // modes.
  void enter_raw();
  // If we are in the background, another program uses the terminal, and it is left alone.
  void leave_raw();
  bool raw() const { return before_.has_value(); }

  // Stops this process as the terminal's suspend key does. Returns when the process continues; the terminal is raw
  // again if it was raw before.
  void suspend();
  // To be called after a stop without suspend() (SIGSTOP): makes the terminal raw again if it was raw before.
  void resume();

 private:
  bool in_background() const;

  int fd_;
  std::optional<termios> before_;  // the user's modes, while it is raw
};

// Returns the modes that enter_raw() sets: no byte is changed, held back, echoed or turned into a signal.
termios raw_modes(termios modes);

}  // namespace glassh
