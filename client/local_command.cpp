#include "client/local_command.h"

#include <cstdlib>
#include <system_error>

#include "client/child.h"

namespace glassh {

int run_local_command(const std::string& command, ClientLog& log) {
  const char* const named = std::getenv("SHELL");
  const std::string shell = named != nullptr && *named != '\0' ? named : "/bin/sh";
  log.debug1("Executing command: '{}'", printable(command));
  try {
    return run_child({shell, "-c", command}, {});
  } catch (const std::system_error& error) {
    log.error("Couldn't execute {} -c \"{}\": {}", shell, printable(command), error.code().message());
    return 1;
  }
}

}  // namespace glassh
