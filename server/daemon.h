// What a daemon does to its own process: standard descriptors, leaving the foreground, the PID file.
//
//   open_standard_descriptors();  …  leave_foreground(false);  const PidFile pid_file("/run/glasshd.pid", log);
#pragma once

#include <cstdint>
#include <string>

#include "server/log.h"

namespace glassh {

// Descriptors 0 to 2 that are closed become /dev/null, so that nothing else gets their numbers.
void open_standard_descriptors();

// Forks; the caller goes on as the child, in a new session, in "/", with standard input and output at /dev/null, and
// standard error too unless `keep_stderr`. The parent exits with 0. To be called before there are threads. Throws
// std::runtime_error.
void leave_foreground(bool keep_stderr);

// Raises the soft limit of open descriptors to the hard one: a connection needs one, a session four more. Returns the
// former limit, which is what programs should get, as select(2) does not work above it.
std::uint64_t raise_open_file_limit();

// Our process number in a file, as long as this lives. An empty path: none. Failing at that is only logged, as sshd
// does.
class PidFile {
 public:
  PidFile(const std::string& path, const Log& log);
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  ~PidFile() { remove(); }
  void remove();  // unless another server has written its own number into it

 private:
  std::string path_;
};

}  // namespace glassh
