// The steps that a daemon takes for its own process: standard descriptors, leaving the foreground, the limit of open
// files, the PID file. The service manager is told by server/service_manager.
//
//   open_standard_descriptors();  …  leave_foreground(false);  const PidFile pid_file("/run/glasshd.pid", log);
#pragma once

#include <cstdint>
#include <string>

#include "server/log.h"

namespace glassh {

// Opens those of the descriptors 0 to 2 that are closed at /dev/null, so that no other file gets their numbers.
void open_standard_descriptors();

// Forks. The child returns, in a new session, in "/", with standard input and output at /dev/null, and standard error
// too unless `keep_stderr`. The parent exits with 0. Must be called before there are threads. Throws
// std::runtime_error.
void leave_foreground(bool keep_stderr);

// Raises the soft limit of open descriptors to the hard one: a connection needs one, a session four more. From then on
// connections share what there is (descriptor_budget()). Returns the former limit, which is what programs should get,
// as select(2) does not work above it.
std::uint64_t raise_open_file_limit();

// A file with our process number. Lives as long as the server. Job: write the file, and remove it at the end. An empty
// path means no file. A failure is only logged, as in sshd.
class PidFile {
 public:
  PidFile(const std::string& path, const Log& log);
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  ~PidFile() { remove(); }
  void remove();  // does nothing if another server has written its own number into it

 private:
  std::string path_;
};

}  // namespace glassh
