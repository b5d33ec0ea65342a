#include "auth/agent.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "auth/agent_frame.h"
#include "crypto/constant_time.h"
#include "crypto/keys/key_fields.h"
#include "proto/messages_agent.h"
#include "proto/messages_agent_keys.h"
#include "proto/safe_text.h"

namespace glassh {

namespace {

constexpr std::size_t most_keys = 1000;
constexpr std::size_t most_bindings = 16;  // hops
// After the n-th wrong passphrase in a row the next one is not looked at for n times this, at most 10 seconds.
constexpr std::chrono::milliseconds unlock_delay{100};
constexpr unsigned most_delays = 100;
constexpr std::size_t salt_size = 16;

AgentReply success() { return {encode(msg::AgentSuccess{})}; }
AgentReply failure() { return {encode(msg::AgentFailure{})}; }

// Somebody else's text inside a line for a person.
std::string one_line(std::string_view text) {
  std::string out = made_safe(text, TextFor::trace, 200);
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

}  // namespace

// ----------------------------------------------------------------------------------------------------------------
// what all connections share

Agent::Agent(AgentSettings settings, Rng& rng) : settings_(std::move(settings)), rng_(rng) {}

void Agent::set_now(AgentTime now) {
  std::erase_if(keys_, [&](const Key& key) {
    const bool over = key.expires && *key.expires <= now;
    if (over) log(fmt::format("the time of key {} is over", key.credential.fingerprint()));
    return over;
  });
}

std::optional<AgentTime> Agent::next_deadline() const {
  std::optional<AgentTime> earliest;
  for (const Key& key : keys_) {
    if (key.expires && (!earliest || *key.expires < *earliest)) earliest = key.expires;
  }
  return earliest;
}

Agent::Key* Agent::find(Bytes blob) {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return equal(key.credential.blob(), blob); });
  return found != keys_.end() ? &*found : nullptr;
}

void Agent::log(const std::string& text) const {
  if (settings_.log) settings_.log(text);
}

Digest Agent::digest_of(Bytes passphrase, Bytes salt) const { return hmac(HashName::sha256, salt, passphrase); }

// ----------------------------------------------------------------------------------------------------------------
// one request

// The only place that catches what the other side did wrong: it gets its refusal, and the agent goes on.
AgentAnswer AgentConnection::on_request(Bytes payload, AgentTime now) {
  agent_.set_now(now);
  try {
    return answer(payload, now);
  } catch (const ProtocolError& error) {
    agent_.log(error.what());
  } catch (const std::runtime_error& error) {  // libcrypto
    agent_.log(error.what());
  }
  return failure();
}

AgentAnswer AgentConnection::answer(Bytes payload, AgentTime now) {
  if (payload.empty()) return failure();
  const std::uint8_t number = payload[0];
  if (number == agent_number::unlock) return on_unlock(payload, now);
  // Past vulnerability 93: a binding counts while the agent is locked, too. Else a connection from afar would pass for
  // a local one after the lock has been opened.
  if (number == agent_number::extension) return on_extension(payload);
  if (agent_.locked()) {
    if (number == agent_number::request_identities) return AgentReply{encode(msg::AgentIdentitiesAnswer{})};
    return failure();
  }
  switch (number) {
    case agent_number::request_identities:
      return list();
    case agent_number::sign_request:
      return on_sign(payload);
    case agent_number::add_identity:
      return on_add(payload, false, now);
    case agent_number::add_id_constrained:
      return on_add(payload, true, now);
    case agent_number::remove_identity:
      return on_remove(payload);
    case agent_number::remove_all_identities:
      return on_remove_all();
    case agent_number::lock:
      return on_lock(payload);
    default:
      // draft-miller-ssh-agent section 4.1: among them tokens, and what nobody has thought of yet.
      agent_.log(fmt::format("request {} is not supported", number));
      return failure();
  }
}

// OpenSSH PROTOCOL.agent section 2: a restricted key is there only for those whose path it may be used on.
bool AgentConnection::may_see(const Agent::Key& key) const {
  if (key.destinations.empty()) return true;
  if (bind_failed_) return false;
  return permits_listing(key.destinations, bindings_);
}

