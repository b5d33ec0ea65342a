// Prepares a session before its program runs: the text that a login shell shows first, ~/.ssh/rc or /etc/ssh/sshrc, and
// the program that stores the X11 cookie; and reads the user's files for them.
//
// sshd(8), LOGIN PROCESS and SSHRC; sshd_config(5), PrintMotd, PrintLastLog, PermitUserRC and PermitUserEnvironment.
// A Preparation is only a plan: the session shows the text and runs the programs, while the connection goes on. The
// user's home may hang, so its files are read by a slow call (channels/io/slow_calls.h), all at once. A FIFO or a
// device in the place of a file is opened without waiting, and not used.
//
//   Preparation before{.greeting = greeting(config, account, last)};  before.program = rc_program(…);
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/config/server_config.h"
#include "server/forwarding/x11_forwarding.h"
#include "server/login/session_permissions.h"
#include "server/sessions/environment.h"
#include "server/sessions/login_record.h"
#include "server/sessions/process.h"

namespace glassh {

// The files that a session needs, and whether it needs them.
struct SessionFilesWanted {
  std::shared_ptr<const ServerConfig> config;
  Account account;
  bool user_rc = false;
  bool greets = false;
  std::optional<LoginRecordFiles> login_files = {};
};
struct SessionFiles {
  std::vector<EnvironmentVariable> environment = {};  // ~/.ssh/environment
  std::string complaints = {};                        // lines for the user: what is not used, and why
  std::string greeting = {};
  std::optional<SpawnRequest> rc = {};  // still without the session's environment
};
// May wait for long.
SessionFiles read_session_files(const SessionFilesWanted& wanted);

struct Preparation {
  std::string greeting = {};                 // for the terminal
  std::optional<SpawnRequest> program = {};  // runs to its end, over the session's output
  std::string input = {};                    // of that program
  bool empty() const { return greeting.empty() && !program; }
};

// The last login and the message of the day. `motd` is a path.
std::string greeting(const ServerConfig& config, const Account& account, const std::optional<LastLogin>& last,
                     const std::string& motd = "/etc/motd");

// The user's rc file, if there is one and it may run, or else the system's. Nothing if there is neither. It gets the
// environment of the session. ForceCommand and subsystems keep the user's out, a command of the key does not. An rc
// file that is not a regular file is not run, and rc_problem() says so.
std::optional<SpawnRequest> rc_program(const Account& account, bool user_rc,
                                       const std::vector<std::string>& environment,
                                       const std::string& system_rc = "/etc/ssh/sshrc");

// A line for the user; empty: there is no such problem.
std::string rc_problem(const Account& account);

// The cookie of the session's display: to the rc file, whose business it is then, or to xauth(1).
void add_cookie(Preparation& before, const X11Forwarding& display, const std::string& xauth, const Account& account,
                const std::vector<std::string>& environment);

// Returns the variables of ~/.ssh/environment that PermitUserEnvironment permits. Skips a line that is not NAME=VALUE.
// Adds to `complaints` what is wrong with a line, in sshd's words, or with the file.
std::vector<EnvironmentVariable> user_environment(const ServerConfig& config, const Account& account,
                                                  std::string& complaints);

}  // namespace glassh
