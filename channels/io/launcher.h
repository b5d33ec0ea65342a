// Starts other programs, for client and server alike: one call of posix_spawn(3), and all that its callers may say.
//
// A Launch says what the new program finds: its arguments, its environment, its descriptors, its directory, the state
// of its signals, and whether it leads a session of its own. What it does not say is inherited from this process, so an
// empty Launch is an ordinary child. posix_spawn(3) does not copy this process; it is safe and quick beside other
// threads. The launcher keeps nothing: its caller waits for the end and reaps, by number or through open_pidfd().
// A program that must run as another user needs more than posix_spawn(3) can do; server/login/run_as forks for that.
//
//   Launch program{.program = "/bin/date", .arguments = {"date"}};
//   program.streams.push_back({.as = STDOUT_FILENO, .from = pipe.write_end.get()});
//   const pid_t pid = launch(program);
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "channels/io/fd.h"

namespace glassh {

// One descriptor of the new program: a copy of ours, or a file that is opened for it.
struct LaunchStream {
  int as = -1;            // its number in the new program
  int from = -1;          // ours, borrowed for the call; or a number that an earlier stream has set
  std::string path = {};  // if not empty: the file to open instead
  int flags = 0;          // of open(2) for that file; one that is created gets the mode 0600
};

struct Launch {
  enum class Signals {
    inherited_but_pipe,  // as they are here, but SIGPIPE, which our programs ignore, is at its default
    all_default          // each at its default, and none blocked
  };

  std::string program = {};                                  // a path; or a name, with `search_path`
  bool search_path = false;                                  // a name without a slash is looked for in PATH
  std::vector<std::string> arguments = {};                   // argv, [0] included
  std::optional<std::vector<std::string>> environment = {};  // "NAME=value"; nullopt: ours
  std::vector<LaunchStream> streams = {};                    // set in this order
  bool closes_others = false;                                // all above standard error are closed
  std::string directory = {};                                // where it starts; empty: where we are
  Signals signals = Signals::inherited_but_pipe;
  // It leads a session and a process group of its own; the first terminal that `streams` open becomes its own.
  bool own_session = false;
  std::uint64_t open_files = 0;  // its soft limit of descriptors; 0: ours. That of core files is always our caller's
};

// Its process number. Throws std::system_error: no such program, directory or file, no descriptors or processes left.
pid_t launch(const Launch& program);

// Becomes readable when the process has ended. Empty, with errno set, if there is no such process or no descriptor.
Fd open_pidfd(pid_t pid);

// Blocks until our child has ended, whatever signals come meanwhile, and reaps it. Returns the status for waitpid(2)'s
// macros; nullopt, with errno set, if it is not our child or is reaped already.
std::optional<int> wait_for_end(pid_t pid);

// For execve(2) and its like: pointers into `texts`, which must live as long, and a null behind them.
std::vector<char*> argument_pointers(const std::vector<std::string>& texts);

}  // namespace glassh
