// The keywords that say what is forwarded: RFC 4254 section 7 as ssh_config(5) has it, and the user's X11 display
// (client/forwarding/forwarded_display.h).
#include "client/config/forward_spec.h"
#include "client/config/keywords.h"

namespace glassh {
namespace {

template <Forward::Kind kind>
void read_forward(ClientCall& call) {
  call.draft.add(parse_forward_words(kind, call.words));
}

template <Forward::Kind kind>
PrintedValues print_forwards(const ClientConfig& config) {
  PrintedValues values;
  for (const Forward& forward : config.forwards) {
    const std::string line = config_line_of(forward);
    if (forward.kind == kind) values.push_back(line.substr(line.find(' ') + 1));
  }
  return values;
}

template <Forward::Kind kind>
constexpr ClientKeyword::Value forwards{read_forward<kind>, print_forwards<kind>};

void read_permit_remote_open(ClientCall& call) {
  for (const std::string& word : call.words) {
    const bool alone = equal_ignoring_case(word, "any") || equal_ignoring_case(word, "none");
    if (alone && call.words.size() > 1) throw ConfigError(fmt::format("'{}' stands alone", word));
    if (alone) continue;
    if (!parse_permitted_target(word)) {
      throw ConfigError(fmt::format("bad destination '{}': expected host:port, any or none", word));
    }
  }
  call.config.permit_remote_open = call.words;
}

PrintedValues print_permit_remote_open(const ClientConfig& config) {
  return {config.permit_remote_open.empty() ? "any" : joined(config.permit_remote_open)};
}

void read_stream_local_bind_mask(ClientCall& call) {
  const std::string& word = call.words[0];
  std::uint32_t mask = 0;
  for (const char digit : word) {
    if (digit < '0' || digit > '7' || mask > 0777) mask = 01000;
    mask = mask * 8 + static_cast<std::uint32_t>(digit - '0');
  }
  if (mask > 0777) throw ConfigError(fmt::format("bad mask '{}': expected octal, 0 to 0777", word));
  call.config.stream_local_bind_mask = mask;
}

PrintedValues print_stream_local_bind_mask(const ClientConfig& config) {
  return {fmt::format("0{:o}", config.stream_local_bind_mask)};
}

// "none" is what is not said, as with ssh(1); 0 is without end.
void read_x11_timeout(ClientCall& call) {
  if (equal_ignoring_case(call.words[0], "none")) return;
  const auto value = parse_time(call.words[0]);
  if (!value) throw ConfigError(fmt::format("bad time '{}': expected seconds or 1h30m", call.words[0]));
  call.config.forward_x11_timeout_seconds = *value;
}

using Config = ClientConfig;

constexpr ClientKeyword table[] = {
    {.name = "DynamicForward",
     .words = {1, 2},
     .accumulates = true,
     .value = forwards<Forward::Kind::dynamic>,
     .order = 570},
    {.name = "LocalForward",
     .words = {1, 2},
     .accumulates = true,
     .value = forwards<Forward::Kind::local>,
     .order = 580},
    {.name = "RemoteForward",
     .words = {1, 2},
     .accumulates = true,
     .value = forwards<Forward::Kind::remote>,
     .order = 590},
    {.name = "ClearAllForwardings", .value = flag<&Config::clear_all_forwardings>, .order = 100},
    {.name = "ExitOnForwardFailure", .value = flag<&Config::exit_on_forward_failure>, .order = 110},
    {.name = "GatewayPorts", .value = flag<&Config::gateway_ports>, .order = 150},
    {.name = "PermitRemoteOpen",
     .words = {1, many},
     .value = {read_permit_remote_open, print_permit_remote_open},
     .order = 660},
    {.name = "StreamLocalBindMask", .value = {read_stream_local_bind_mask, print_stream_local_bind_mask}, .order = 740},
    {.name = "StreamLocalBindUnlink", .value = flag<&Config::stream_local_bind_unlink>, .order = 270},
    {.name = "ForwardX11", .value = flag<&Config::forward_x11>, .order = 130},
    {.name = "ForwardX11Trusted", .value = flag<&Config::forward_x11_trusted>, .order = 140},
    {.name = "ForwardX11Timeout",
     .value = {read_x11_timeout, print_count<&Config::forward_x11_timeout_seconds>},
     .order = 350},
    {.name = "XAuthLocation", .value = text<&Config::xauth_location>, .order = 560},
};

}  // namespace

std::span<const ClientKeyword> forwarding_client_keywords() { return table; }

}  // namespace glassh
