// The keeper owns host keys and accounts; connections ask it. This is what they may ask.
//
// Keeper lives as long as what was read at one time (a Generation, server/setup.h). Job: opens a record for each
// connection that arrives.
// KeeperRecord lives as long as its connection. Job: answers that connection's requests. A request that comes in the
// wrong phase of the record, or too often, is an error of the caller: it throws std::logic_error, which ends the
// connection. Requests whose answer may take time are coroutines; they use the executor of their caller, and their
// arguments must live until they return.
//
// The answers of this process are server/login/local_keeper's. Nothing here tells where the keeper is, so that one in
// another process can take its place.
//
//   const auto record = keeper.arrived({addresses, std::move(place), trace});
//   core.provide_signature(co_await record->sign_exchange(wanted));
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/server_auth.h"
#include "proto/secret_bytes.h"
#include "proto/trace_sink.h"
#include "server/admission/startups.h"
#include "server/login/welcome.h"
#include "transport/key_exchange.h"

namespace glassh {

// A connection that was accepted.
struct Arrived {
  PeerAddresses addresses;
  Startups::Place place;       // given back when the login is complete, or the connection has left
  TraceSink* trace = nullptr;  // the decisions about the login; must outlive the record
};

// How a user may log in. It has the same form for a user who does not exist.
struct LoginTerms {
  ServerAuthSettings settings;  // with the banner
  bool user_is_known = false;   // for log lines; false also for a user whom AllowUsers and its like shut out
};

class KeeperRecord {
 public:
  virtual ~KeeperRecord() = default;

  // RFC 4253 section 8: the host key's signature over H. The first one makes H the session identifier; later ones are
  // for key exchanges before or after the login.
  virtual boost::asio::awaitable<std::vector<std::uint8_t>> sign_exchange(const SignatureWanted& wanted) = 0;
  // OpenSSH PROTOCOL section 2.5: the signature over the session identifier by the host key of this blob. Once for each
  // key, after the login.
  virtual boost::asio::awaitable<std::vector<std::uint8_t>> prove_host_key(Bytes host_key) = 0;

  // The peer wants to log in as `user`. Once: no later request names a user.
  virtual boost::asio::awaitable<LoginTerms> name(std::string user) = 0;
  // Whether this key would do.
  virtual boost::asio::awaitable<LoginDecision> try_key(const Credential& key) = 0;
  // Whether this key, whose signature was right, is accepted. The connection has checked the signature; a keeper in
  // another process will be given it.
  virtual boost::asio::awaitable<LoginDecision> prove_key(const Credential& key) = 0;
  // Whether this password is accepted. `method` is "password", "keyboard-interactive", or "none" with an empty
  // password.
  virtual boost::asio::awaitable<LoginDecision> try_password(std::string method, SecretBytes password) = 0;
  // All methods that the terms ask for have succeeded: the user may come in. Once.
  virtual boost::asio::awaitable<Welcome> complete() = 0;

  // The connection ends before it is served, which may cost its source this penalty. At most once, and the last
  // request.
  virtual void left(SourcePenalty penalty) = 0;
};

class Keeper {
 public:
  virtual ~Keeper() = default;
  // From any thread. The keeper must outlive the record.
  virtual std::unique_ptr<KeeperRecord> arrived(Arrived arrived) const = 0;
};

}  // namespace glassh
