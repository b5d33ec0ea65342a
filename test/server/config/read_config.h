// A configuration of glasshd from its text, for tests of its keywords.
#pragma once

#include <string>
#include <string_view>

#include "server/server_context.h"

namespace glassh::test {

inline ServerConfig read(std::string_view text) {
  ServerConfigReader reader(our_algorithm_names(Role::server));
  reader.text(text, "sshd_config");
  return reader.finish();
}

// Empty if nothing is wrong.
inline std::string error_of(std::string_view text) {
  try {
    read(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

}  // namespace glassh::test
