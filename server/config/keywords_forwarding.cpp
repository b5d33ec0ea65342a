// The keywords about forwarding, and about closing what idles. server/login/session_permissions.h, server/forwarding/
// and the core know what they mean.
#include <stdexcept>

#include "server/config/keywords.h"

namespace glassh {
namespace {

constexpr Choices<AllowForwarding, 5> allow_words{{{{"yes", AllowForwarding::yes},
                                                    {"all", AllowForwarding::yes},
                                                    {"no", AllowForwarding::no},
                                                    {"remote", AllowForwarding::remote},
                                                    {"local", AllowForwarding::local}}},
                                                  "yes, no, local or remote"};

constexpr Choices<GatewayPorts, 3> gateway_words{
    {{{"clientspecified", GatewayPorts::client_specified}, {"yes", GatewayPorts::yes}, {"no", GatewayPorts::no}}},
    "yes, no or clientspecified"};

// PermitOpen and PermitListen: "any", "none", or a list. Past vulnerability 85: what a port is, and what it is not.
void take_endpoints(ServerCall& call, bool may_be_port_alone, std::vector<PermittedEndpoint>& endpoints, bool& any) {
  endpoints.clear();
  any = equal_ignoring_case(call.words[0], "any");
  const bool none = equal_ignoring_case(call.words[0], "none");
  if (any || none) {
    if (call.words.size() > 1) throw ConfigError(fmt::format("'{}' stands alone", call.words[0]));
    return;
  }
  for (const std::string& word : call.words) {
    try {
      endpoints.push_back(parse_permitted_endpoint(word, may_be_port_alone));
    } catch (const std::invalid_argument& error) {
      throw ConfigError(fmt::format("bad value '{}': {}", word, error.what()));
    }
  }
}

std::string endpoints_text(const std::vector<PermittedEndpoint>& endpoints, bool any) {
  if (any) return "any";
  if (endpoints.empty()) return "none";
  std::string text;
  for (const PermittedEndpoint& endpoint : endpoints) {
    const bool is_v6 = endpoint.host.find(':') != std::string::npos;
    const std::string port = endpoint.port ? std::to_string(*endpoint.port) : "*";
    text +=
        fmt::format("{}{}{}{}:{}", text.empty() ? "" : " ", is_v6 ? "[" : "", endpoint.host, is_v6 ? "]" : "", port);
  }
  return text;
}

void read_permit_open(ServerCall& call) {
  take_endpoints(call, false, call.config.permit_open, call.config.permit_open_any);
}

PrintedValues print_permit_open(const ServerConfig& config) {
  return {endpoints_text(config.permit_open, config.permit_open_any)};
}

void read_permit_listen(ServerCall& call) {
  take_endpoints(call, true, call.config.permit_listen, call.config.permit_listen_any);
}

PrintedValues print_permit_listen(const ServerConfig& config) {
  return {endpoints_text(config.permit_listen, config.permit_listen_any)};
}

void read_bind_mask(ServerCall& call) {
  const std::string& text = call.words[0];
  const bool octal = text.size() <= 4 && text.find_first_not_of("01234567") == std::string::npos;
  const unsigned long mask = octal ? std::stoul(text, nullptr, 8) : 01000;
  if (mask > 0777) throw ConfigError(fmt::format("bad mask '{}': expected 0 to 0777, octal", text));
  call.config.stream_local_bind_mask = static_cast<std::uint32_t>(mask);
}

PrintedValues print_bind_mask(const ServerConfig& config) {
  return {fmt::format("0{:o}", config.stream_local_bind_mask)};
}

// --- What idles is closed -------------------------------------------------------------------------------------------

void read_channel_timeout(ServerCall& call) {
  std::vector<ChannelTimeout> timeouts;
  for (const std::string& word : call.words) {
    const std::size_t equals = word.find('=');
    const bool named = equals != std::string::npos && equals > 0;
    const auto seconds = named ? parse_time(std::string_view(word).substr(equals + 1)) : std::nullopt;
    if (equal_ignoring_case(word, "none") && call.words.size() == 1) break;
    if (!seconds) throw ConfigError(fmt::format("bad value '{}': expected type=time, such as session:*=5m", word));
    timeouts.push_back({word.substr(0, equals), *seconds, word.substr(equals + 1)});
  }
  call.config.channel_timeouts = std::move(timeouts);
}

PrintedValues print_channel_timeouts(const ServerConfig& config) {
  if (config.channel_timeouts.empty()) return {"none"};
  std::vector<std::string> words;
  for (const ChannelTimeout& timeout : config.channel_timeouts) words.push_back(timeout.type + "=" + timeout.written);
  return {joined(words)};
}

void read_unused_connection_timeout(ServerCall& call) {
  const bool none = equal_ignoring_case(call.words[0], "none");
  const auto seconds = none ? 0 : parse_time(call.words[0]);
  if (!seconds) throw ConfigError(fmt::format("bad time '{}': expected seconds, 1h30m or none", call.words[0]));
  call.config.unused_connection_timeout_seconds = *seconds;
}

PrintedValues print_unused_connection_timeout(const ServerConfig& config) {
  const std::uint32_t timeout = config.unused_connection_timeout_seconds;
  return {timeout == 0 ? "none" : std::to_string(timeout)};
}

// --- X11 (server/forwarding/x11_forwarding.h) -----------------------------------------------------------------------

void read_display_offset(ServerCall& call) {
  const auto offset = parse_number(call.words[0], 0x7fffffff);
  if (!offset) throw ConfigError(fmt::format("bad value '{}': expected a number of displays", call.words[0]));
  call.config.x11_display_offset = static_cast<std::uint32_t>(*offset);
}

void read_xauth_location(ServerCall& call) {
  const std::string path = word_or_none(call);
  if (!path.empty() && !path.starts_with('/')) {
    throw ConfigError(fmt::format("bad path '{}': expected an absolute one, or none", path));
  }
  call.config.xauth_location = path;
}

using Config = ServerConfig;

constexpr ServerKeyword table[] = {
    {.name = "AllowTcpForwarding",
     .below_match = true,
     .value = choice<&Config::allow_tcp_forwarding, allow_words>,
     .order = 280},
    {.name = "AllowStreamLocalForwarding",
     .below_match = true,
     .value = choice<&Config::allow_stream_local_forwarding, allow_words>,
     .order = 310},
    {.name = "AllowAgentForwarding", .below_match = true, .value = flag<&Config::allow_agent_forwarding>, .order = 290},
    {.name = "DisableForwarding", .below_match = true, .value = flag<&Config::disable_forwarding>, .order = 300},
    {.name = "GatewayPorts", .below_match = true, .value = choice<&Config::gateway_ports, gateway_words>, .order = 270},
    {.name = "PermitOpen",
     .words = {1, many},
     .below_match = true,
     .value = {read_permit_open, print_permit_open},
     .order = 670},
    {.name = "PermitListen",
     .words = {1, many},
     .below_match = true,
     .value = {read_permit_listen, print_permit_listen},
     .order = 680},
    {.name = "StreamLocalBindMask", .below_match = true, .value = {read_bind_mask, print_bind_mask}, .order = 110},
    {.name = "StreamLocalBindUnlink",
     .below_match = true,
     .value = flag<&Config::stream_local_bind_unlink>,
     .order = 320},
    {.name = "ChannelTimeout",
     .words = {1, many},
     .below_match = true,
     .value = {read_channel_timeout, print_channel_timeouts},
     .order = 600},
    {.name = "UnusedConnectionTimeout",
     .below_match = true,
     .value = {read_unused_connection_timeout, print_unused_connection_timeout},
     .order = 120},
    {.name = "X11Forwarding", .below_match = true, .value = flag<&Config::x11_forwarding>, .order = 190},
    {.name = "X11DisplayOffset",
     .below_match = true,
     .value = {read_display_offset, print_count<&Config::x11_display_offset>},
     .order = 50},
    {.name = "X11UseLocalhost", .below_match = true, .value = flag<&Config::x11_use_localhost>, .order = 200},
    {.name = "XAuthLocation", .value = {read_xauth_location, print_text<&Config::xauth_location>}, .order = 360},
};

}  // namespace

std::span<const ServerKeyword> forwarding_keywords() { return table; }

}  // namespace glassh
