// Reads the command line of glasshd: the flags of sshd(8), plus --trace, --keylog and --help.
//
// A flag that does the same as a keyword is kept as a configuration line, in its order; server/config/server_config
// reads these lines before any file. -u is accepted and has no effect; -c is refused.
//
//   const auto options = parse_server_options(arguments);  // arguments without the program's name
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/command_line.h"

namespace glassh {

struct ServerOptions {
  std::optional<std::string> config_file;  // -f; "none" (any case) for no file at all; nullopt: the program's default
  std::vector<std::uint16_t> ports;        // -p; replace the file's Port lines. 0: the system chooses
  std::vector<std::string> host_keys;      // -h; in front of the file's HostKey lines
  std::vector<std::string> settings;       // -o and the like, as configuration lines
  bool foreground = false;                 // -D
  int debug = 0;                           // -d, up to 3: stay in the foreground, log debug1..3, one connection only
  bool log_to_stderr = false;              // -e (and -d)
  std::optional<std::string> log_file;     // -E
  bool test = false;                       // -t: check configuration and keys, then exit
  bool print_config = false;               // -T: the same, and print the effective configuration
  std::optional<std::string> connection;   // -C: for -T, the connection whose configuration is printed
  bool quiet = false;                      // -q: LogLevel QUIET
  bool inetd = false;                      // -i: one connection on standard input and output
  bool show_version = false;               // -V
  bool help = false;                       // --help
  std::optional<std::string> trace;        // --trace FILE, "-" for standard error
  std::optional<std::string> keylog;       // --keylog FILE
};

// Throws UsageError; glasshd then prints server_usage() to stderr and exits with 1.
ServerOptions parse_server_options(std::span<const std::string> arguments);
std::string_view server_usage();

}  // namespace glassh
