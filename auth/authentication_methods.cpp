#include "auth/authentication_methods.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "config/syntax.h"

namespace glassh {
namespace {

constexpr std::string_view known[] = {"none",      "publickey",      "password", "keyboard-interactive",
                                      "hostbased", "gssapi-with-mic"};

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> parse_list(std::string_view list) {
  std::vector<std::string> methods;
  for (std::size_t start = 0; start <= list.size();) {
    const std::size_t comma = std::min(list.find(',', start), list.size());
    const std::string_view method = list.substr(start, comma - start);
    // "keyboard-interactive:pam" names a device behind the method.
    const std::string_view name = method.starts_with("keyboard-interactive:") ? "keyboard-interactive" : method;
    if (std::find(std::begin(known), std::end(known), name) == std::end(known)) {
      throw std::runtime_error(
          fmt::format("bad method '{}' in '{}': expected publickey, password or keyboard-interactive", method, list));
    }
    methods.emplace_back(method);
    start = comma + 1;
  }
  return methods;
}

}  // namespace

AuthenticationMethods parse_authentication_methods(const std::vector<std::string>& words) {
  AuthenticationMethods lists;
  for (const std::string& word : words) {
    if (equal_ignoring_case(word, "any")) {
      if (words.size() > 1) throw std::runtime_error("'any' stands alone");
      return {};
    }
    lists.push_back(parse_list(word));
  }
  return lists;
}

AuthenticationProgress::AuthenticationProgress(const AuthenticationMethods& lists, std::vector<std::string> enabled)
    : has_lists_(!lists.empty()), enabled_(std::move(enabled)) {
  for (const std::vector<std::string>& list : lists) {
    const auto is_enabled = [this](const std::string& method) { return contains(enabled_, method); };
    if (std::all_of(list.begin(), list.end(), is_enabled)) lists_.push_back(list);
  }
}

bool AuthenticationProgress::allows(std::string_view method) const {
  if (!has_lists_) return contains(enabled_, method);
  return std::any_of(lists_.begin(), lists_.end(), [&](const auto& list) { return list.front() == method; });
}

// RFC 4252 section 5.1 [4252-5.1-2] [4252-5.1-3]: what could help now; a method that has succeeded only where a list
// has it once more.
std::string AuthenticationProgress::continuing() const {
  std::string names;
  for (const std::string& method : enabled_) {
    // RFC 4252 section 4 [4252-4-1] and section 5.2 [4252-5.2-4]: `none` is never in the list.
    if (method == "none" || !allows(method)) continue;
    if (!names.empty()) names += ',';
    names += method;
  }
  return names;
}

bool AuthenticationProgress::succeeded(std::string_view method) {
  if (!has_lists_) return true;
  for (std::vector<std::string>& list : lists_) {
    if (list.front() != method) continue;
    list.erase(list.begin());
    if (list.empty()) return true;
  }
  return false;
}

}  // namespace glassh
