// The agent itself, without I/O: it holds private keys, and signs with them for those who may ask.
//
// draft-miller-ssh-agent, OpenSSH PROTOCOL.agent. Requests come in through an AgentConnection, one for each connection;
// answers go out as payloads. What takes time is asked for: a person's consent (ConfirmationWanted), and waiting after
// wrong unlock passphrases (WaitWanted). Time is an argument. A key with an unknown
// constraint is refused; the constraint is never dropped. Certificates and tokens are not supported and are refused.
//
//   AgentConnection session(agent);  auto answer = session.on_request(payload, now);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/agent_destinations.h"
#include "crypto/keys/credential.h"
#include "crypto/rng.h"
#include "proto/secret_bytes.h"

namespace glassh {

using AgentTime = std::chrono::steady_clock::time_point;

struct AgentReply {
  std::vector<std::uint8_t> payload;  // without its length
};
// The user must agree before this key signs: ask, and answer AgentConnection::confirmed().
struct ConfirmationWanted {
  std::string question;
};
// Hand in the same request again at that time, not before.
struct WaitWanted {
  AgentTime until;
};
using AgentAnswer = std::variant<AgentReply, ConfirmationWanted, WaitWanted>;

struct AgentSettings {
  std::optional<std::chrono::seconds> default_lifetime;  // -t: for keys that come without one
  HashName fingerprint_hash = HashName::sha256;          // in questions
  std::function<void(const std::string&)> log = {};      // what was asked and what was refused, and why; may be empty
};

class Agent {
 public:
  // `rng` must outlive it.
  Agent(AgentSettings settings, Rng& rng);

  // Forgets keys whose time is over.
  void set_now(AgentTime now);
  std::optional<AgentTime> next_deadline() const;  // when the next key's time is over
  std::size_t key_count() const { return keys_.size(); }
  bool locked() const { return lock_.has_value(); }

 private:
  friend class AgentConnection;
  struct Key {
    Credential credential;  // what is listed, and what requests name the key by
    PrivateKey key;         // what signs
    std::string comment;
    std::optional<AgentTime> expires;
    bool confirm = false;
    std::vector<DestinationRule> destinations;
  };
  struct Lock {
    std::vector<std::uint8_t> salt;
    Digest digest;  // of salt and passphrase
  };

  Key* find(Bytes blob);
  bool can_list(const Key& added) const;
  void log(const std::string& text) const;
  Digest digest_of(Bytes passphrase, Bytes salt) const;

  AgentSettings settings_;
  Rng& rng_;
  std::vector<Key> keys_;  // in the order in which they were added
  std::optional<Lock> lock_;
  unsigned wrong_unlocks_ = 0;
  AgentTime next_unlock_{};  // before then no unlock passphrase is tried, from any client
};

// One connection to the agent.
class AgentConnection {
 public:
  explicit AgentConnection(Agent& agent) : agent_(agent) {}  // which must outlive it

  // `payload` is one request, its number first. After ConfirmationWanted comes confirmed(), and nothing else before.
  AgentAnswer on_request(Bytes payload, AgentTime now);
  AgentReply confirmed(bool yes);

  const std::vector<AgentBinding>& bindings() const { return bindings_; }

 private:
  struct Unconfirmed {
    std::vector<std::uint8_t> key_blob;
    std::vector<std::uint8_t> data;
    std::string algorithm;
  };

  AgentAnswer answer(Bytes payload, AgentTime now);
  AgentReply list() const;
  AgentAnswer on_sign(Bytes payload);
  AgentReply sign(const Agent::Key& key, std::string_view algorithm, Bytes data) const;
  AgentReply on_add(Bytes payload, bool constrained, AgentTime now);
  AgentReply on_remove(Bytes payload);
  AgentReply on_remove_all();
  AgentReply on_lock(Bytes payload);
  AgentAnswer on_unlock(Bytes payload, AgentTime now);
  AgentReply on_extension(Bytes payload);
  bool bind(Bytes contents);
  bool may_see(const Agent::Key& key) const;

  Agent& agent_;
  std::vector<AgentBinding> bindings_;
  bool bind_failed_ = false;  // a binding was tried and refused: this may be anybody's connection
  std::optional<Unconfirmed> unconfirmed_;
};

}  // namespace glassh
