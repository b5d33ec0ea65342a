// The keywords of sshd_config(5) as tables: those that glasshd does, and those that it does not do yet.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "config/foreign_keywords.h"
#include "server/config/server_config.h"

namespace glassh {

struct ServerKeyword {
  // What a handler works on. `target` is the configuration, or another to throw away when an earlier value counts:
  // later values are checked all the same.
  struct Call {
    std::string_view keyword;
    const std::vector<std::string>& words;  // as many as allowed, none empty
    ServerConfig& target;
    bool counts;  // false: `target` is thrown away
    bool first;   // no line of this keyword counted before, in the global part or in the blocks that apply
    const AlgorithmNames& supported;
    std::vector<ConfigNote>& notes;
  };
  static constexpr std::size_t many = std::numeric_limits<std::size_t>::max();

  std::string_view name;
  std::size_t least = 1, most = 1;       // words
  bool accumulates = false;              // each line adds to the ones before
  void (*handle)(Call& call) = nullptr;  // throws ConfigError without place and keyword
  bool raw = false;                      // the rest of the line is one value, blanks, quotes and # included
};

// sshd_config(5), Match: only some keywords may be different for some connections.
bool may_stand_below_match(std::string_view keyword);

// Old spellings, too. Null if glasshd does not do the keyword.
const ServerKeyword* find_server_keyword(std::string_view keyword);
std::span<const ServerKeyword> access_keywords();      // server/config/handlers_access.cpp
std::span<const ServerKeyword> forwarding_keywords();  // server/config/handlers_forwarding.cpp
std::span<const ServerKeyword> limit_keywords();       // server/config/handlers_limits.cpp
std::span<const ServerKeyword> x11_keywords();         // server/config/handlers_x11.cpp
bool yes_or_no(const ServerKeyword::Call& call);       // throws ConfigError
std::span<const ForeignKeyword> foreign_server_keywords();

}  // namespace glassh
