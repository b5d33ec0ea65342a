#include "client/tools/copy_id_options.h"

#include <fmt/format.h>

namespace glassh {

CopyIdOptions parse_copy_id_options(std::span<const std::string> arguments) {
  FlagReader reader(arguments, "i:o:p:F:fnsh?", {{"help", false}});
  CopyIdOptions options;
  while (const auto flag = reader.next_flag()) {
    if (flag->name == "help") throw UsageError("");
    switch (flag->name.front()) {
      case 'i':
        if (options.identity) throw UsageError("-i may be given only once");
        options.identity = flag->value;
        break;
      case 'o':
      case 'p':
      case 'F':
        options.client_flags.push_back("-" + flag->name);
        options.client_flags.push_back(flag->value);
        break;
      case 'f':
        options.forced = true;
        break;
      case 'n':
        options.dry_run = true;
        break;
      case 's':
        options.sftp = true;
        break;
      default:
        throw UsageError("");
    }
  }
  const auto destination = reader.next_word();
  if (!destination || destination->empty()) throw UsageError("");
  if (destination->front() == '-') throw UsageError(fmt::format("'{}' is no destination", *destination));
  options.destination = *destination;
  if (const auto more = reader.next_word()) {
    throw UsageError(fmt::format("'{}' is too much: expected one destination", *more));
  }
  return options;
}

std::string_view copy_id_usage() {
  return "usage: glassh-copy-id [-fns] [-i identity_file] [-p port] [-F configfile]\n"
         "                      [-o option] [user@]hostname\n"
         "  -f  add the keys without trying first which of them are there already\n"
         "  -n  say which keys would be added, and add none\n"
         "  -s  use sftp, for servers that run no commands\n";
}

std::vector<std::string> flags_for_sftp(const std::vector<std::string>& client_flags) {
  std::vector<std::string> flags = client_flags;
  for (std::size_t i = 0; i < flags.size(); i += 2) {
    if (flags[i] == "-p") flags[i] = "-P";
  }
  return flags;
}

}  // namespace glassh
