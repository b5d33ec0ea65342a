// Writes requests to an agent and reads its answers, as a client: draft-miller-ssh-agent sections 4.1 to 4.7, no I/O.
//
// Requests come out with their length in front, ready for the socket. Answers are read strictly: one that does not fit
// the question throws ProtocolError. A refusal is a value. client/agent/agent_client.h does the waiting.
//
//   socket ← request_identities();  …  if (const auto keys = read_identities(payload)) …
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/agent_destinations.h"
#include "auth/agent_frame.h"
#include "crypto/keys/credential.h"

namespace glassh {

struct AgentKey {
  std::vector<std::uint8_t> blob;
  std::optional<Credential> credential;  // if it is of a type that we have
  std::string comment;                   // the agent's word: filter control characters before showing it
  std::string type() const;              // "ssh-ed25519"; what the blob begins with
};

// How a key may be used while an agent holds it (draft-miller-ssh-agent section 4.2.6).
struct AgentKeyLimits {
  std::optional<std::uint32_t> lifetime_seconds;
  bool confirm = false;
  std::vector<DestinationRule> destinations;  // empty: no restriction

  bool any() const { return lifetime_seconds || confirm || !destinations.empty(); }
};

SecretBytes request_identities();
SecretBytes request_signature(Bytes key_blob, Bytes data, std::uint32_t flags);
SecretBytes request_add(const PrivateKey& key, std::string_view comment, const AgentKeyLimits& limits);
SecretBytes request_remove(Bytes key_blob);
SecretBytes request_remove_all();
SecretBytes request_lock(const SecretBytes& passphrase);
SecretBytes request_unlock(const SecretBytes& passphrase);
// OpenSSH PROTOCOL.agent section 1. The signature is the server's over the session identifier, from the key exchange.
SecretBytes request_session_bind(Bytes host_key, Bytes session_id, Bytes signature, bool is_forwarding);
// The bit of agent_sign_flag that asks for this algorithm: "rsa-sha2-512". 0 for those that need none.
std::uint32_t sign_flags(std::string_view algorithm);

// Each takes the payload of an answer. Nothing, or false: the agent refused.
std::optional<std::vector<AgentKey>> read_identities(Bytes answer);
std::optional<std::vector<std::uint8_t>> read_signature(Bytes answer);
bool read_success(Bytes answer);

}  // namespace glassh
