// glassh-copy-id: puts public keys into an account's authorized_keys, so that they log in from then on.
#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "client/copy_id.h"

namespace glassh {
namespace {

volatile std::sig_atomic_t signal_number = 0;

void on_signal(int number) {
  signal_number = number;
  end_copy_id();
}

int run(const std::vector<std::string>& arguments) {
  try {
    copy_id(parse_copy_id_options(arguments));
    return 0;
  } catch (const UsageError& error) {
    const std::string_view text = error.what();
    if (!text.empty()) fmt::print(stderr, "glassh-copy-id: ERROR: {}\n", text);
    fmt::print(stderr, "{}", copy_id_usage());
  } catch (const std::exception& error) {
    fmt::print(stderr, "glassh-copy-id: ERROR: {}\n", error.what());
  }
  return signal_number != 0 ? 128 + signal_number : 1;
}

}  // namespace
}  // namespace glassh

int main(int argc, char** argv) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
  std::signal(SIGPIPE, SIG_IGN);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, glassh::on_signal);
  return glassh::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
