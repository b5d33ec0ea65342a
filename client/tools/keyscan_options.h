// Reads the command line of glassh-keyscan and its lists of hosts, in the form of ssh-keyscan(1).
//
// A target is one word of the command line, or one line of -f's file. It has addresses separated by commas, which are
// tried in their order until one answers, and then perhaps the names under which the keys are printed. A word such as
// 192.0.2.0/28 stands for every address of that network. No name is looked up here.
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
  std::string names;                   // "name,name", to be printed
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
  std::vector<std::string> words;  // the hosts on the command line
};

// Throws UsageError, whose text is empty if the program should print only keyscan_usage(), and std::invalid_argument
// for a type that does not exist.
KeyscanOptions parse_keyscan_options(std::span<const std::string> arguments);
std::string_view keyscan_usage();

// Returns the host key algorithms for one of ssh-keyscan's types: "rsa" → rsa-sha2-512, rsa-sha2-256. Returns an empty
// list for a type that ssh-keyscan knows and we do not support (dsa, ecdsa-sk, …), and nullopt for any other word.
std::optional<std::vector<std::string>> algorithms_of_scan_type(std::string_view type);

// Returns the targets of one word or line: none for a blank line or a comment, many for a network. Throws
// std::runtime_error for a network that is malformed or has more than 65536 addresses.
std::vector<ScanTarget> scan_targets(std::string_view line);

}  // namespace glassh
