// The command line of glassh, as ssh(1)'s, plus --trace, --keylog and --help.
//
// Flags that set what a keyword sets are kept as configuration lines, in their order, for client/config/client_config
// to read before any file. User and host names that could be mistaken for flags or mean something to a shell are
// refused (client/config/destination.h). Flags of ssh(1) that we do not do yet throw UsageError saying so.
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
  // What flags (-o, -p, -l, -J, …) and user@ say, as configuration lines in their order.
  std::vector<std::string> settings;
  std::vector<std::string> identity_files;       // what -i named; they are among the settings, too
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

// Throws UsageError; glassh then prints the text to stderr, with client_usage() if its text is empty or it is a
// FlagError, and exits with 255.
ClientOptions parse_client_options(std::span<const std::string> arguments);
std::string_view client_usage();

// What -Q prints, a line each: cipher, cipher-auth, mac, kex, key, key-plain, key-cert, key-sig, sig, compression,
// protocol-version, help, and the keywords Ciphers, MACs, … Throws UsageError for any other word.
std::vector<std::string> query_algorithms(std::string_view query, const AlgorithmNames& names);

}  // namespace glassh
