// Runs a command on this machine by the user's shell: LocalCommand, and `!` on the escapes' command line.
//
// The caller has expanded the tokens and checked PermitLocalCommand.
//
//   run_local_command(*config.local_command, log);
#pragma once

#include <string>

#include "client/client_log.h"

namespace glassh {

// Blocks until the command ends. Returns its exit status, or 128 plus the number of the signal that ended it. If the
// shell cannot be started, it logs the error and returns 1.
int run_local_command(const std::string& command, ClientLog& log);

}  // namespace glassh
