#include "client/config/canonical.h"

#include <algorithm>
#include <memory>

#include <netdb.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "config/patterns.h"
#include "config/syntax.h"

namespace glassh {
namespace {

std::string without_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_address(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  ::freeaddrinfo(found);
  return true;
}

bool is_in_list(const std::string& name, const std::string& list) {
  return match_pattern_list(lower_case(name), lower_case(list)) == PatternMatch::match;
}

// The name that an alias leads to, if a rule allows that step.
std::string follow_alias(const std::string& name, const std::string& canonical, const CanonicalRules& rules) {
  const bool allowed = std::any_of(rules.permitted_cnames.begin(), rules.permitted_cnames.end(), [&](const auto& rule) {
    return is_in_list(name, rule.first) && is_in_list(canonical, rule.second);
  });
  return allowed ? canonical : name;
}

}  // namespace

std::optional<std::string> look_up_canonical_name(const std::string& name) {
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  return found->ai_canonname != nullptr ? without_dot(found->ai_canonname) : without_dot(name);
}

std::string canonical_host(const std::string& host, const CanonicalRules& rules, const CanonicalLookup& lookup) {
  if (host.empty() || is_address(host)) return host;
  std::vector<std::string> names;
  if (host.ends_with('.')) {
    names.push_back(host);
  } else {
    if (std::count(host.begin(), host.end(), '.') > static_cast<std::ptrdiff_t>(rules.max_dots)) return host;
    for (const std::string& domain : rules.domains) names.push_back(fmt::format("{}.{}.", host, domain));
  }
  for (const std::string& name : names) {
    if (const auto canonical = lookup(name)) return follow_alias(without_dot(name), *canonical, rules);
  }
  if (!rules.fallback_local) throw ConfigError(fmt::format("Could not resolve host \"{}\"", host));
  if (rules.permitted_cnames.empty()) return host;
  const auto canonical = lookup(host);
  return canonical ? follow_alias(host, *canonical, rules) : host;
}

}  // namespace glassh
