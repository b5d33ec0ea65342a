#include "client/config/match.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/config/keywords.h"
#include "config/patterns.h"
#include "config/syntax.h"

namespace glassh {
namespace {

using Kind = ClientCriterion::Kind;

struct CriterionName {
  std::string_view name;
  Kind kind;
  bool has_argument = true;
};
constexpr std::array names{
    CriterionName{"All", Kind::all, false},
    CriterionName{"canonical", Kind::canonical, false},
    CriterionName{"final", Kind::final_pass, false},
    CriterionName{"host", Kind::host},
    CriterionName{"originalhost", Kind::original_host},
    CriterionName{"user", Kind::user},
    CriterionName{"localuser", Kind::local_user},
    CriterionName{"tagged", Kind::tagged},
    CriterionName{"exec", Kind::exec},
};

const CriterionName& find_name(std::string_view word) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [word](const CriterionName& entry) { return equal_ignoring_case(entry.name, word); });
  if (found == names.end()) {
    throw ConfigError(
        fmt::format("unknown criterion '{}': expected all, canonical, final, host, originalhost, user, "
                    "localuser, tagged or exec",
                    word));
  }
  return *found;
}

// "host foo", "host=foo", "!exec=true": a criterion and its argument are words of their own.
std::vector<std::string> separate(const std::vector<std::string>& words) {
  std::vector<std::string> parts;
  bool argument_is_next = false;
  for (const std::string& word : words) {
    const std::size_t equals = argument_is_next ? std::string::npos : word.find('=');
    parts.push_back(word.substr(0, equals));
    if (equals != std::string::npos) parts.push_back(word.substr(equals + 1));
    const std::string_view name = std::string_view(word).substr(word.starts_with('!') ? 1 : 0);
    argument_is_next = !argument_is_next && equals == std::string::npos && find_name(name).has_argument;
  }
  return parts;
}

// All goes with nothing but final or canonical in front.
void check_all(const ClientMatch& match) {
  const auto is_all = [](const ClientCriterion& criterion) { return criterion.kind == Kind::all; };
  if (std::none_of(match.begin(), match.end(), is_all)) return;
  const bool after_pass =
      match.size() == 2 && (match[0].kind == Kind::canonical || match[0].kind == Kind::final_pass) && is_all(match[1]);
  if (match.size() > 1 && !after_pass) throw ConfigError("'All' stands alone, or behind final or canonical");
}

bool is_in_list(std::string_view text, std::string_view list) {
  return match_pattern_list(text, list) == PatternMatch::match;
}

// Names of hosts are compared without regard to case.
bool is_in_hosts(std::string_view host, std::string_view list) {
  return is_in_list(lower_case(host), lower_case(list));
}

bool is_so(const ClientMatchSubject& subject, const ClientCriterion& criterion) {
  switch (criterion.kind) {
    case Kind::all:
      return true;
    case Kind::canonical:
    case Kind::final_pass:
      return subject.final_pass;
    case Kind::host:
      return is_in_hosts(subject.host, criterion.argument);
    case Kind::original_host:
      return is_in_hosts(subject.original_host, criterion.argument);
    case Kind::user:
      return is_in_list(subject.user, criterion.argument);
    case Kind::local_user:
      return is_in_list(subject.local_user, criterion.argument);
    case Kind::tagged:
      return is_in_list(subject.tag, criterion.argument);
    case Kind::exec:
      return subject.run && subject.run(criterion.argument);
  }
  return false;
}

}  // namespace

ClientMatch parse_client_match(const std::vector<std::string>& words) {
  const std::vector<std::string> parts = separate(words);
  if (parts.empty()) throw ConfigError("a criterion is missing: expected all, host, user, exec, …");
  ClientMatch match;
  for (auto part = parts.begin(); part != parts.end(); ++part) {
    ClientCriterion criterion;
    criterion.negated = part->starts_with('!');
    const CriterionName& name = find_name(std::string_view(*part).substr(criterion.negated ? 1 : 0));
    criterion.kind = name.kind;
    if (name.has_argument) {
      if (++part == parts.end() || part->empty()) {
        throw ConfigError(
            fmt::format("{}: a {} is missing", name.name, name.kind == Kind::exec ? "command" : "pattern"));
      }
      criterion.argument = *part;
    }
    if (name.kind == Kind::exec) check_tokens(criterion.argument, path_tokens, false);
    match.push_back(std::move(criterion));
  }
  check_all(match);
  return match;
}

bool meets(const ClientMatchSubject& subject, const ClientMatch& match) {
  return std::all_of(match.begin(), match.end(), [&subject](const ClientCriterion& criterion) {
    return is_so(subject, criterion) != criterion.negated;
  });
}

bool asks_for_final_pass(const ClientMatch& match) {
  return std::any_of(match.begin(), match.end(),
                     [](const ClientCriterion& criterion) { return criterion.kind == Kind::final_pass; });
}

}  // namespace glassh
