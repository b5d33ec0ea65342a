#include "client/config/jump.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/syntax.h"

namespace glassh {
namespace {

// "user@host:port"; an IPv6 address stands in brackets, or its last group could be meant as a port.
std::optional<Destination> parse_plain(std::string_view text) {
  Destination hop;
  const auto at = text.rfind('@');
  if (at != std::string_view::npos) {
    hop.user = text.substr(0, at);
    if (hop.user->empty()) return {};
    text.remove_prefix(at + 1);
  }
  if (text.find('/') != std::string_view::npos) return {};
  if (!text.starts_with('[') && std::count(text.begin(), text.end(), ':') > 1) return {};
  const auto address = parse_host_port(text);
  if (!address || address->port == 0) return {};
  hop.host = address->host;
  hop.port = address->port;
  return hop;
}

JumpHost parse_hop(std::string_view text) {
  constexpr std::string_view scheme = "ssh://";
  const bool is_uri = equal_ignoring_case(text.substr(0, scheme.size()), scheme);
  const auto hop = is_uri ? parse_destination(text) : parse_plain(text);
  if (!hop) {
    throw ConfigError(fmt::format("bad jump host '{}': expected [user@]host[:port] or ssh://[user@]host[:port]", text));
  }
  // Past vulnerability 73: names that a proxy's command line or a shell would take for something else.
  if (!valid_host_name(hop->host)) throw ConfigError(fmt::format("invalid hostname \"{}\"", hop->host));
  if (hop->user && !valid_user_name(*hop->user)) throw ConfigError(fmt::format("invalid username \"{}\"", *hop->user));
  return {*hop, std::string(text)};
}

bool is_numeric_address(std::string_view host) {
  return host.find(':') != std::string_view::npos || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

std::vector<JumpHost> parse_jump_hosts(std::string_view list) {
  std::vector<JumpHost> hops;
  if (equal_ignoring_case(list, "none")) return hops;
  while (true) {
    const auto comma = std::min(list.find(','), list.size());
    hops.push_back(parse_hop(list.substr(0, comma)));
    if (comma == list.size()) return hops;
    list.remove_prefix(comma + 1);
  }
}

std::string jump_text(const std::vector<JumpHost>& hops) {
  const JumpHost& last = hops.back();
  std::string text;
  for (std::size_t i = 0; i + 1 < hops.size(); ++i) text += hops[i].as_written + ',';
  if (last.user) text += *last.user + '@';
  text += is_numeric_address(last.host) ? fmt::format("[{}]", last.host) : last.host;
  if (last.port) text += fmt::format(":{}", *last.port);
  return text;
}

std::vector<std::string> jump_arguments(const std::vector<JumpHost>& hops, const ClientOptions& options,
                                        std::string_view host, std::uint16_t port) {
  const JumpHost& last = hops.back();
  std::vector<std::string> arguments;
  const auto add = [&arguments](std::string flag, std::string value) {
    arguments.push_back(std::move(flag));
    arguments.push_back(std::move(value));
  };
  if (last.user) add("-l", *last.user);
  if (last.port) add("-p", std::to_string(*last.port));
  std::string before;
  for (std::size_t i = 0; i + 1 < hops.size(); ++i) before += (before.empty() ? "" : ",") + hops[i].as_written;
  if (!before.empty()) add("-J", before);
  if (options.config_file) add("-F", *options.config_file);
  if (options.verbose > 0) arguments.push_back("-" + std::string(static_cast<std::size_t>(options.verbose), 'v'));
  add("-W", fmt::format("[{}]:{}", host, port));
  add("--", last.host);
  return arguments;
}

}  // namespace glassh
