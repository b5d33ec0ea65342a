// Going to the background with a connection in hand: -f after the login, and the escape ~&.
//
// This process is replaced by a child with the same descriptors, connection and coroutines; whoever waits for this
// process sees it end with status 0. Our programs have one thread, so that nothing is lost on the way.
//
//   continue_in_background(executor);  leave_the_terminal(true);
#pragma once

#include <boost/asio/any_io_executor.hpp>

namespace glassh {

// Returns in the child, from within a handler of `executor`'s context. Throws std::system_error, in the foreground.
void continue_in_background(const boost::asio::any_io_executor& executor);

// A session of its own, so that no terminal's signal comes here; /dev/null for standard input, output and, unless
// `keep_errors`, errors. Whoever still reads our output does not wait for us.
void leave_the_terminal(bool keep_errors);

}  // namespace glassh
