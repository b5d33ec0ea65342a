// The terminal of one session: its size, its modes, and raw mode, in which every key is the server's.
//
// Lives as long as its session. Job: it gives the terminal back as it was found, whatever ends the program: in the
// destructor, and for a signal that kills in a handler, which restores it and lets the signal do its work. (SIGKILL
// leaves nobody to do it.) suspend() stops the program with the terminal as it was. Where the descriptor is not a
// terminal, or is -1, nothing here does anything.
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
  explicit LocalTerminal(int fd) : fd_(fd) {}  // which must stay open
  ~LocalTerminal() { leave_raw(); }
  LocalTerminal(const LocalTerminal&) = delete;
  LocalTerminal& operator=(const LocalTerminal&) = delete;

  WindowSize size() const;  // zeros: unknown
  // As the user has them, also while it is raw. Nothing: no terminal.
  std::optional<termios> modes() const;

  // In the background it stops us (SIGTTOU) until we are in the foreground, as every program that sets modes.
  void enter_raw();
  // In the background the terminal is somebody else's by now, and is left alone.
  void leave_raw();
  bool raw() const { return before_.has_value(); }

  // Stops this process as the terminal's suspend key does, and returns when it goes on; raw again if it was.
  void suspend();
  // After a stop that nobody foresaw (SIGSTOP): raw again, if it shall be.
  void resume();

 private:
  bool in_background() const;

  int fd_;
  std::optional<termios> before_;  // while it is raw
};

// What enter_raw() makes of modes: no byte is changed, held back, echoed or turned into a signal.
termios raw_modes(termios modes);

}  // namespace glassh
