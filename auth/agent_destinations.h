// Destination constraints: where a key in an agent may be used, and through which hosts its use may be forwarded.
//
// OpenSSH PROTOCOL.agent sections 1 and 2. A rule permits one hop, from a host (or from where the agent runs) to a host
// and user. What is known of a connection to the agent is a list of bindings, one for each hop that proved its host key
// by session-bind@openssh.com. Whether the proof is good is agent.cpp's business; here is only what follows from it.
//
//   const auto rules = decode_destinations(constraint.destinations);  if (!permits_listing(rules, bindings)) …
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/messages_agent_keys.h"

namespace glassh {

struct HopKey {
  std::vector<std::uint8_t> blob;
  bool is_ca = false;  // certificates signed by it are meant; a plain host key never is one
};
struct DestinationHop {
  std::string user;      // a pattern; empty: any. Only of `to`
  std::string hostname;  // as the user typed it, for texts
  std::vector<HopKey> keys;
};
struct DestinationRule {
  DestinationHop from;  // without a name and keys: from where the agent runs
  DestinationHop to;
};

// The contents of restrict-destination-v00@openssh.com. Throws ProtocolError: malformed, a rule without a destination,
// a user to come from, something in a reserved field, or no rule at all.
std::vector<DestinationRule> decode_destinations(Bytes contents);
std::vector<std::uint8_t> encode_destinations(std::span<const DestinationRule> rules);

// A hop, as a connection to the agent has proved it.
struct AgentBinding {
  std::vector<std::uint8_t> host_key;
  std::vector<std::uint8_t> session_id;
  bool is_forwarding = false;  // the agent is forwarded to that host; otherwise a login there is under way
};

// The login that a signature is wanted for (RFC 4252 section 7, OpenSSH PROTOCOL section 3.1).
struct LoginToSign {
  std::vector<std::uint8_t> session_id;
  std::string user;
  std::string algorithm;
  std::vector<std::uint8_t> public_key;
  std::optional<std::vector<std::uint8_t>> host_key;  // host-bound logins name it
};
// Returns nullopt if `data` is not what a client signs to log in with a public key.
std::optional<LoginToSign> parse_login_to_sign(Bytes data);

// Without rules a key may be used everywhere: do not ask then. `bindings` in the order in which they came.
// May the key be shown, replaced and removed over such a connection?
bool permits_listing(std::span<const DestinationRule> rules, std::span<const AgentBinding> bindings);
// Returns nullopt if the key may sign this; else the reason, for a log.
std::optional<std::string> why_not_sign(std::span<const DestinationRule> rules, std::span<const AgentBinding> bindings,
                                        const std::optional<LoginToSign>& login);
// The name under which the user knows the host of the last binding; empty if no rule has it.
std::string destination_name(std::span<const DestinationRule> rules, std::span<const AgentBinding> bindings);

}  // namespace glassh
