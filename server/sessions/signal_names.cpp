#include "server/sessions/signal_names.h"

#include <csignal>
#include <utility>

namespace glassh {
namespace {

// RFC 4254 section 6.10 [4254-6.10-6]: the names that travel as they are, without SIG in front and without an @.
constexpr std::pair<std::string_view, int> signals[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"FPE", SIGFPE},   {"HUP", SIGHUP},   {"ILL", SIGILL},
    {"INT", SIGINT},   {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},
    {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
};

}  // namespace

std::optional<int> signal_number(std::string_view name) {
  for (const auto& [known, number] : signals) {
    if (known == name) return number;
  }
  return std::nullopt;
}

std::string signal_name(int number) {
  for (const auto& [name, known] : signals) {
    if (known == number) return std::string(name);
  }
  // RFC 4254 section 6.10 [4254-6.10-5]: any other signal needs a name with a domain; OpenSSH has one for all of them.
  return "SIG@openssh.com";
}

}  // namespace glassh
