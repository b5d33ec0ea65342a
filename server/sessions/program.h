// A program as its session sees it: a process today, later also a subsystem inside glasshd.
//
// Lives from the request that starts it until it has ended, which may be after its session. Job: to work on its channel
// until it ends or is hung up. Its output goes to the channel by itself (RFC 4254 section 6.5); the session hands it
// what arrives, and learns of its end through ProgramObserver.
//
//   co_await program->start();  …  program->write(event.data);  …  program->hang_up();
#pragma once

#include <cstdint>

#include <boost/asio/awaitable.hpp>

#include "channels/io/home_thread.h"
#include "proto/bytes.h"
#include "server/sessions/pty.h"

namespace glassh {

// How a program ended.
struct ProgramEnd {
  std::uint32_t exit_status = 0;  // if it exited
  int signal = 0;                 // the signal that killed it, or 0
  bool core_dumped = false;
  bool operator==(const ProgramEnd&) const = default;
};

// A program's reports to the session that runs it. Nothing of this is called before Program::start() has returned, nor
// after hang_up().
class ProgramObserver {
 public:
  virtual void on_input_broken() = 0;  // it reads no more
  // Once, when it has ended and all that it wrote until then is queued on the channel.
  virtual void on_program_end(const ProgramEnd& end) = 0;
  virtual void on_program_finished() = 0;  // once, after its end: nothing more will come from it

 protected:
  ~ProgramObserver() = default;
};

class Program {
 public:
  Program() = default;
  virtual ~Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Called once, before all others; only hang_up() may come while it waits. Sends nothing on the channel before it
  // returns, so that the answer goes ahead of the output. Throws std::system_error if the program cannot be started,
  // and is of no use then. What goes wrong later is its end, with status 255.
  virtual asio::awaitable<void> start() = 0;

  // Data from the client. The program tells the channel when it has consumed it. The bytes are gone after the call.
  virtual void write(Bytes data) = 0;
  virtual void end_input() = 0;   // nothing more will arrive
  virtual void end_output() = 0;  // the client does not read what it writes any more
  virtual void signal(int number) = 0;
  // False if it runs on no terminal, or if the terminal ignores breaks.
  virtual bool resize(const TerminalSize& /*size*/) { return false; }
  virtual bool send_break() { return false; }
  // The channel or the connection is gone. Later calls of anything do nothing.
  virtual void hang_up() = 0;
};

}  // namespace glassh