AgentReply AgentConnection::list() const {
  msg::AgentIdentitiesAnswer answer;
  for (const Agent::Key& key : agent_.keys_) {
    if (may_see(key)) answer.keys.push_back({key.credential.blob(), key.comment});
  }
  return {encode(answer)};
}

// ----------------------------------------------------------------------------------------------------------------
// signing

namespace {

// draft-miller-ssh-agent section 4.5.1. Nothing: flags that mean nothing for such a key.
// Deviation: without a flag an "ssh-rsa" key would sign with SHA-1, which nobody here does. It signs with SHA-256
// instead; whoever insists on SHA-1 sees the algorithm's name and refuses it, but OpenSSH's `ssh-add -T` is content.
std::optional<std::string_view> algorithm_for(std::string_view key_type, std::uint32_t flags) {
  if (key_type != "ssh-rsa") return flags == 0 ? std::optional(key_type) : std::nullopt;
  if (flags == 0) return "rsa-sha2-256";
  if (flags == agent_sign_flag::rsa_sha2_256) return "rsa-sha2-256";
  if (flags == agent_sign_flag::rsa_sha2_512) return "rsa-sha2-512";
  return std::nullopt;
}

}  // namespace

AgentAnswer AgentConnection::on_sign(Bytes payload) {
  const auto request = decode<msg::AgentSignRequest>(payload);
  const Agent::Key* const key = agent_.find(request.key_blob);
  if (key == nullptr || !may_see(*key)) {
    agent_.log("asked to sign with a key that is not there");
    return failure();
  }
  const std::string_view type = key->key.public_key().type();
  const auto algorithm = algorithm_for(type, request.flags);
  if (!algorithm) {
    agent_.log(fmt::format("a {} key does not sign with flags {:#x}", type, request.flags));
    return failure();
  }
  const auto login = parse_login_to_sign(request.data);
  if (!key->destinations.empty()) {
    auto refused = why_not_sign(key->destinations, bindings_, login);
    if (!refused && !equal(login->public_key, key->credential.blob())) refused = "the login is with another key";
    if (refused) {
      agent_.log(fmt::format("key {} does not sign: {}", key->credential.fingerprint(), *refused));
      return failure();
    }
  }
  if (!key->confirm) return sign(*key, *algorithm, request.data);

  unconfirmed_ = Unconfirmed{copy_of(request.key_blob), copy_of(request.data), std::string(*algorithm)};
  std::string question = fmt::format("Allow use of key {}?\nKey fingerprint {}.", one_line(key->comment),
                                     key->credential.fingerprint(agent_.settings_.fingerprint_hash));
  if (login) question += fmt::format("\nIt is to log in as user {}", one_line(login->user));
  const std::string host = key->destinations.empty() ? "" : destination_name(key->destinations, bindings_);
  if (!host.empty()) question += fmt::format(" at host {}", one_line(host));
  return ConfirmationWanted{std::move(question)};
}

// Meanwhile the key may have gone, or the agent may have been locked.
AgentReply AgentConnection::confirmed(bool yes) {
  const std::optional<Unconfirmed> asked = std::exchange(unconfirmed_, std::nullopt);
  if (!asked || !yes || agent_.locked()) return failure();
  const Agent::Key* const key = agent_.find(asked->key_blob);
  return key != nullptr && may_see(*key) ? sign(*key, asked->algorithm, asked->data) : failure();
}

AgentReply AgentConnection::sign(const Agent::Key& key, std::string_view algorithm, Bytes data) const {
  try {
    const std::vector<std::uint8_t> signature = key.key.sign(algorithm, data);
    return {encode(msg::AgentSignResponse{signature})};
  } catch (const std::exception& error) {
    agent_.log(fmt::format("key {}: {}", key.credential.fingerprint(), error.what()));
    return failure();
  }
}

// ----------------------------------------------------------------------------------------------------------------
// adding and removing

