// Parses the line that ~C asks for: a forwarding to add or to cancel, a command to run here, or a request for help.
//
// It has no I/O. client/terminal/escape_actions carries the command out.
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
  std::string text = {};  // run: the command for the user's shell; refuse: the reason
  Forward forward = {};   // add: the forwarding; cancel: the forwarding without its far end
};

// `may_run` is PermitLocalCommand. The dash in front may be left out.
EscapeCommand parse_escape_command(std::string_view line, bool may_run);
// Returns the answer to `?` and `-h`, in lines.
std::string escape_command_help(bool may_run);

}  // namespace glassh
