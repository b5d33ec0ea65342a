// Programs started for a session: over three pipes or on a terminal, in a session and process group of their own.
//
// A child inherits nothing but these: every other descriptor is closed, every signal is at its default and
// unblocked. posix_spawn(3) does not copy this process, so it is safe and quick beside other threads. The end of a
// program is seen through a pidfd (pidfd_open(2)), never by a SIGCHLD handler. Its number stays its own until it is
// reaped, so a signal cannot reach a stranger. RFC 4254 sections 6.4 to 6.10.
//
//   Process process = spawn_process(shell_request(account, "date", environment));
//   if (process.end()) process.reap();
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "channels/io/fd.h"
#include "server/account.h"
#include "server/sessions/program.h"

namespace glassh {

struct SpawnRequest {
  std::string program;                   // an absolute path
  std::vector<std::string> arguments;    // argv, [0] included
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;                 // where it starts; "/" if it cannot be entered
  std::uint64_t open_files = 0;          // its soft limit of descriptors; 0: ours
  std::string complaints = {};           // lines that stand on its standard error before it starts
};

// The program's ends of its streams, borrowed for the call.
struct ProgramEnds {
  int input = -1, output = -1, error = -1;
  // A terminal's name: the program controls it, and reads and writes it. What stands above is then what we have open of
  // it, to say on it what goes wrong before.
  std::string terminal = {};
};

ProgramEnd program_end(const siginfo_t& info);  // of waitid(2)

// Our ends of the pipes still block: Descriptor::own() changes that. A Process that is destroyed before reap() leaves a
// zombie when it ends.
struct Process {
  pid_t pid = 0;  // also the number of its process group and session; 0: reaped
  Fd pidfd;
  Fd standard_input;   // writes
  Fd standard_output;  // reads
  Fd standard_error;   // reads

  // Nothing: it still runs. Does not reap. Status 255 if other code has reaped it.
  std::optional<ProgramEnd> end() const;
  void signal_group(int signal) const;  // does nothing after reap()
  void reap();                          // after end() said something; frees the number
  void kill();                          // at once, and reaps
};

// Throws std::system_error: no program there, no descriptors or processes left. If the directory cannot be entered, a
// line on the program's standard error says so.
Process spawn_process(const SpawnRequest& request);                           // over three pipes
Process spawn_process(const SpawnRequest& request, const ProgramEnds& ends);  // our ends in Process stay empty

// `command` as the user's shell runs it, or, without one, the shell as a login shell (RFC 4254 section 6.5).
SpawnRequest shell_request(const Account& account, const std::optional<std::string>& command,
                           std::vector<std::string> environment);

}  // namespace glassh
