// The keywords about forwarding, and about closing what idles. They read their words into the configuration;
// server/login/permissions, server/forwarding/forward_rules and the core know what they mean.
#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "server/config/keywords.h"

namespace glassh {
namespace {

using Call = ServerKeyword::Call;

template <class Value, std::size_t count>
Value one_of(const Call& call, const std::pair<std::string_view, Value> (&values)[count], std::string_view expected) {
  const auto found = std::find_if(std::begin(values), std::end(values),
                                  [&](const auto& value) { return equal_ignoring_case(value.first, call.words[0]); });
  if (found != std::end(values)) return found->second;
  throw ConfigError(fmt::format("bad value '{}': expected {}", call.words[0], expected));
}

AllowForwarding allow_forwarding(const Call& call) {
  constexpr std::pair<std::string_view, AllowForwarding> values[] = {
      {"yes", AllowForwarding::yes},       {"all", AllowForwarding::yes},     {"no", AllowForwarding::no},
      {"remote", AllowForwarding::remote}, {"local", AllowForwarding::local},
  };
  return one_of(call, values, "yes, no, local or remote");
}

GatewayPorts gateway_ports(const Call& call) {
  constexpr std::pair<std::string_view, GatewayPorts> values[] = {
      {"clientspecified", GatewayPorts::client_specified},
      {"yes", GatewayPorts::yes},
      {"no", GatewayPorts::no},
  };
  return one_of(call, values, "yes, no or clientspecified");
}

// PermitOpen and PermitListen: "any", "none", or a list. Past vulnerability 85: what a port is, and what it is not.
void take_endpoints(Call& call, bool may_be_port_alone, std::vector<PermittedEndpoint>& endpoints, bool& any) {
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

void handle_permit_open(Call& call) {
  take_endpoints(call, false, call.target.permit_open, call.target.permit_open_any);
}

void handle_permit_listen(Call& call) {
  take_endpoints(call, true, call.target.permit_listen, call.target.permit_listen_any);
}

void handle_bind_mask(Call& call) {
  const std::string& text = call.words[0];
  const bool octal = text.size() <= 4 && text.find_first_not_of("01234567") == std::string::npos;
  const unsigned long mask = octal ? std::stoul(text, nullptr, 8) : 01000;
  if (mask > 0777) throw ConfigError(fmt::format("bad mask '{}': expected 0 to 0777, octal", text));
  call.target.stream_local_bind_mask = static_cast<std::uint32_t>(mask);
}

void handle_channel_timeout(Call& call) {
  std::vector<ChannelTimeout> timeouts;
  for (const std::string& word : call.words) {
    const std::size_t equals = word.find('=');
    const bool named = equals != std::string::npos && equals > 0;
    const auto seconds = named ? parse_time(std::string_view(word).substr(equals + 1)) : std::nullopt;
    if (equal_ignoring_case(word, "none") && call.words.size() == 1) break;
    if (!seconds) throw ConfigError(fmt::format("bad value '{}': expected type=time, such as session:*=5m", word));
    timeouts.push_back({word.substr(0, equals), *seconds, word.substr(equals + 1)});
  }
  call.target.channel_timeouts = std::move(timeouts);
}

void handle_unused_connection_timeout(Call& call) {
  const bool none = equal_ignoring_case(call.words[0], "none");
  const auto seconds = none ? 0 : parse_time(call.words[0]);
  if (!seconds) throw ConfigError(fmt::format("bad time '{}': expected seconds, 1h30m or none", call.words[0]));
  call.target.unused_connection_timeout_seconds = *seconds;
}

constexpr std::size_t many = ServerKeyword::many;

constexpr std::array table{
    ServerKeyword{"AllowTcpForwarding", 1, 1, false,
                  [](Call& call) { call.target.allow_tcp_forwarding = allow_forwarding(call); }},
    ServerKeyword{"AllowStreamLocalForwarding", 1, 1, false,
                  [](Call& call) { call.target.allow_stream_local_forwarding = allow_forwarding(call); }},
    ServerKeyword{"GatewayPorts", 1, 1, false, [](Call& call) { call.target.gateway_ports = gateway_ports(call); }},
    ServerKeyword{"PermitOpen", 1, many, false, handle_permit_open},
    ServerKeyword{"PermitListen", 1, many, false, handle_permit_listen},
    ServerKeyword{"StreamLocalBindMask", 1, 1, false, handle_bind_mask},
    ServerKeyword{"StreamLocalBindUnlink", 1, 1, false,
                  [](Call& call) { call.target.stream_local_bind_unlink = yes_or_no(call); }},
    ServerKeyword{"ChannelTimeout", 1, many, false, handle_channel_timeout},
    ServerKeyword{"UnusedConnectionTimeout", 1, 1, false, handle_unused_connection_timeout},
};

}  // namespace

std::span<const ServerKeyword> forwarding_keywords() { return table; }

}  // namespace glassh
