// The line that ~C asks for: a forwarding to add or to cancel, a command to run here, or a question. Without I/O.
//
//   const EscapeCommand command = parse_escape_command("-L 8080:localhost:80", false);
#pragma once

#include <string>
#include <string_view>

#include "client/config/forward.h"

namespace glassh {

struct EscapeCommand {
  enum class Action { nothing, help, run, add, cancel, refuse };
  Action action = Action::nothing;
  std::string text = {};  // run: for the user's shell; refuse: what is wrong
  Forward forward = {};   // to add; to cancel, without the other end
};

// `may_run`: PermitLocalCommand. A dash in front may be left out.
EscapeCommand parse_escape_command(std::string_view line, bool may_run);
// The answer to `?` and `-h`, in lines.
std::string escape_command_help(bool may_run);

}  // namespace glassh
