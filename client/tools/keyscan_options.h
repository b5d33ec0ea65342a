// The command line of glassh-keyscan and its lists of hosts, as ssh-keyscan(1) has them.
//
// A target is one word of the command line, or one line of -f's file: addresses separated by commas, tried in their
// order until one answers, and then perhaps the names under which the keys are printed. A word such as 192.0.2.0/28
// stands for every address of that network.
//
//   const auto options = parse_keyscan_options(arguments);  for (const ScanTarget& target : options.targets) …
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/command_line.h"
#include "config/syntax.h"

namespace glassh {

struct ScanTarget {
  std::vector<std::string> addresses;  // in the order to try
  std::string names;                   // "name,name": to print
};

struct KeyscanOptions {
  std::uint16_t port = 22;
  AddressFamily family = AddressFamily::any;
  std::chrono::seconds timeout{5};
  std::vector<std::string> types = {"rsa", "ecdsa", "ed25519"};
  bool hash_names = false;         // -H
  bool quiet = false;              // -q: no comments
  int verbose = 0;                 // -v, up to 3
  std::vector<std::string> files;  // -f; "-" is standard input
  std::vector<std::string> words;  // hosts of the command line
};

// Throws UsageError, with an empty text if the usage says it all; std::invalid_argument for a type that does not exist.
KeyscanOptions parse_keyscan_options(std::span<const std::string> arguments);
std::string_view keyscan_usage();

// The host key algorithms for one of ssh-keyscan's types: "rsa" → rsa-sha2-512, rsa-sha2-256. Empty for a type that
// ssh-keyscan knows and we do not have (dsa, ecdsa-sk, …). Nothing for a word that is no type.
std::optional<std::vector<std::string>> algorithms_of_scan_type(std::string_view type);

// The targets of one word or line: none for a blank line or a comment, many for a network. Throws std::runtime_error
// for a network that is none or has more than 65536 addresses.
std::vector<ScanTarget> scan_targets(std::string_view line);

}  // namespace glassh
