// glassh-add: puts private keys into an agent, lists them, takes them out. Its command line is ssh-add(1)'s.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "channels/io/hidden_process.h"
#include "client/agent/add_keys.h"
#include "client/agent/add_options.h"
#include "config/say.h"

namespace glassh {
namespace {

constexpr int no_agent = 2;

// The account's, whatever $HOME says: as ssh-add.
std::string home_directory() {
  const passwd* const user = ::getpwuid(::getuid());
  if (user == nullptr) throw std::runtime_error(fmt::format("No user found with uid {}", ::getuid()));
  return user->pw_dir;
}

int run(const AddOptions& options) {
  const char* const path = std::getenv("SSH_AUTH_SOCK");
  if (path == nullptr || *path == '\0') {
    say(stderr, "Could not open a connection to your authentication agent.\n");
    return no_agent;
  }
  asio::io_context io(1);
  std::optional<AgentClient> agent;
  try {
    agent.emplace(AgentClient::connect(io.get_executor(), path));
  } catch (const AgentError& error) {
    say(stderr, "Error connecting to agent: {}\n", std::strerror(error.error()));
    return no_agent;
  }
  const Asker asker = Asker::of_this_process();
  AddKeys keys(options, *agent, asker, home_directory());
  int status = 1;
  std::exception_ptr failure;
  asio::co_spawn(io, keys.run(), [&](std::exception_ptr error, int result) {
    failure = error;
    status = result;
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return status;
}

}  // namespace
}  // namespace glassh

int main(int argument_count, char** argument_values) {
  using namespace glassh;
  std::signal(SIGPIPE, SIG_IGN);
  int status = 1;
  try {
    const std::vector<std::string> arguments(argument_values + 1, argument_values + argument_count);
    hide_process();
    const AddOptions options = parse_add_options(arguments);
    if (options.help) {
      say(stdout, "{}", add_usage());
      return 0;
    }
    return run(options);
  } catch (const AddUsageError& error) {
    say(stderr, "{}\n", error.what());
    status = error.status();
  } catch (const UsageError& error) {
    if (*error.what() != '\0') say(stderr, "{}\n", error.what());
    say(stderr, "{}", add_usage());
  } catch (const std::exception& error) {
    say(stderr, "{}\n", error.what());
  }
  return status;
}
