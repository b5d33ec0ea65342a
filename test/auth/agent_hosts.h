// Hosts that prove their keys to an agent, and logins to sign, for tests of destination constraints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/agent_requests.h"
#include "crypto/keys/key.h"
#include "proto/messages_auth.h"

namespace glassh {

inline PrivateKey test_key(std::string_view type, std::uint64_t seed = 1) {
  SeededRng rng(seed);
  return PrivateKey::generate(type, rng, 2048);
}

// A server with its host key; the same number is the same host.
class TestHost {
 public:
  explicit TestHost(std::uint64_t number) : key_(test_key("ssh-ed25519", 1000 + number)) {}

  std::vector<std::uint8_t> key_blob() const { return copy_of(key_.public_key().blob()); }
  DestinationHop hop(std::string name, std::string user = "") const {
    return {std::move(user), std::move(name), {{key_blob(), false}}};
  }
  std::vector<std::uint8_t> signature_of(std::string_view session) const {
    return key_.sign("ssh-ed25519", bytes_of(session));
  }
  SecretBytes bind(std::string_view session, bool is_forwarding) const {
    return request_session_bind(key_blob(), bytes_of(session), signature_of(session), is_forwarding);
  }
  AgentBinding binding(std::string_view session, bool is_forwarding) const {
    return {key_blob(), copy_of(bytes_of(session)), is_forwarding};
  }

 private:
  PrivateKey key_;
};

// RFC 4252 section 7: what is signed to log in; host-bound if there is a host.
inline std::vector<std::uint8_t> login_data(std::string_view session, std::string_view user, const PrivateKey& key,
                                            const TestHost* host) {
  const std::vector<std::uint8_t> host_key = host != nullptr ? host->key_blob() : std::vector<std::uint8_t>{};
  msg::PublicKeySignedData data{.session_identifier = bytes_of(session), .user_name = user};
  data.service_name = "ssh-connection";
  if (host != nullptr) data.method_name = msg::PublicKeyHostboundRequest::name;
  data.algorithm = key.public_key().type();
  data.public_key = key.public_key().blob();
  data.server_host_key = host_key;
  return encode(data);
}

}  // namespace glassh
