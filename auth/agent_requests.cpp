#include "auth/agent_requests.h"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/keys/key_fields.h"
#include "proto/messages_agent.h"
#include "proto/messages_agent_keys.h"

namespace glassh {

// ----------------------------------------------------------------------------------------------------------------
// requests

SecretBytes request_identities() { return agent_frame(msg::AgentRequestIdentities{}); }

SecretBytes request_signature(Bytes key_blob, Bytes data, std::uint32_t flags) {
  return agent_frame(msg::AgentSignRequest{key_blob, data, flags});
}

namespace {

// draft-miller-ssh-agent section 4.2: the key's fields, whose length only the type knows, the comment, and constraints.
struct AddKeyTail {
  Bytes key_fields = {};
  std::string_view comment = {};
  RestOf<msg::AgentConstraint> constraints = {};

  static void fields(auto& self, auto& field) {
    field("key", Rest{self.key_fields});
    field("comment", self.comment);
    field("constraints", self.constraints);
  }
};

template <class Message>
SecretBytes add_frame(const AddKeyTail& tail) {
  const std::size_t size = 1 + measure(tail);
  SecretBytes frame(4 + size);
  put_u32(frame.reveal().data(), static_cast<std::uint32_t>(size));
  frame.reveal()[4] = Message::number;
  encode_into(tail, frame.reveal().subspan(5));
  return frame;
}

}  // namespace

SecretBytes request_add(const PrivateKey& key, std::string_view comment, const AgentKeyLimits& limits) {
  const SecretBytes fields = private_key_fields(key);
  AddKeyTail tail{fields.reveal(), comment, {}};
  if (!limits.any()) return add_frame<msg::AgentAddIdentity>(tail);

  std::vector<msg::AgentConstraint>& constraints = tail.constraints.items;
  if (limits.lifetime_seconds) {
    constraints.push_back({.type = agent_constraint::lifetime, .seconds = *limits.lifetime_seconds});
  }
  if (limits.confirm) constraints.push_back({.type = agent_constraint::confirm});
  const std::vector<std::uint8_t> destinations = encode_destinations(limits.destinations);
  if (!limits.destinations.empty()) {
    constraints.push_back({.type = agent_constraint::extension,
                           .extension_name = msg::AgentConstraint::restrict_destination,
                           .destinations = destinations});
  }
  return add_frame<msg::AgentAddIdConstrained>(tail);
}

SecretBytes request_remove(Bytes key_blob) { return agent_frame(msg::AgentRemoveIdentity{key_blob}); }

SecretBytes request_remove_all() { return agent_frame(msg::AgentRemoveAllIdentities{}); }

SecretBytes request_lock(const SecretBytes& passphrase) { return agent_frame(msg::AgentLock{{passphrase.reveal()}}); }

SecretBytes request_unlock(const SecretBytes& passphrase) {
  return agent_frame(msg::AgentUnlock{{passphrase.reveal()}});
}

SecretBytes request_session_bind(Bytes host_key, Bytes session_id, Bytes signature, bool is_forwarding) {
  const auto contents = encode(msg::AgentSessionBind{host_key, session_id, signature, is_forwarding});
  return agent_frame(msg::AgentExtension{msg::AgentSessionBind::name, {contents}});
}

std::uint32_t sign_flags(std::string_view algorithm) {
  if (algorithm == "rsa-sha2-256") return agent_sign_flag::rsa_sha2_256;
  if (algorithm == "rsa-sha2-512") return agent_sign_flag::rsa_sha2_512;
  return 0;
}

// ----------------------------------------------------------------------------------------------------------------
// answers

namespace {

// draft-miller-ssh-agent sections 4.1 and 4.7: both say no.
bool is_refusal(Bytes answer) {
  return !answer.empty() && (answer[0] == agent_number::failure || answer[0] == agent_number::extension_failure);
}

void expect(std::uint8_t number, Bytes answer, std::string_view question) {
  if (!answer.empty() && answer[0] == number) return;
  throw ProtocolError(fmt::format("agent: message {} is no answer to {}", answer.empty() ? 0 : answer[0], question));
}

}  // namespace

std::string AgentKey::type() const {
  if (credential) return std::string(credential->type());
  Decoder decoder("public key", blob);
  std::string_view name;
  try {
    decoder("type", name);
  } catch (const ProtocolError&) {
    return "unknown";
  }
  return std::string(name);
}

std::optional<std::vector<AgentKey>> read_identities(Bytes answer) {
  if (is_refusal(answer)) return std::nullopt;
  expect(msg::AgentIdentitiesAnswer::number, answer, "SSH_AGENTC_REQUEST_IDENTITIES");
  std::vector<AgentKey> keys;
  for (const msg::AgentIdentity& identity : decode<msg::AgentIdentitiesAnswer>(answer).keys) {
    AgentKey key{copy_of(identity.key_blob), std::nullopt, std::string(identity.comment)};
    try {
      key.credential = Credential::decode(identity.key_blob);
    } catch (const ProtocolError&) {
      // A certificate, a key on a token, or one of a type to come: listed, not used.
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

std::optional<std::vector<std::uint8_t>> read_signature(Bytes answer) {
  if (is_refusal(answer)) return std::nullopt;
  expect(msg::AgentSignResponse::number, answer, "SSH_AGENTC_SIGN_REQUEST");
  return copy_of(decode<msg::AgentSignResponse>(answer).signature);
}

bool read_success(Bytes answer) {
  if (is_refusal(answer)) return false;
  expect(msg::AgentSuccess::number, answer, "a request");
  return true;
}

}  // namespace glassh
