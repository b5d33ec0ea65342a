#include "auth/agent_destinations.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/patterns.h"
#include "proto/messages_auth.h"

namespace glassh {

// ----------------------------------------------------------------------------------------------------------------
// on the wire

namespace {

DestinationHop decode_hop(Bytes contents) {
  const auto fields = decode<msg::AgentHop>(contents);
  if (!fields.reserved.empty()) throw ProtocolError("hop of a destination constraint: reserved is not empty");
  DestinationHop hop;
  hop.user = fields.username;
  hop.hostname = fields.hostname;
  for (const msg::AgentKeySpec& key : fields.hostkeys.items) hop.keys.push_back({copy_of(key.keyblob), key.is_ca});
  return hop;
}

// OpenSSH PROTOCOL.agent section 2
DestinationRule decode_rule(Bytes contents) {
  const auto fields = decode<msg::AgentDestination>(contents);
  if (!fields.reserved.empty()) throw ProtocolError("destination constraint: reserved is not empty");
  DestinationRule rule{decode_hop(fields.from), decode_hop(fields.to)};
  if (!rule.from.user.empty()) throw ProtocolError("destination constraint: from_username must be empty");
  if (rule.from.hostname.empty() != rule.from.keys.empty()) {
    throw ProtocolError("destination constraint: from_hostname and from_hostkeys must come together");
  }
  if (rule.to.hostname.empty()) throw ProtocolError("destination constraint: to_hostname is missing");
  if (rule.to.keys.empty()) throw ProtocolError("destination constraint: to_hostkeys are missing");
  return rule;
}

std::vector<std::uint8_t> encode_hop(const DestinationHop& hop) {
  msg::AgentHop fields{hop.user, hop.hostname, {}, {}};
  for (const HopKey& key : hop.keys) fields.hostkeys.items.push_back({key.blob, key.is_ca});
  return encode(fields);
}

}  // namespace

std::vector<DestinationRule> decode_destinations(Bytes contents) {
  std::vector<DestinationRule> rules;
  for (const auto& wrapped : decode<msg::AgentDestinations>(contents).constraints.items) {
    rules.push_back(decode_rule(wrapped.constraint));
  }
  // No rule would read as "no restriction", which is the opposite of what was asked for.
  if (rules.empty()) throw ProtocolError("restrict-destination-v00@openssh.com: there is no constraint in it");
  return rules;
}

std::vector<std::uint8_t> encode_destinations(std::span<const DestinationRule> rules) {
  std::vector<std::vector<std::uint8_t>> encoded;
  for (const DestinationRule& rule : rules) {
    const auto from = encode_hop(rule.from);
    const auto to = encode_hop(rule.to);
    encoded.push_back(encode(msg::AgentDestination{from, to, {}}));
  }
  msg::AgentDestinations all;
  for (const auto& rule : encoded) all.constraints.items.push_back({rule});
  return encode(all);
}

// ----------------------------------------------------------------------------------------------------------------
// what is to be signed

// RFC 4252 section 7 [4252-7-13]: this, in this order, and nothing else is signed for a login.
std::optional<LoginToSign> parse_login_to_sign(Bytes data) {
  try {
    const auto login = decode<msg::PublicKeySignedData>(data);
    const bool host_bound = login.method_name == msg::PublicKeyHostboundRequest::name;
    if (login.request_number != message_number::userauth_request) return std::nullopt;
    if (login.service_name != "ssh-connection" || !login.has_signature) return std::nullopt;
    if (!host_bound && login.method_name != msg::PublicKeyRequest::name) return std::nullopt;
    LoginToSign out{copy_of(login.session_identifier), std::string(login.user_name), std::string(login.algorithm),
                    copy_of(login.public_key), std::nullopt};
    if (host_bound) out.host_key = copy_of(login.server_host_key);
    return out;
  } catch (const ProtocolError&) {
    return std::nullopt;
  }
}

// ----------------------------------------------------------------------------------------------------------------
// what follows

namespace {

bool has_key(const DestinationHop& hop, Bytes host_key) {
  return std::any_of(hop.keys.begin(), hop.keys.end(),
                     [&](const HopKey& key) { return !key.is_ca && equal(key.blob, host_key); });
}

// The rule for the hop from `from` (null: from where the agent runs) to `to` (null: to anywhere).
const DestinationRule* rule_for(std::span<const DestinationRule> rules, const AgentBinding* from,
                                const AgentBinding* to, const std::string* user) {
  for (const DestinationRule& rule : rules) {
    const bool from_fits = from == nullptr ? rule.from.keys.empty() : has_key(rule.from, from->host_key);
    const bool to_fits = to == nullptr || has_key(rule.to, to->host_key);
    const bool user_fits = user == nullptr || rule.to.user.empty() || match_pattern(*user, rule.to.user);
    if (from_fits && to_fits && user_fits) return &rule;
  }
  return nullptr;
}

// Each hop needs a rule, and all but the last must be forwardings. `user`: at the last hop, when a login is meant.
std::optional<std::string> why_not_path(std::span<const DestinationRule> rules, std::span<const AgentBinding> bindings,
                                        const std::string* user) {
  const AgentBinding* from = nullptr;
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    const bool last = i + 1 == bindings.size();
    if (!last && !bindings[i].is_forwarding) return fmt::format("hop {} is a login, and others follow it", i + 1);
    if (rule_for(rules, from, &bindings[i], last ? user : nullptr) == nullptr) {
      return fmt::format("no destination constraint permits hop {}{}", i + 1,
                         last && user != nullptr ? " for this user" : "");
    }
    from = &bindings[i];
  }
  return std::nullopt;
}

}  // namespace

bool permits_listing(std::span<const DestinationRule> rules, std::span<const AgentBinding> bindings) {
  if (bindings.empty()) return true;  // local
  if (why_not_path(rules, bindings, nullptr)) return false;
  // A key that may log in *to* a host, but go nowhere from there, is not shown on that host.
  return !bindings.back().is_forwarding || rule_for(rules, &bindings.back(), nullptr, nullptr) != nullptr;
}

std::optional<std::string> why_not_sign(std::span<const DestinationRule> rules, std::span<const AgentBinding> bindings,
                                        const std::optional<LoginToSign>& login) {
  if (bindings.empty()) return "the connection was never bound to a session (session-bind@openssh.com)";
  if (!login) return "what is to be signed is not a login with a public key";
  const AgentBinding& last = bindings.back();
  if (last.is_forwarding) return "the last hop is a forwarding, not a login";
  if (const auto reason = why_not_path(rules, bindings, &login->user)) return reason;
  if (!equal(login->session_id, last.session_id)) return "the login is in another session than the last one bound";
  // Without the host key in it, a login could be relayed by the host that the agent is forwarded to.
  if (bindings.size() > 1 && !login->host_key)
    return "the login over a forwarded connection is not bound to a host key";
  if (login->host_key && !equal(*login->host_key, last.host_key)) {
    return "the login is bound to another host key than the session";
  }
  return std::nullopt;
}

std::string destination_name(std::span<const DestinationRule> rules, std::span<const AgentBinding> bindings) {
  if (bindings.empty()) return "";
  const AgentBinding* const from = bindings.size() > 1 ? &bindings[bindings.size() - 2] : nullptr;
  const DestinationRule* const rule = rule_for(rules, from, &bindings.back(), nullptr);
  return rule != nullptr ? rule->to.hostname : "";
}

}  // namespace glassh
