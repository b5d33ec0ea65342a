// Match of sshd_config(5): criteria about a connection and the user who wants to log in over it.
//
// A line has pairs of criterion and pattern list, which must all be met, or the word All alone. A criterion about
// something that is not known yet (the user, before the first request) is not met. This code looks up only groups,
// through a function that the caller hands in, and only if a line asks for them.
//
//   const MatchCriteria criteria = parse_match(line.words);  if (meets(subject, criteria)) …
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/syntax.h"

namespace glassh {

// Returns the names of the groups that a user is in; an empty list if there is no such user.
using GroupLookup = std::function<std::vector<std::string>(const std::string& user)>;

struct MatchSubject {
  std::optional<std::string> user = {};
  std::optional<std::string> host = {};  // the peer's name; without one, its address
  std::optional<std::string> address = {};
  std::optional<std::string> local_address = {};
  std::optional<std::uint16_t> local_port = {};
  GroupLookup groups = {};
  // For glasshd -T -C: a criterion about a value that is missing is an error.
  bool must_be_complete = false;
};

struct MatchCriterion {
  enum class Kind { all, user, group, host, address, local_address, local_port };
  Kind kind = Kind::all;
  std::string patterns;
  std::uint16_t port = 0;
};
using MatchCriteria = std::vector<MatchCriterion>;

// Throws ConfigError without a place.
MatchCriteria parse_match(const std::vector<std::string>& words);
bool meets(const MatchSubject& subject, const MatchCriteria& criteria);

// Parses the argument of glasshd -C, "user=ann,host=a.example,addr=192.0.2.1,laddr=192.0.2.2,lport=22" or a part of it,
// into `subject`. Throws ConfigError.
void read_connection_spec(std::string_view spec, MatchSubject& subject);

}  // namespace glassh
