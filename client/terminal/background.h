// Sends the program to the background while it has a connection: -f after the login, and the escape ~&.
//
// A child with the same descriptors, connection and coroutines replaces this process. A shell that waits for this
// process sees it end with status 0. The client has no threads but those of slow calls (channels/io/slow_calls.h),
// which end before the fork, so it loses nothing. Whether the program may go to the background now is the caller's
// decision.
//
//   continue_in_background(executor);  leave_the_terminal(true);
#pragma once

#include <boost/asio/any_io_executor.hpp>

namespace glassh {

// Must be called from a handler of `executor`'s context. Returns in the child only. Throws std::system_error, in the
// foreground process.
void continue_in_background(const boost::asio::any_io_executor& executor);

// Starts a new session, so that signals of the terminal do not reach us. Standard input, output and, unless
// `keep_errors`, errors become /dev/null. A program that reads our output then sees its end.
void leave_the_terminal(bool keep_errors);

}  // namespace glassh
