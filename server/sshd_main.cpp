// glasshd: the server. sshd(8)'s options; what they lead to is in server/glasshd.

#include <cstdio>
#include <string>
#include <vector>

#include "config/say.h"
#include "crypto/version.h"
#include "server/config/server_options.h"
#include "server/daemon.h"
#include "server/glasshd.h"

int main(int argc, char** argv) {
  glassh::open_standard_descriptors();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  try {
    const glassh::ServerOptions options = glassh::parse_server_options(arguments);
    if (options.show_version) {
      glassh::say(stderr, "glasshd {}, {}\n", glassh::glassh_version, glassh::libcrypto_version());
      return 0;
    }
    if (options.help) {
      glassh::say(stdout, "{}", glassh::server_usage());
      return 0;
    }
    return glassh::run_glasshd(options);
  } catch (const glassh::UsageError& error) {
    glassh::say(stderr, "glasshd: {}\n{}", error.what(), glassh::server_usage());
    return 1;
  }
}
