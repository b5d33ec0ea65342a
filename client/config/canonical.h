// CanonicalizeHostname of ssh_config(5): a short name becomes the full one before the configuration is read for the
// last time, so that Host, Match and known_hosts see one name for one host.
//
// Names are looked up by a function that is handed in. Nothing that came from the name service is believed unless
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
  enum class When { no, yes, always };  // always: on the way through a proxy, too
  When when = When::no;
  std::vector<std::string> domains;  // to look in, in this order
  std::uint32_t max_dots = 1;        // a name with more is full already
  bool fallback_local = true;        // a name that is in no domain is left to the system
  std::vector<std::pair<std::string, std::string>> permitted_cnames;  // pattern lists: from a name, to a name

  bool asked_for(bool proxied) const { return when == When::always || (when == When::yes && !proxied); }
};

// The name that the name service calls canonical; the same name, if it knows no other; nothing if it knows none. A name
// that ends in a dot is looked up as it stands.
using CanonicalLookup = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> look_up_canonical_name(const std::string& name);  // asks the system, and waits

// `host` if it is an address, full already or nowhere to be found. Throws ConfigError if it had to be found.
std::string canonical_host(const std::string& host, const CanonicalRules& rules, const CanonicalLookup& lookup);

}  // namespace glassh
