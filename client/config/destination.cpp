#include "client/config/destination.h"

#include <algorithm>
#include <charconv>

#include "config/syntax.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

// Nothing for a broken escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    if (text.front() != '%') {
      result += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned byte = 0;
    if (text.size() < 3) return {};
    const auto [stop, error] = std::from_chars(text.data() + 1, text.data() + 3, byte, 16);
    if (error != std::errc() || stop != text.data() + 3 || byte == 0) return {};
    result += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return result;
}

// What follows "ssh://".
std::optional<Destination> parse_uri(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find('/') != std::string_view::npos) return {};
  Destination destination;
  const auto at = text.rfind('@');
  if (at != std::string_view::npos) {
    // The parameters after ';' are fingerprints that nobody writes; OpenSSH skips them too.
    auto user = text.substr(0, at);
    user = user.substr(0, user.find(';'));
    if (user.empty() || user.find(':') != std::string_view::npos) return {};
    destination.user = percent_decode(user);
    if (!destination.user) return {};
    text.remove_prefix(at + 1);
  }
  const auto address = parse_host_port(text);
  if (!address || address->port == 0) return {};
  const auto host = percent_decode(address->host);
  if (!host) return {};
  destination.host = *host;
  destination.port = address->port;
  return destination;
}

}  // namespace

std::optional<Destination> parse_destination(std::string_view text) {
  constexpr std::string_view scheme = "ssh://";
  if (equal_ignoring_case(text.substr(0, scheme.size()), scheme)) return parse_uri(text.substr(scheme.size()));
  Destination destination;
  const auto at = text.rfind('@');
  if (at != std::string_view::npos) {
    destination.user = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  destination.host = text;
  if (destination.host.empty() || (destination.user && destination.user->empty())) return {};
  return destination;
}

bool valid_host_name(std::string_view host) {
  if (host.empty() || host.front() == '-') return false;
  return std::none_of(host.begin(), host.end(), [](char c) {
    return is_control(c) || c == ' ' || std::string_view("'`\"$\\;&<>|(){},").find(c) != std::string_view::npos;
  });
}

bool valid_user_name(std::string_view user) {
  if (user.empty() || user.front() == '-' || user.back() == '\\') return false;
  if (user.find(" -") != std::string_view::npos) return false;
  return std::none_of(user.begin(), user.end(), [](char c) {
    return is_control(c) || std::string_view("'`\";&<>|(){}").find(c) != std::string_view::npos;
  });
}

}  // namespace glassh
