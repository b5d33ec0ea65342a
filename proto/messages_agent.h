// The agent protocol: what ssh, ssh-add and the agent say to each other over the agent's socket or a forwarded channel.
//
// draft-miller-ssh-agent, OpenSSH PROTOCOL.agent; RFC 9987 where it is newer than the draft. A struct without a number
// is a tail: the contents of an AgentExtension by extension type. On the socket each message has its length in front
// as a uint32, which is not part of these. Adding keys is in messages_agent_keys.h. Who may ask for what is the agent's
// business.
//
//   const auto bytes = encode(msg::AgentSignRequest{.key_blob = key, .data = data});
#pragma once

#include <vector>

#include "proto/numbers.h"
#include "proto/wire.h"

namespace glassh::msg {

struct AgentFailure {
  static constexpr std::uint8_t number = agent_number::failure;
  static constexpr std::string_view name = "SSH_AGENT_FAILURE";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.1";

  static void fields(auto&, auto&) {}
};

struct AgentSuccess {
  static constexpr std::uint8_t number = agent_number::success;
  static constexpr std::string_view name = "SSH_AGENT_SUCCESS";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.1";

  Rest contents = {};  // empty, but for older answers to an extension

  static void fields(auto& self, auto& field) { field("contents", self.contents); }
};

// ----------------------------------------------------------------------------------------------------------------
// keys: list, sign, remove

struct AgentRequestIdentities {
  static constexpr std::uint8_t number = agent_number::request_identities;
  static constexpr std::string_view name = "SSH_AGENTC_REQUEST_IDENTITIES";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.4";

  static void fields(auto&, auto&) {}
};

struct AgentIdentity {
  Bytes key_blob = {};
  std::string_view comment = {};

  static void fields(auto& self, auto& field) {
    field("key_blob", self.key_blob);
    field("comment", self.comment);
  }
};

struct AgentIdentitiesAnswer {
  static constexpr std::uint8_t number = agent_number::identities_answer;
  static constexpr std::string_view name = "SSH_AGENT_IDENTITIES_ANSWER";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.4";

  std::vector<AgentIdentity> keys = {};

  static void fields(auto& self, auto& field) { field("keys", self.keys); }
};

struct AgentSignRequest {
  static constexpr std::uint8_t number = agent_number::sign_request;
  static constexpr std::string_view name = "SSH_AGENTC_SIGN_REQUEST";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.5";

  Bytes key_blob = {};
  Bytes data = {};
  std::uint32_t flags = 0;  // agent_sign_flag

  static void fields(auto& self, auto& field) {
    field("key_blob", self.key_blob);
    field("data", self.data);
    field("flags", self.flags);
  }
};

struct AgentSignResponse {
  static constexpr std::uint8_t number = agent_number::sign_response;
  static constexpr std::string_view name = "SSH_AGENT_SIGN_RESPONSE";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.5";

  Bytes signature = {};

  static void fields(auto& self, auto& field) { field("signature", self.signature); }
};

struct AgentRemoveIdentity {
  static constexpr std::uint8_t number = agent_number::remove_identity;
  static constexpr std::string_view name = "SSH_AGENTC_REMOVE_IDENTITY";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.3";

  Bytes key_blob = {};

  static void fields(auto& self, auto& field) { field("key_blob", self.key_blob); }
};

struct AgentRemoveAllIdentities {
  static constexpr std::uint8_t number = agent_number::remove_all_identities;
  static constexpr std::string_view name = "SSH_AGENTC_REMOVE_ALL_IDENTITIES";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.3";

  static void fields(auto&, auto&) {}
};

// ----------------------------------------------------------------------------------------------------------------
// locking

struct AgentLock {
  static constexpr std::uint8_t number = agent_number::lock;
  static constexpr std::string_view name = "SSH_AGENTC_LOCK";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.6";

  Hidden passphrase = {};

  static void fields(auto& self, auto& field) { field("passphrase", self.passphrase); }
};

struct AgentUnlock {
  static constexpr std::uint8_t number = agent_number::unlock;
  static constexpr std::string_view name = "SSH_AGENTC_UNLOCK";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.6";

  Hidden passphrase = {};

  static void fields(auto& self, auto& field) { field("passphrase", self.passphrase); }
};

// ----------------------------------------------------------------------------------------------------------------
// extensions

struct AgentExtension {
  static constexpr std::uint8_t number = agent_number::extension;
  static constexpr std::string_view name = "SSH_AGENTC_EXTENSION";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.7";

  std::string_view extension_type = {};
  Rest extension_contents = {};

  static void fields(auto& self, auto& field) {
    field("extension_type", self.extension_type);
    field("extension_contents", self.extension_contents);
  }
};

struct AgentExtensionFailure {
  static constexpr std::uint8_t number = agent_number::extension_failure;
  static constexpr std::string_view name = "SSH_AGENT_EXTENSION_FAILURE";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.7";

  static void fields(auto&, auto&) {}
};

struct AgentExtensionResponse {
  static constexpr std::uint8_t number = agent_number::extension_response;
  static constexpr std::string_view name = "SSH_AGENT_EXTENSION_RESPONSE";
  static constexpr std::string_view section = "RFC 9987";

  std::string_view extension_type = {};
  Rest extension_contents = {};

  static void fields(auto& self, auto& field) {
    field("extension_type", self.extension_type);
    field("extension_contents", self.extension_contents);
  }
};

struct AgentQuery {
  static constexpr std::string_view name = "query";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.7.1";

  static void fields(auto&, auto&) {}
};

struct AgentExtensionName {
  std::string_view extension_type = {};

  static void fields(auto& self, auto& field) { field("extension_type", self.extension_type); }
};

struct AgentQueryReply {
  static constexpr std::string_view name = "reply to query";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.7.1";

  RestOf<AgentExtensionName> extension_types = {};

  static void fields(auto& self, auto& field) { field("extension_types", self.extension_types); }
};

struct AgentSessionBind {
  static constexpr std::string_view name = "session-bind@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL.agent section 1";

  Bytes hostkey = {};
  Bytes session_identifier = {};
  Bytes signature = {};  // the server's, of the session identifier
  bool is_forwarding = false;

  static void fields(auto& self, auto& field) {
    field("hostkey", self.hostkey);
    field("session_identifier", self.session_identifier);
    field("signature", self.signature);
    field("is_forwarding", self.is_forwarding);
  }
};

}  // namespace glassh::msg
