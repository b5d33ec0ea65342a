// Reading configuration files and finding what Include names. The only place of the configuration code that opens
// files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/syntax.h"

namespace glassh {

// Include may nest this deep, as in OpenSSH.
constexpr int config_include_depth = 16;

// The file's content, or nothing if there is none. With an owner, the file must be that user's or root's and writable
// by nobody else. Throws ConfigError, with `place` in front if there is one, for everything else that goes wrong.
std::optional<std::string> read_config_file(const std::string& path, const std::optional<std::uint32_t>& owner = {});

// The files that Include's pattern matches, sorted. A relative pattern starts at `directory`.
std::vector<std::string> find_included_files(const std::string& pattern, std::string_view directory);

}  // namespace glassh
