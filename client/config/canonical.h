// CanonicalizeHostname of ssh_config(5): turns a short host name into the full one. This happens before the
// configuration is read for the last time, so that Host, Match and known_hosts see one name for one host.
//
// The caller hands in the function that looks names up. A name that the name service returns is used only if
// CanonicalizePermittedCNAMEs allows that step.
//
//   const std::string host = canonical_host("db", rules, lookup);  // "db.example.org"
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glassh {

struct CanonicalRules {
  enum class When { no, yes, always };  // always: also if the connection goes through a proxy
  When when = When::no;
  std::vector<std::string> domains;  // the domains to search, in this order
  std::uint32_t max_dots = 1;        // a name with more dots is full already
  bool fallback_local = true;        // the system resolves a name that is in none of the domains
  std::vector<std::pair<std::string, std::string>> permitted_cnames;  // pattern lists: from a name, to a name

  bool asked_for(bool proxied) const { return when == When::always || (when == When::yes && !proxied); }
};

// Returns the name that the name service calls canonical, or `name` itself if there is no other; nullopt if the name
// does not exist. A name that ends in a dot is looked up as it stands.
using CanonicalLookup = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> look_up_canonical_name(const std::string& name);  // asks the system; blocks

// Returns the full name. Returns `host` itself if it is an address, is full already, or is not found. Throws
// ConfigError if it is not found and the rules do not allow the fallback.
std::string canonical_host(const std::string& host, const CanonicalRules& rules, const CanonicalLookup& lookup);

}  // namespace glassh
