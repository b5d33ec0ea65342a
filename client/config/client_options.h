// Reads the command line of glassh: the flags of ssh(1), plus --trace, --keylog and --help.
//
// A flag that does the same as a keyword is kept as a configuration line, in its order; client/config/client_config
// reads these lines before any file. User and host names that could be mistaken for flags or mean something to a shell
// are refused (client/config/destination.h). A flag of ssh(1) that is not supported throws a UsageError that says this.
//
//   const auto options = parse_client_options(arguments);  // arguments without the program's name
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/config/forward.h"
#include "config/algorithm_lists.h"
#include "config/command_line.h"

namespace glassh {

struct ClientOptions {
  std::string host;  // as typed, from [user@]host or ssh://; empty only with -V, -Q and --help
  // Flags (-o, -p, -l, -J, …) and user@ as configuration lines, in their order.
  std::vector<std::string> settings;
  std::vector<std::string> identity_files;       // the files of -i; they are among the settings, too
  std::vector<Forward> forwards;                 // -L, -R and -D
  std::optional<ForwardEndpoint> stdio_forward;  // -W
  std::optional<std::string> config_file;        // -F; "none" (any case) for no file at all
  std::string command;                           // the words joined by single spaces; empty: the login shell
  int verbose = 0;                               // -v, up to 3
  bool quiet = false;                            // -q
  std::optional<std::string> log_file;           // -E
  bool print_config = false;                     // -G
  bool show_version = false;                     // -V
  std::optional<std::string> query;              // -Q; see query_algorithms
  bool help = false;                             // --help
  std::optional<std::string> trace;              // --trace FILE, "-" for standard error
  std::optional<std::string> keylog;             // --keylog FILE
};

// Throws UsageError. glassh then prints its text to stderr and exits with 255. It also prints client_usage() if the
// text is empty or the exception is a FlagError.
ClientOptions parse_client_options(std::span<const std::string> arguments);
std::string_view client_usage();

// Returns the lines that -Q prints. `query` is cipher, cipher-auth, mac, kex, key, key-plain, key-cert, key-sig, sig,
// compression, protocol-version, help, or one of the keywords Ciphers, MACs, … Throws UsageError for any other word.
std::vector<std::string> query_algorithms(std::string_view query, const AlgorithmNames& names);

}  // namespace glassh
