// The command line of glassh-add, as ssh-add(1)'s. Flags about tokens and certificates are refused with a reason.
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
  std::vector<std::string> files;                 // "-" is standard input; none: the default files
  bool help = false;                              // --help
};

// What is wrong with a flag's value, and the exit status that ssh-add has for it. The usage would not help then.
class AddUsageError : public UsageError {
 public:
  static constexpr int fatal = 255;

  AddUsageError(int status, const std::string& text) : UsageError(text), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// Throws AddUsageError, or UsageError, which wants add_usage() behind its text.
AddOptions parse_add_options(std::span<const std::string> arguments);
std::string_view add_usage();

}  // namespace glassh
