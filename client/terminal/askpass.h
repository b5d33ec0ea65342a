// A question through a window: the program that SSH_ASKPASS names, as ssh(1) uses it when it has no terminal.
//
// The question is the program's argument and the answer the first line of its output; an exit status other than 0 is
// no answer. SSH_ASKPASS_PROMPT=confirm tells it that a yes or no is wanted and not a secret. (The third kind that
// OpenSSH has, a notice without an answer, is for security keys, which do not exist here.) When a window is preferred
// to the terminal is decided by asker.h.
//
//   const AskpassRules rules = askpass_rules(environment);
//   if (rules.allowed) auto answer = co_await run_askpass(executor, rules.program, "Password: ", AskpassKind::secret);
#pragma once

#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "config/syntax.h"
#include "proto/secret_bytes.h"

namespace glassh {

// The meaning of SSH_ASKPASS_REQUIRE (never, prefer, force), DISPLAY and SSH_ASKPASS.
struct AskpassRules {
  bool allowed = false;    // there is a display, or the user insists
  bool preferred = false;  // even where there is a terminal
  std::string program = "/usr/bin/ssh-askpass";
};
AskpassRules askpass_rules(const EnvironmentLookup& environment);

enum class AskpassKind { secret, confirm };

struct AskpassAnswer {
  std::optional<SecretBytes> text;  // without the line's end; at most 1024 bytes
  std::string problem;              // why the program could not be run: a line for the log
};
// When the coroutine is destroyed before the answer is there, the program is ended.
boost::asio::awaitable<AskpassAnswer> run_askpass(boost::asio::any_io_executor executor, std::string program,
                                                  std::string question, AskpassKind kind);

}  // namespace glassh
