// glasshd from its options to its end: what is read and checked, in which order, and who runs what.
//
// Everything that can go wrong at the start (configuration, keys, ports, files) goes wrong in the foreground, with one
// line on standard error. Then it serves: one io_context per thread, the first on the calling thread, which also
// accepts and takes signals. SIGTERM and SIGINT end it; SIGHUP is not done yet and says so.
//
//   return run_glasshd(parse_server_options(arguments));
#pragma once

#include "server/config/server_options.h"

namespace glassh {

// The exit status: 0; 1 if -t finds something wrong or there is no host key; 255 for other errors at the start.
int run_glasshd(const ServerOptions& options);

}  // namespace glassh
