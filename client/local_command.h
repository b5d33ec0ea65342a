// LocalCommand, and `!` on the escapes' command line: a command of the user's own, here, by the user's shell.
//
//   run_local_command(*config.local_command, log);
#pragma once

#include <string>

#include "client/client_log.h"

namespace glassh {

// Waits for its end; the exit status, or 128 and the number of the signal. A shell that cannot be started is said to
// the log, and gives 1.
int run_local_command(const std::string& command, ClientLog& log);

}  // namespace glassh
