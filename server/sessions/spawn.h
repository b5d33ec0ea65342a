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
#include <string_view>
#include <utility>
#include <vector>

#include "channels/io/fd.h"
#include "server/account.h"

namespace glassh {

struct SpawnRequest {
  std::string program;                   // an absolute path
  std::vector<std::string> arguments;    // argv, [0] included
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;                 // where it starts; "/" if it cannot be entered
  std::uint64_t open_files = 0;          // its soft limit of descriptors; 0: ours
  std::string complaints = {};           // lines that stand on its standard error before it starts
};

// What a program reads and writes: its own ends, borrowed for the call.
struct ProgramEnds {
  int input = -1, output = -1, error = -1;
  // A terminal's name: the program controls it, and reads and writes it. What stands above is then what we have open of
  // it, to say on it what goes wrong before.
  std::string terminal = {};
};

// How a program ended.
struct ProcessEnd {
  std::uint32_t exit_status = 0;  // if it exited
  int signal = 0;                 // the signal that killed it, or 0
  bool core_dumped = false;
  bool operator==(const ProcessEnd&) const = default;
};

ProcessEnd process_end(const siginfo_t& info);  // of waitid(2)

// Our ends of the pipes still block: Descriptor::own() changes that. A Process that is destroyed before reap() leaves a
// zombie when it ends.
struct Process {
  pid_t pid = 0;  // also the number of its process group and session; 0: reaped
  Fd pidfd;
  Fd standard_input;   // writes
  Fd standard_output;  // reads
  Fd standard_error;   // reads

  // Nothing: it still runs. Does not reap. Status 255 if somebody else reaped it.
  std::optional<ProcessEnd> end() const;
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

struct PeerAddresses {
  std::string remote_host;
  std::uint16_t remote_port = 0;
  std::string local_host;
  std::uint16_t local_port = 0;
};
struct EnvironmentVariable {
  std::string name, value;
};
// Where variables come from, beside the account and the connection.
struct EnvironmentSources {
  std::vector<EnvironmentVariable> from_client = {};  // RFC 4254 section 6.4, as far as AcceptEnv lets in
  std::vector<EnvironmentVariable> from_keys = {};    // environment= of authorized_keys, and ~/.ssh/environment
  std::optional<std::string> original_command = {};   // what the client asked for, if another command is forced
  std::string auth_info_file = {};                    // ExposeAuthInfo; empty: none
  std::string agent_socket = {};                      // of a forwarded agent; empty: none
  std::string display = {};                           // DISPLAY, of a forwarded X server; empty: none
  std::vector<std::pair<std::string, std::string>> from_config = {};  // SetEnv: goes before all of the above
  std::string terminal = {};                                          // its name; empty: none
  std::string term = {};                                              // the kind of it, TERM
  std::string complaints = {};                                        // about where these come from; no variable
};
// What a program of a session finds in its environment. The client never overrides anything; the keys' owner may set
// what the account says, such as PATH, but not what is true of the connection.
std::vector<std::string> session_environment(const Account& account, const PeerAddresses& addresses,
                                             const EnvironmentSources& sources);

// RFC 4254 section 6.9: "TERM" → SIGTERM; nothing for a name that is not in the list.
std::optional<int> signal_number(std::string_view name);
// RFC 4254 section 6.10: SIGTERM → "TERM"; all signals outside the list share one name, which has an @.
std::string signal_name(int number);

}  // namespace glassh
