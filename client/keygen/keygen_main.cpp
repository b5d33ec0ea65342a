// glassh-keygen: makes, changes, shows and converts keys, and edits known_hosts. Reads its command line and finds out
// who runs it; the rest is in client/keygen/keygen.
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "channels/io/hidden_process.h"
#include "client/keygen/keygen.h"
#include "config/say.h"

namespace glassh {
namespace {

constexpr int wrong_use = 1;
constexpr int failed = 255;

int run(const KeygenOptions& options) {
  const passwd* const user = ::getpwuid(::getuid());
  if (user == nullptr) {
    say(stderr, "No user exists for uid {}\n", ::getuid());
    return failed;
  }
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  SystemRng rng;
  KeygenContext context{user->pw_dir, fmt::format("{}@{}", user->pw_name, host), Asker::of_this_process(), rng};
  const int status = run_keygen(options, context);
  // The answer is not given until it is written.
  if (std::fflush(stdout) != 0) throw KeygenFailure("cannot write to standard output");
  return status;
}

}  // namespace
}  // namespace glassh

int main(int argc, char** argv) {
  using namespace glassh;
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  try {
    hide_process();
    return run(parse_keygen_options(arguments));
  } catch (const UsageError& error) {
    say(stderr, "{}\n{}", error.what(), keygen_usage());
    return wrong_use;
  } catch (const KeygenFailure& error) {
    std::fflush(stdout);
    const std::string text = error.what();
    if (!text.empty()) say(stderr, "{}\n", text);
    return error.status();
  } catch (const std::exception& error) {
    std::fflush(stdout);
    say(stderr, "{}\n", error.what());
    return failed;
  }
}
