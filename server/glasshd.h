// Runs glasshd from its options to its end: reads and checks everything in order, starts the threads, handles signals.
//
// The errors of the start (configuration, keys, ports, files) appear in the foreground, with one line on standard
// error. Then the program serves with one io_context per thread. The first one is on the calling thread, which also
// accepts connections and takes signals: SIGTERM and SIGINT end the program, SIGHUP reads the configuration again.
// Serving a connection is the job of its thread.
//
//   return run_glasshd(parse_server_options(arguments));
#pragma once

#include "server/config/server_options.h"

namespace glassh {

// Returns the exit status: 0; 1 if -t finds an error or there is no host key; 255 for other errors at the start.
int run_glasshd(const ServerOptions& options);

}  // namespace glassh
