// One run of glassh-copy-id: gathers keys, finds out which of them log in already, and installs the others through
// glassh.
//
// It has no SSH of its own. Everything that the server or an agent says is filtered before it is shown. Texts go to
// standard error, what was done to standard output, as with ssh-copy-id(1).
//
//   copy_id(parse_copy_id_options(arguments));
#pragma once

#include <stdexcept>

#include "client/copy_id_options.h"

namespace glassh {

// The text is ready to print after "glassh-copy-id: ERROR: ".
class CopyIdError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Blocks until it is done. Throws CopyIdError, and what reading files throws; temporary files are gone then.
void copy_id(const CopyIdOptions& options);

// For a signal handler: copy_id() throws as soon as the program that it waits for has ended.
void end_copy_id();

}  // namespace glassh
