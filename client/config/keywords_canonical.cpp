// The keywords that make a full name of a short one.
#include "client/config/keywords.h"

namespace glassh {
namespace {

using When = CanonicalRules::When;

constexpr Choices<When, 5> when_words{
    {{{"true", When::yes}, {"yes", When::yes}, {"false", When::no}, {"no", When::no}, {"always", When::always}}},
    "yes, no or always"};

void read_when(ClientCall& call) { call.config.canonical.when = when_words.read(call.words[0]); }

PrintedValues print_when(const ClientConfig& config) { return {when_words.print(config.canonical.when)}; }

// "none", which stands alone, or a list.
bool is_none(const ClientCall& call) {
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

void read_domains(ClientCall& call) {
  if (is_none(call)) return;
  std::vector<std::string> domains;
  for (const std::string& word : call.words) {
    if (!is_domain(word)) throw ConfigError(fmt::format("bad domain '{}': expected a name such as example.org", word));
    domains.push_back(lower_case(word.ends_with('.') ? word.substr(0, word.size() - 1) : word));
  }
  call.config.canonical.domains = std::move(domains);
}

PrintedValues print_domains(const ClientConfig& config) { return {text_or_none(joined(config.canonical.domains))}; }

// "*.a.example:*.b.example,*.c.example"; "*" is "*:*".
void read_permitted_cnames(ClientCall& call) {
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
  call.config.canonical.permitted_cnames = std::move(rules);
}

PrintedValues print_permitted_cnames(const ClientConfig& config) {
  std::vector<std::string> words;
  for (const auto& [from, to] : config.canonical.permitted_cnames) words.push_back(from + ":" + to);
  return {text_or_none(joined(words))};
}

void read_max_dots(ClientCall& call) { call.config.canonical.max_dots = number(call.words[0]); }

PrintedValues print_max_dots(const ClientConfig& config) { return {std::to_string(config.canonical.max_dots)}; }

void read_fallback(ClientCall& call) { call.config.canonical.fallback_local = yes_or_no(call.words[0]); }

PrintedValues print_fallback(const ClientConfig& config) { return {yes_no_text(config.canonical.fallback_local)}; }

constexpr ClientKeyword table[] = {
    {.name = "CanonicalizeHostname", .value = {read_when, print_when}, .order = 70},
    {.name = "CanonicalDomains", .words = {1, many}, .value = {read_domains, print_domains}, .order = 610},
    {.name = "CanonicalizeMaxDots", .value = {read_max_dots, print_max_dots}, .order = 330},
    {.name = "CanonicalizeFallbackLocal", .value = {read_fallback, print_fallback}, .order = 60},
    {.name = "CanonicalizePermittedCNAMEs",
     .words = {1, many},
     .value = {read_permitted_cnames, print_permitted_cnames},
     .order = 700,
     .printed_name = "canonicalizePermittedcnames"},  // so ssh -G spells it
};

}  // namespace

std::span<const ClientKeyword> canonical_client_keywords() { return table; }

}  // namespace glassh
