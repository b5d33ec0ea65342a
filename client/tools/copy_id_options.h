// Reads the command line of glassh-copy-id, which has the flags of ssh-copy-id(1). It does not look at the files and
// hosts that the flags name.
//
//   const CopyIdOptions options = parse_copy_id_options(arguments);
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/command_line.h"

namespace glassh {

struct CopyIdOptions {
  std::string destination;
  std::vector<std::string> client_flags;  // -p, -o and -F, in the form that glassh accepts
  std::optional<std::string> identity;    // -i; empty: the newest default key
  bool forced = false;                    // -f: does not try to log in with a key first, needs no private half
  bool dry_run = false;                   // -n
  bool sftp = false;                      // -s
};

// Throws UsageError. Its text is empty if the program should print only copy_id_usage().
CopyIdOptions parse_copy_id_options(std::span<const std::string> arguments);
std::string_view copy_id_usage();
// Returns the flags in the form that sftp(1) accepts: -P 22 instead of -p 22; the others stay the same.
std::vector<std::string> flags_for_sftp(const std::vector<std::string>& client_flags);

}  // namespace glassh
