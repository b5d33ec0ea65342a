// Pty is the pseudo-terminal of a session.
//
// Lives until the session and its program both let go of it. Job: carry out pty-req, window-change and break. RFC 4254
// sections 6.2, 6.7 and 8, RFC 4335. We hold the master's side, the program the terminal's; when every copy of the
// master is closed, the kernel hangs up the program. Where we are root, the terminal belongs to the user and to the
// group tty, so that write(1) can reach it, and no other user can.
//
//   Pty pty = Pty::open(account);  pty.apply_modes(request.encoded_terminal_modes);  pty.resize({80, 24, 0, 0});
#pragma once

#include <cstdint>
#include <string>

#include "channels/io/fd.h"
#include "proto/bytes.h"
#include "server/account.h"

namespace glassh {

// 0: not known.
struct TerminalSize {
  std::uint32_t columns = 0, rows = 0, width_pixels = 0, height_pixels = 0;
};

class Pty {
 public:
  // Throws std::system_error: there are no terminals left, or no descriptors.
  static Pty open(const Account& owner);

  const std::string& path() const { return path_; }  // "/dev/pts/3"
  std::string line() const;                          // "pts/3"

  // RFC 4254 section 8. What is not in the list stays as the system makes it.
  void apply_modes(Bytes encoded);
  // A dimension of 0 stays as it was. Programs in the foreground get SIGWINCH if something has changed.
  void resize(const TerminalSize& size);
  // As a serial line would take it (termios(3), BRKINT). False where the terminal ignores breaks, or has no room.
  bool send_break();

  void stands_for(DescriptorClaim claim) {  // of two descriptors
    terminal_.stands_for(claim.take(1));
    master_.stands_for(std::move(claim));
  }

  // A copy of our side, to be read and written. It never blocks. Throws std::system_error.
  Fd master() const { return Fd::duplicate(master_.get()); }
  // The program's side, which is open until the program has it, so that the terminal does not hang up before. It does
  // not block, and does not control us.
  const Fd& terminal() const { return terminal_; }
  void release_terminal() { terminal_.close(); }
  // Once more, for a program that is not to control it; that one blocks. Throws std::system_error.
  Fd open_terminal() const;

 private:
  Fd master_, terminal_;
  std::string path_;
};

}  // namespace glassh