namespace {

struct Constraints {
  std::optional<std::uint32_t> lifetime_seconds;
  bool confirm = false;
  std::vector<DestinationRule> destinations;
};

// draft-miller-ssh-agent section 4.2.6, past vulnerability 92: what we do not know, or would read in two ways, refuses
// the key.
Constraints read_constraints(const std::vector<msg::AgentConstraint>& items) {
  Constraints out;
  for (const msg::AgentConstraint& item : items) {
    if (item.type == agent_constraint::lifetime) {
      if (out.lifetime_seconds) throw ProtocolError("constraints: a second lifetime");
      if (item.seconds == 0) throw ProtocolError("constraints: a lifetime of 0 seconds");
      out.lifetime_seconds = item.seconds;
    } else if (item.type == agent_constraint::confirm) {
      if (out.confirm) throw ProtocolError("constraints: a second confirmation");
      out.confirm = true;
    } else if (item.type == agent_constraint::extension &&
               item.extension_name == msg::AgentConstraint::restrict_destination) {
      if (!out.destinations.empty()) throw ProtocolError("constraints: a second restrict-destination");
      out.destinations = decode_destinations(item.destinations);
    } else {
      throw ProtocolError(fmt::format("constraints: type {} {} is not supported, so the key is refused", item.type,
                                      one_line(item.extension_name)));
    }
  }
  return out;
}

}  // namespace

// Clients read answers up to a limit. One key with a comment that is too long would hide all the others from them.
bool Agent::can_list(const Key& added) const {
  msg::AgentIdentitiesAnswer answer{.keys = {{added.credential.blob(), added.comment}}};
  for (const Key& key : keys_) {
    if (key.credential != added.credential) answer.keys.push_back({key.credential.blob(), key.comment});
  }
  return measure(answer) <= agent_message_limit;
}

AgentReply AgentConnection::on_add(Bytes payload, bool constrained, AgentTime now) {
  Decoder decoder(constrained ? msg::AgentAddIdConstrained::name : msg::AgentAddIdentity::name, payload);
  std::uint8_t number = 0;
  std::string_view comment;
  RestOf<msg::AgentConstraint> items;
  decoder("number", number);
  PrivateKey key = read_private_key_fields(decoder);
  decoder("comment", comment);
  if (constrained) decoder("constraints", items);
  decoder.finish();
  Constraints constraints = read_constraints(items.items);

  std::optional<AgentTime> expires;
  if (constraints.lifetime_seconds) {
    expires = now + std::chrono::seconds(*constraints.lifetime_seconds);
  } else if (agent_.settings_.default_lifetime) {
    expires = now + *agent_.settings_.default_lifetime;
  }
  Agent::Key added{
      .credential = Credential(key.public_key()),
      .key = std::move(key),
      .comment = std::string(comment),
      .expires = expires,
      .confirm = constraints.confirm,
      .destinations = std::move(constraints.destinations),
  };
  if (!agent_.can_list(added)) {
    agent_.log(fmt::format("key {} is refused: with its comment of {} bytes, no client could read the list of keys",
                           added.credential.fingerprint(), comment.size()));
    return failure();
  }
  agent_.log(fmt::format("adding key {} {}", added.credential.fingerprint(), one_line(comment)));
  if (Agent::Key* const known = agent_.find(added.credential.blob())) {
    // Who may not see a key shall not loosen what it is bound to.
    if (!may_see(*known)) return failure();
    *known = std::move(added);
    return success();
  }
  if (agent_.keys_.size() >= most_keys) {
    agent_.log(fmt::format("it has {} keys already, which is the limit", most_keys));
    return failure();
  }
  agent_.keys_.push_back(std::move(added));
  return success();
}

AgentReply AgentConnection::on_remove(Bytes payload) {
  const auto request = decode<msg::AgentRemoveIdentity>(payload);
  const Agent::Key* const key = agent_.find(request.key_blob);
  if (key == nullptr || !may_see(*key)) return failure();
  agent_.keys_.erase(agent_.keys_.begin() + (key - agent_.keys_.data()));
  return success();
}

