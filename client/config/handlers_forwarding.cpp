// The keywords that say what is forwarded: RFC 4254 section 7 as ssh_config(5) has it.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/config/forward_spec.h"
#include "client/config/keywords.h"
#include "client/config/values.h"

namespace glassh {
namespace {

using Call = ClientKeyword::Call;

void add_forward(Call& call, Forward::Kind kind) { call.target.add(parse_forward_words(kind, call.words)); }

void handle_permit_remote_open(Call& call) {
  for (const std::string& word : call.words) {
    const bool alone = equal_ignoring_case(word, "any") || equal_ignoring_case(word, "none");
    if (alone && call.words.size() > 1) throw ConfigError(fmt::format("'{}' stands alone", word));
    if (alone) continue;
    if (!parse_permitted_target(word)) {
      throw ConfigError(fmt::format("bad destination '{}': expected host:port, any or none", word));
    }
  }
  call.target.config.permit_remote_open = call.words;
}

void handle_stream_local_bind_mask(Call& call) {
  const std::string& word = call.words[0];
  std::uint32_t mask = 0;
  for (const char digit : word) {
    if (digit < '0' || digit > '7' || mask > 0777) mask = 01000;
    mask = mask * 8 + static_cast<std::uint32_t>(digit - '0');
  }
  if (mask > 0777) throw ConfigError(fmt::format("bad mask '{}': expected octal, 0 to 0777", word));
  call.target.config.stream_local_bind_mask = mask;
}

constexpr std::array table{
    ClientKeyword{"LocalForward", 1, 2, true, [](Call& call) { add_forward(call, Forward::Kind::local); }},
    ClientKeyword{"RemoteForward", 1, 2, true, [](Call& call) { add_forward(call, Forward::Kind::remote); }},
    ClientKeyword{"DynamicForward", 1, 2, true, [](Call& call) { add_forward(call, Forward::Kind::dynamic); }},
    ClientKeyword{"ClearAllForwardings", 1, 1, false,
                  [](Call& call) { call.target.config.clear_all_forwardings = yes_no(call); }},
    ClientKeyword{"ExitOnForwardFailure", 1, 1, false,
                  [](Call& call) { call.target.config.exit_on_forward_failure = yes_no(call); }},
    ClientKeyword{"GatewayPorts", 1, 1, false, [](Call& call) { call.target.config.gateway_ports = yes_no(call); }},
    ClientKeyword{"PermitRemoteOpen", 1, ClientKeyword::many, false, handle_permit_remote_open},
    ClientKeyword{"StreamLocalBindMask", 1, 1, false, handle_stream_local_bind_mask},
    ClientKeyword{"StreamLocalBindUnlink", 1, 1, false,
                  [](Call& call) { call.target.config.stream_local_bind_unlink = yes_no(call); }},
};

}  // namespace

std::span<const ClientKeyword> forwarding_client_keywords() { return table; }

void ClientDraft::add(const Forward& forward) {
  const bool known = std::find(config.forwards.begin(), config.forwards.end(), forward) != config.forwards.end();
  if (!known) config.forwards.push_back(forward);
}

// Paths have tokens and variables, hosts do not.
void expand_forwards(ClientConfig& config, const ConfigTokens& tokens, const EnvironmentLookup& environment) {
  const auto expand = [&](ForwardEndpoint& end) { end.path = expand_tokens(end.path, tokens, environment); };
  for (Forward& forward : config.forwards) {
    try {
      expand(forward.listen);
      if (forward.connect) expand(*forward.connect);
    } catch (const ConfigError& error) {
      throw ConfigError(fmt::format("{}: {}", config_line_of(forward), error.what()));
    }
  }
}

}  // namespace glassh
