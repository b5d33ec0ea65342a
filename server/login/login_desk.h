// One connection's record at the keeper in this process: who asks to come in, what was proved, and how far it is.
//
// Lives from the accept to the end of the connection. Job: answers the requests of keeper.h, each only in its phase;
// login_desk.cpp has all transitions:
//
//   arrived → keyed → named ⇄ judging → complete → handed          any of them → gone
//
// The data that only a login needs (the user, the keys' options, the place among MaxStartups) dies with the login. A
// refusal is sent late, so that the time does not tell its reason (failure_delay.h). RFC 4252 sections 5, 7 and 8.
//
//   LoginDesk desk(facts, std::move(arrived));  const LoginTerms terms = co_await desk.name("ann");
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "server/host_key_signer.h"
#include "server/log.h"
#include "server/login/keeper.h"
#include "server/login/login.h"
#include "server/login/passwords.h"

namespace glassh {

// Known to the keeper, and not to connections.
struct KeeperFacts {
  std::shared_ptr<const ServerConfig> config;  // as read, before Match
  HostKeySigner host_keys;
  std::string server_version;                    // V_S of every key exchange
  std::vector<std::string> host_key_algorithms;  // that a key exchange may agree on
  const Account& account;                        // of the user who runs glasshd, the only one that can log in
  const Log& log;
  Passwords& passwords;
};

class LoginDesk final : public KeeperRecord {
 public:
  enum class Phase {
    arrived,   // nothing is signed
    keyed,     // there is a session identifier
    named,     // and a user, who may exist
    judging,   // a key or a password is being judged
    complete,  // all methods that are needed have succeeded
    handed,    // the welcome was given: the login is over
    gone,      // the connection has left
  };

  // `facts` must outlive it.
  LoginDesk(const KeeperFacts& facts, Arrived arrived);
  ~LoginDesk() override;

  boost::asio::awaitable<std::vector<std::uint8_t>> sign_exchange(const SignatureWanted& wanted) override;
  boost::asio::awaitable<std::vector<std::uint8_t>> prove_host_key(Bytes host_key) override;
  boost::asio::awaitable<LoginTerms> name(std::string user) override;
  boost::asio::awaitable<LoginDecision> try_key(const Credential& key) override;
  boost::asio::awaitable<LoginDecision> prove_key(const Credential& key) override;
  boost::asio::awaitable<LoginDecision> try_password(std::string method, SecretBytes password) override;
  boost::asio::awaitable<Welcome> complete() override;
  void left(SourcePenalty penalty) override;

  Phase phase() const { return phase_; }

 private:
  struct Applicant;  // what only the login needs

  enum class Request { sign_exchange, prove_host_key, name, try_key, prove_key, try_password, complete, left };
  static constexpr std::size_t request_count = 8;
  struct Row;
  static const std::array<Row, request_count> rows;

  // Throws std::logic_error where the table has no such request in this phase, or not so often.
  void expect(Request request);
  // Throws std::logic_error for an exchange that is not this server's, not this connection's, or one too many.
  void expect_exchange(const SignatureWanted& wanted);
  void expect_a_try_left() const;
  void expect_method(std::string_view method) const;
  void log_user(const std::string& why) const;
  boost::asio::awaitable<LoginVerdict> judge_key(const Credential& key);
  // Back from judging. If the connection has left meanwhile, nothing changes and the answer is no. Else: whether the
  // verdict stands before AllowUsers, PermitRootLogin and the options of earlier keys.
  LoginDecision settle(std::string_view method, const Credential* key, bool proved, LoginVerdict verdict);
  bool grant(std::string_view method, const Credential* key, const KeyOptions& options);
  LoginOrigin origin() const;
  std::string peer() const;  // "192.0.2.1 port 50000"

  const KeeperFacts& facts_;
  const PeerAddresses addresses_;
  TraceSink* trace_;
  const std::shared_ptr<SlowCaller> slow_;
  Phase phase_ = Phase::arrived;
  std::array<unsigned, request_count> times_{};
  std::shared_ptr<Applicant> applicant_;           // from arrived to complete; what is being judged holds it, too
  unsigned exchanges_ = 0;                         // before the login is over
  std::string client_version_;                     // V_C of the first key exchange; from keyed on
  std::vector<std::uint8_t> session_id_;           // from keyed on
  std::string host_key_algorithm_;                 // of the latest key exchange
  std::vector<std::vector<std::uint8_t>> proved_;  // host keys that have signed the session identifier
};

}  // namespace glassh
