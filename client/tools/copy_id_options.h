// The command line of glassh-copy-id, as ssh-copy-id(1) has it.
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
  std::vector<std::string> client_flags;  // -p, -o and -F, as glassh takes them
  std::optional<std::string> identity;    // -i; empty: the newest default key
  bool forced = false;                    // -f: no attempt to log in with a key first, no private half wanted
  bool dry_run = false;                   // -n
  bool sftp = false;                      // -s
};

// Throws UsageError, with an empty text if the usage says it all.
CopyIdOptions parse_copy_id_options(std::span<const std::string> arguments);
std::string_view copy_id_usage();
// -p 22 for glassh is -P 22 for sftp(1); the others are the same.
std::vector<std::string> flags_for_sftp(const std::vector<std::string>& client_flags);

}  // namespace glassh
