// Reads configuration files, and finds the files that Include names (sshd_config(5), ssh_config(5)).
//
// All other configuration code works on text; only this file opens configuration files. It does not read key files or
// known_hosts: those go through config/small_file.h.
//
//   if (const auto text = read_config_file("/etc/ssh/ssh_config")) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/syntax.h"

namespace glassh {

// Include may nest to this depth, as in OpenSSH.
constexpr int config_include_depth = 16;

// Returns the file's content, or nullopt if the file does not exist. If `owner` (a user id) is given, the file must
// belong to that user or to root, and no other user may be able to write it. Throws ConfigError, whose text begins with
// `path`, if that is not so, and for every other failure.
std::optional<std::string> read_config_file(const std::string& path, const std::optional<std::uint32_t>& owner = {});

// Returns the files that Include's pattern matches, sorted. A relative pattern starts at `directory`.
std::vector<std::string> find_included_files(const std::string& pattern, std::string_view directory);

}  // namespace glassh
