// The keywords of sshd_config(5) as tables: those that glasshd does, and those that it does not do yet.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "auth/config_foreign.h"
#include "server/config.h"

namespace glassh {

struct ServerKeyword {
  // What a handler works on. `target` is the configuration, or another to throw away when an earlier value counts:
  // later values are checked all the same.
  struct Call {
    std::string_view keyword;
    const std::vector<std::string>& words;  // as many as allowed, none empty
    ServerConfig& target;
    bool counts;  // false: `target` is thrown away
    const AlgorithmNames& supported;
    bool as_root;
    std::vector<ConfigNote>& notes;
  };
  static constexpr std::size_t many = std::numeric_limits<std::size_t>::max();

  std::string_view name;
  std::size_t least = 1, most = 1;       // words
  bool accumulates = false;              // each line adds to the ones before
  void (*handle)(Call& call) = nullptr;  // throws ConfigError without place and keyword
};

// Old spellings, too. Null if glasshd does not do the keyword.
const ServerKeyword* find_server_keyword(std::string_view keyword);
std::span<const ForeignKeyword> foreign_server_keywords();

}  // namespace glassh
