#include "server/config/match.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/addresses.h"
#include "config/patterns.h"

namespace glassh {
namespace {

using Kind = MatchCriterion::Kind;

struct CriterionName {
  std::string_view name;
  Kind kind;
  std::string_view spec;  // its name in a connection spec
};
constexpr std::array names{
    CriterionName{"User", Kind::user, "user"},
    CriterionName{"Group", Kind::group, "user"},
    CriterionName{"Host", Kind::host, "host"},
    CriterionName{"Address", Kind::address, "addr"},
    CriterionName{"LocalAddress", Kind::local_address, "laddr"},
    CriterionName{"LocalPort", Kind::local_port, "lport"},
};

const CriterionName& name_of(Kind kind) {
  return *std::find_if(names.begin(), names.end(), [kind](const CriterionName& entry) { return entry.kind == kind; });
}

MatchCriterion parse_criterion(const CriterionName& name, const std::string& value) {
  MatchCriterion criterion{name.kind, value, 0};
  if (name.kind == Kind::local_port) {
    const auto port = parse_number(value, 65535);
    if (!port || *port == 0) throw ConfigError(fmt::format("LocalPort: bad port '{}': expected 1 to 65535", value));
    criterion.port = static_cast<std::uint16_t>(*port);
  }
  const bool is_address = name.kind == Kind::address || name.kind == Kind::local_address;
  if (is_address && !is_address_list(value)) {
    throw ConfigError(
        fmt::format("{}: '{}' has an empty item or a network whose mask does not fit its address", name.name, value));
  }
  return criterion;
}

bool is_in_list(std::string_view text, std::string_view list) {
  return match_pattern_list(text, list) == PatternMatch::match;
}

// Of several groups, one that is ruled out decides.
bool is_in_groups(const std::vector<std::string>& groups, std::string_view list) {
  bool matched = false;
  for (const std::string& group : groups) {
    const PatternMatch match = match_pattern_list(group, list);
    if (match == PatternMatch::negated) return false;
    matched = matched || match == PatternMatch::match;
  }
  return matched;
}

bool knows(const MatchSubject& subject, Kind kind) {
  switch (kind) {
    case Kind::all:
      return true;
    case Kind::user:
    case Kind::group:
      return subject.user.has_value();
    case Kind::host:
      return subject.host.has_value();
    case Kind::address:
      return subject.address.has_value();
    case Kind::local_address:
      return subject.local_address.has_value();
    case Kind::local_port:
      return subject.local_port.has_value();
  }
  return false;
}

bool meets_one(const MatchSubject& subject, const MatchCriterion& criterion) {
  if (!knows(subject, criterion.kind)) {
    if (!subject.must_be_complete) return false;
    const CriterionName& name = name_of(criterion.kind);
    throw ConfigError(fmt::format("Match {} is in the configuration, and '{}' is missing in the connection of -C",
                                  name.name, name.spec));
  }
  switch (criterion.kind) {
    case Kind::all:
      return true;
    case Kind::user:
      return is_in_list(*subject.user, criterion.patterns);
    case Kind::group:
      return subject.groups && is_in_groups(subject.groups(*subject.user), criterion.patterns);
    case Kind::host:
      return is_in_list(lower_case(*subject.host), lower_case(criterion.patterns));
    case Kind::address:
      return match_address_list(*subject.address, criterion.patterns) == AddressMatch::match;
    case Kind::local_address:
      return match_address_list(*subject.local_address, criterion.patterns) == AddressMatch::match;
    case Kind::local_port:
      return *subject.local_port == criterion.port;
  }
  return false;
}

}  // namespace

MatchCriteria parse_match(const std::vector<std::string>& words) {
  // "User bob", "User=bob".
  std::vector<std::string> parts;
  for (const std::string& word : words) {
    const bool is_name = parts.size() % 2 == 0;
    const std::size_t equals = is_name ? word.find('=') : std::string::npos;
    parts.push_back(word.substr(0, equals));
    if (equals != std::string::npos && equals + 1 < word.size()) parts.push_back(word.substr(equals + 1));
  }
  if (parts.empty()) throw ConfigError("a criterion is missing: expected All, or User, Group, Host, … and a pattern");

  const auto is_all = [](const std::string& part) { return equal_ignoring_case(part, "All"); };
  if (is_all(parts[0])) {
    if (parts.size() > 1) throw ConfigError("'All' stands alone");
    return {MatchCriterion{}};
  }
  MatchCriteria criteria;
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    const auto name = std::find_if(names.begin(), names.end(), [&](const CriterionName& entry) {
      return equal_ignoring_case(entry.name, parts[i]);
    });
    if (is_all(parts[i])) throw ConfigError("'All' stands alone");
    if (name == names.end()) {
      throw ConfigError(fmt::format(
          "unknown criterion '{}': expected All, User, Group, Host, Address, LocalAddress or LocalPort", parts[i]));
    }
    if (i + 1 == parts.size() || parts[i + 1].empty()) {
      throw ConfigError(fmt::format("{}: a pattern is missing", name->name));
    }
    criteria.push_back(parse_criterion(*name, parts[i + 1]));
  }
  return criteria;
}

bool meets(const MatchSubject& subject, const MatchCriteria& criteria) {
  // Each one is asked, so that what is missing in a test does not depend on the others.
  bool all = true;
  for (const MatchCriterion& criterion : criteria) all = meets_one(subject, criterion) && all;
  return all;
}

void read_connection_spec(std::string_view spec, MatchSubject& subject) {
  while (!spec.empty()) {
    const std::string_view item = spec.substr(0, spec.find(','));
    spec.remove_prefix(std::min(item.size() + 1, spec.size()));
    const std::size_t equals = std::min(item.find('='), item.size());
    const std::string_view name = item.substr(0, equals);
    const std::string value(item.substr(std::min(equals + 1, item.size())));
    if (equals == item.size()) throw ConfigError(fmt::format("'{}': expected name=value", item));
    if (name == "user") {
      subject.user = value;
    } else if (name == "host") {
      subject.host = value;
    } else if (name == "addr") {
      subject.address = value;
    } else if (name == "laddr") {
      subject.local_address = value;
    } else if (name == "lport") {
      const auto port = parse_number(value, 65535);
      if (!port || *port == 0) throw ConfigError(fmt::format("bad lport '{}': expected 1 to 65535", value));
      subject.local_port = static_cast<std::uint16_t>(*port);
    } else if (name == "rdomain") {
      continue;  // no criterion asks for it
    } else {
      throw ConfigError(fmt::format("'{}': expected user=, host=, addr=, laddr= or lport=", item));
    }
  }
}

}  // namespace glassh
