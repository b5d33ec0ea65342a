// The keywords of ssh_config(5) as tables: those that glassh does, and those that it does not do yet.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/config/client_config.h"
#include "config/foreign_keywords.h"

namespace glassh {

struct ClientKeyword {
  // What a handler works on. `target` is the draft, or another to throw away when the Host block does not match or an
  // earlier value counts: the line is checked all the same.
  struct Call {
    std::string_view keyword;
    const ConfigLine& line;
    const std::vector<std::string>& words;  // as many as allowed, none empty
    ClientDraft& target;
    bool counts;  // false: `target` is thrown away
    const AlgorithmNames& supported;
    std::vector<ConfigNote>& notes;
  };
  static constexpr std::size_t many = std::numeric_limits<std::size_t>::max();

  std::string_view name;
  std::size_t least = 1, most = 1;       // words; 0, 0: the raw rest of the line is a command
  bool accumulates = false;              // each line adds to the ones before
  void (*handle)(Call& call) = nullptr;  // throws ConfigError without place and keyword
};

// Old spellings, too. Null if glassh does not do the keyword.
const ClientKeyword* find_client_keyword(std::string_view keyword);
// Those of them that say who the user is, and how that is shown.
std::span<const ClientKeyword> login_client_keywords();
// Those that say which way the connection takes.
std::span<const ClientKeyword> way_client_keywords();
// Those that say what the session is, and what of it happens here.
std::span<const ClientKeyword> session_client_keywords();
std::span<const ClientKeyword> canonical_client_keywords();  // client/config/handlers_canonical.cpp
std::span<const ClientKeyword> x11_client_keywords();        // client/config/handlers_x11.cpp
// Those that say what is forwarded.
std::span<const ClientKeyword> forwarding_client_keywords();
void expand_forwards(ClientConfig& config, const ConfigTokens& tokens, const EnvironmentLookup& environment);
std::span<const ForeignKeyword> foreign_client_keywords();
// Keywords whose value is the rest of the line, quotes and all. `keyword` in lower case.
bool takes_raw_rest(std::string_view keyword);

}  // namespace glassh
