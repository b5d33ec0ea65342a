#include "client/terminal/background.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include "channels/io/fd.h"
#include "channels/io/slow_calls.h"

namespace glassh {

namespace asio = boost::asio;

// Asio's epoll descriptor would be shared by both processes; told of the fork, it makes a new one in the child.
void continue_in_background(const asio::any_io_executor& executor) {
  asio::execution_context& context = asio::query(executor, asio::execution::context);
  std::fflush(nullptr);
  end_slow_threads();
  context.notify_fork(asio::execution_context::fork_prepare);
  const pid_t child = ::fork();
  if (child < 0) {
    const int error = errno;
    context.notify_fork(asio::execution_context::fork_parent);
    restart_slow_threads();
    throw std::system_error(error, std::generic_category(), "fork");
  }
  if (child > 0) ::_exit(0);  // destructors would end the connection
  context.notify_fork(asio::execution_context::fork_child);
  restart_slow_threads();
}

void leave_the_terminal(bool keep_errors) {
  ::setsid();  // cannot fail: a new child leads no process group
  const Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nowhere) return;
  ::dup2(nowhere.get(), STDIN_FILENO);
  ::dup2(nowhere.get(), STDOUT_FILENO);
  if (!keep_errors) ::dup2(nowhere.get(), STDERR_FILENO);
}

}  // namespace glassh
