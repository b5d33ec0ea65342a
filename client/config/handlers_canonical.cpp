// The keywords of ssh_config(5) that make a full name of a short one.
#include <algorithm>
#include <array>

#include "client/config/values.h"

namespace glassh {
namespace {

using Call = ClientKeyword::Call;
using When = CanonicalRules::When;

void handle_when(Call& call) {
  constexpr std::array<std::pair<std::string_view, When>, 5> values = {
      {{"yes", When::yes}, {"true", When::yes}, {"no", When::no}, {"false", When::no}, {"always", When::always}}};
  call.target.config.canonical.when = one_of(call, values, "yes, no or always");
}

// "none", which stands alone, or a list.
bool is_none(const Call& call) {
  const bool none = std::any_of(call.words.begin(), call.words.end(),
                                [](const std::string& word) { return equal_ignoring_case(word, "none"); });
  if (none && call.words.size() > 1) throw ConfigError("'none' stands alone");
  return none;
}

bool is_domain(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || static_cast<unsigned char>(c) >= 0x80;
  };
  return !text.starts_with('.') && !text.starts_with('-') && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), allowed);
}

void handle_domains(Call& call) {
  if (is_none(call)) return;
  std::vector<std::string> domains;
  for (const std::string& word : call.words) {
    if (!is_domain(word)) throw ConfigError(fmt::format("bad domain '{}': expected a name such as example.org", word));
    domains.push_back(lower_case(word.ends_with('.') ? word.substr(0, word.size() - 1) : word));
  }
  call.target.config.canonical.domains = std::move(domains);
}

// "*.a.example:*.b.example,*.c.example"; "*" is "*:*".
void handle_permitted_cnames(Call& call) {
  if (is_none(call)) return;
  std::vector<std::pair<std::string, std::string>> rules;
  for (const std::string& word : call.words) {
    const std::size_t colon = word.find(':');
    const bool all = word == "*";
    if (!all && (colon == std::string::npos || colon == 0 || colon + 1 == word.size())) {
      throw ConfigError(fmt::format("bad rule '{}': expected patterns:patterns", word));
    }
    rules.emplace_back(all ? word : word.substr(0, colon), all ? word : word.substr(colon + 1));
  }
  call.target.config.canonical.permitted_cnames = std::move(rules);
}

constexpr std::size_t many = ClientKeyword::many;

constexpr std::array table{
    ClientKeyword{"CanonicalizeHostname", 1, 1, false, handle_when},
    ClientKeyword{"CanonicalDomains", 1, many, false, handle_domains},
    ClientKeyword{"CanonicalizeMaxDots", 1, 1, false,
                  [](Call& call) { call.target.config.canonical.max_dots = number(call); }},
    ClientKeyword{"CanonicalizeFallbackLocal", 1, 1, false,
                  [](Call& call) { call.target.config.canonical.fallback_local = yes_no(call); }},
    ClientKeyword{"CanonicalizePermittedCNAMEs", 1, many, false, handle_permitted_cnames},
};

}  // namespace

std::span<const ClientKeyword> canonical_client_keywords() { return table; }

}  // namespace glassh
