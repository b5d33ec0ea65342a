// What happens in a session before its program runs: what a login shell says first, ~/.ssh/rc or /etc/ssh/sshrc, what
// tells X11 programs their cookie; and what the user's files say for that.
//
// sshd(8), LOGIN PROCESS and SSHRC; sshd_config(5), PrintMotd, PrintLastLog, PermitUserRC and PermitUserEnvironment.
// Nothing is run or shown here: a Preparation says what is to be, and the session does it while the connection goes on.
// No file is waited for, whatever stands at its path.
//
//   Preparation before{.greeting = greeting(config, account, last)};  before.program = rc_program(…);
#pragma once

#include <ctime>
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
// environment of the session. ForceCommand and subsystems keep the user's out, a command of the key does not.
std::optional<SpawnRequest> rc_program(const Account& account, bool user_rc,
                                       const std::vector<std::string>& environment,
                                       const std::string& system_rc = "/etc/ssh/sshrc");

// The cookie of the session's display: to the rc file, whose business it is then, or to xauth(1).
void add_cookie(Preparation& before, const X11Forwarding& display, const std::string& xauth, const Account& account,
                const std::vector<std::string>& environment);

// What ~/.ssh/environment sets, as far as PermitUserEnvironment lets it in. A line that is no NAME=VALUE is left out.
// What is wrong with its lines is added to `complaints`, in sshd's words.
std::vector<EnvironmentVariable> user_environment(const ServerConfig& config, const Account& account,
                                                  std::string& complaints);

}  // namespace glassh