AgentReply AgentConnection::on_remove_all() {
  agent_.keys_.clear();
  return success();
}

// ----------------------------------------------------------------------------------------------------------------
// locking

AgentReply AgentConnection::on_lock(Bytes payload) {
  const auto request = decode<msg::AgentLock>(payload);
  Agent::Lock lock{std::vector<std::uint8_t>(salt_size), {}};
  agent_.rng_.fill(lock.salt);
  lock.digest = agent_.digest_of(request.passphrase.bytes, lock.salt);
  agent_.lock_ = std::move(lock);
  return success();
}

// draft-miller-ssh-agent section 4.6: guessing is slow, over all connections together.
AgentAnswer AgentConnection::on_unlock(Bytes payload, AgentTime now) {
  const auto request = decode<msg::AgentUnlock>(payload);
  if (!agent_.locked()) return failure();
  if (now < agent_.next_unlock_) return WaitWanted{agent_.next_unlock_};
  const Digest digest = agent_.digest_of(request.passphrase.bytes, agent_.lock_->salt);
  if (!equal_in_constant_time(digest.bytes(), agent_.lock_->digest.bytes())) {
    agent_.wrong_unlocks_ = std::min(agent_.wrong_unlocks_ + 1, most_delays);
    agent_.next_unlock_ = now + agent_.wrong_unlocks_ * unlock_delay;
    agent_.log(fmt::format("wrong passphrase to unlock, number {} in a row", agent_.wrong_unlocks_));
    return failure();
  }
  agent_.lock_.reset();
  agent_.wrong_unlocks_ = 0;
  return success();
}

// ----------------------------------------------------------------------------------------------------------------
// extensions

AgentReply AgentConnection::on_extension(Bytes payload) {
  const auto request = decode<msg::AgentExtension>(payload);
  if (request.extension_type == msg::AgentSessionBind::name) {
    bool good = false;
    try {
      good = bind(request.extension_contents.bytes);
    } catch (const ProtocolError& error) {
      agent_.log(error.what());
    }
    if (!good) bind_failed_ = true;
    return good ? success() : AgentReply{encode(msg::AgentExtensionFailure{})};
  }
  if (request.extension_type == msg::AgentQuery::name) {
    const msg::AgentQueryReply reply{{{{msg::AgentQuery::name}, {msg::AgentSessionBind::name}}}};
    const std::vector<std::uint8_t> names = encode(reply);
    return {encode(msg::AgentSuccess{{names}})};
  }
  // draft-miller-ssh-agent section 4.7: an extension that we do not have gets the plain failure.
  agent_.log(fmt::format("extension {} is not supported", one_line(request.extension_type)));
  return failure();
}

// OpenSSH PROTOCOL.agent section 1
bool AgentConnection::bind(Bytes contents) {
  const auto request = decode<msg::AgentSessionBind>(contents);
  const Credential host_key = Credential::decode(request.hostkey);
  Decoder signature("signature", request.signature);
  std::string_view algorithm;
  signature("algorithm", algorithm);
  if (!host_key.key().verify(algorithm, request.session_identifier, request.signature)) {
    agent_.log("session-bind: the host key did not sign that session identifier");
    return false;
  }
  for (const AgentBinding& known : bindings_) {
    // After a login on this connection no hop can follow.
    if (!known.is_forwarding) {
      agent_.log("session-bind: the connection is bound to a login already");
      return false;
    }
    if (!equal(known.session_id, request.session_identifier)) continue;
    agent_.log("session-bind: this session is bound already");
    return equal(known.host_key, request.hostkey) && known.is_forwarding == request.is_forwarding;
  }
  if (bindings_.size() >= most_bindings) {
    agent_.log(fmt::format("session-bind: {} hops are the limit", most_bindings));
    return false;
  }
  bindings_.push_back({copy_of(request.hostkey), copy_of(request.session_identifier), request.is_forwarding});
  agent_.log(fmt::format("session-bind: {} {}", host_key.fingerprint(),
                         request.is_forwarding ? "forwards the agent" : "is logged in to"));
  return true;
}

}  // namespace glassh
