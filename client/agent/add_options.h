// Reads the command line of glassh-add, which has the flags of ssh-add(1).
//
// Flags about tokens and certificates are refused with a reason. The actions themselves are in add_keys.h.
//
//   const AddOptions options = parse_add_options(arguments);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/command_line.h"
#include "crypto/hash.h"

namespace glassh {

enum class AddAction {
  add,
  remove,            // -d
  remove_all,        // -D
  list,              // -l: fingerprints
  list_public_keys,  // -L
  lock,              // -x
  unlock,            // -X
  test,              // -T
};

struct AddOptions {
  AddAction action = AddAction::add;
  std::optional<std::uint32_t> lifetime_seconds;  // -t
  bool confirm = false;                           // -c
  std::vector<std::string> destinations;          // -h, each as typed
  std::vector<std::string> host_key_files;        // -H
  HashName fingerprint_hash = HashName::sha256;   // -E
  int verbose = 0;                                // -v
  bool quiet = false;                             // -q
  std::vector<std::string> files;                 // "-" is standard input; empty: the default files
  bool help = false;                              // --help
};

// A flag has a wrong value; status() is ssh-add's exit status for it. The program does not print its usage.
class AddUsageError : public UsageError {
 public:
  static constexpr int fatal = 255;

  AddUsageError(int status, const std::string& text) : UsageError(text), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// Throws AddUsageError, or UsageError: the program then prints its text and add_usage().
AddOptions parse_add_options(std::span<const std::string> arguments);
std::string_view add_usage();

}  // namespace glassh
