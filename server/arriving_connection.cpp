#include "server/arriving_connection.h"

#include <algorithm>
#include <chrono>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proto/messages_auth.h"

namespace glassh {

namespace {

constexpr std::string_view preauth = " [preauth]";

// As OpenSSH since 9.8, up to four seconds more, here at most a quarter: those who came together do not all go
// together.
std::chrono::milliseconds grace_with_jitter(std::chrono::milliseconds grace, Rng& rng) {
  std::uint8_t random[4];
  rng.fill(random);
  const std::int64_t most = std::min<std::int64_t>(4000, grace.count() / 4);
  return grace + std::chrono::milliseconds(get_u32(random) % (most + 1));
}

std::string text_of_key(const Credential* key) {
  return key == nullptr ? std::string() : fmt::format(": {} {}", key->short_type(), key->fingerprint());
}

}  // namespace

ArrivingConnection::ArrivingConnection(ConnectionParts& parts) : parts_(parts) {
  const std::chrono::seconds grace(parts.context.config.login_grace_seconds);
  parts.core.set_login_grace(grace_with_jitter(grace, parts.context.rng));
}

// ---- questions, which the keeper's record answers

asio::awaitable<void> ArrivingConnection::on(const SignatureWanted& wanted) {
  const std::vector<std::uint8_t> signature = co_await parts_.record.sign_exchange(wanted);
  parts_.core.provide_signature(signature);
}

asio::awaitable<void> ArrivingConnection::on(const AuthSettingsWanted& wanted) {
  user_ = wanted.user;
  LoginTerms terms = co_await parts_.record.name(user_);
  user_is_known_ = terms.user_is_known;
  max_tries_ = terms.settings.max_tries;
  parts_.core.provide_auth_settings(std::move(terms.settings));
}

asio::awaitable<void> ArrivingConnection::on(const LoginAttempt& attempt) {
  if (attempt.method != msg::NoneRequest::name) tried_ = true;  // also if it leaves before it is answered
  LoginDecision decision = LoginDecision::refuse;
  if (attempt.key == nullptr) {
    decision = co_await parts_.record.try_password(std::string(attempt.method), SecretBytes(attempt.password));
  } else if (attempt.proved) {
    decision = co_await parts_.record.prove_key(*attempt.key);
  } else {
    decision = co_await parts_.record.try_key(*attempt.key);
  }
  parts_.core.decide_login(decision);
}

asio::awaitable<void> ArrivingConnection::on(const LoginComplete& login) {
  Welcome welcome = co_await parts_.record.complete();
  if (parts_.core.closed()) co_return;  // LoginGraceTime, or the server's end, came meanwhile
  welcome_ = std::move(welcome);
  parts_.core.welcome();
  parts_.context.log.info("Accepted {} for {} from {} ssh2{}", login.method, escaped(login.user),
                          text_of_peer(parts_.addresses), text_of_key(login.key));
  parts_.drive.relieve();
}

// ---- what is logged

// The line is written when the answer is out: its time does not tell a client that waits for it whether there is a line
// (past vulnerability 19). The line is also written for a peer that leaves meanwhile. The last answer, DISCONNECT,
// comes behind the lines, since everyone has one then.
asio::awaitable<void> ArrivingConnection::on(const AttemptAnswered& answered) {
  if (answered.method != msg::NoneRequest::name) {
    tried_ = true;
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);  // the drive writes the answer
  }
  log_answer(answered);
}

// In sshd's words, and as loud: it keeps the keys that an agent merely offers out of the log at INFO until there are
// many, and has no line at all for `none`, with which clients only ask, nor for keys of users who do not exist. A wrong
// password is always worth a line.
void ArrivingConnection::log_answer(const AttemptAnswered& answered) const {
  using Outcome = AttemptAnswered::Outcome;
  const Log& log = parts_.context.log;
  const Outcome outcome = answered.outcome;
  const bool postponed = outcome == Outcome::postponed;
  const bool password =
      answered.method == msg::PasswordRequest::name || answered.method == msg::KeyboardInteractiveRequest::name;
  const bool many = answered.failures > max_tries_ / 2;
  const bool loud = !user_is_known_ || many || (password && !postponed);
  const bool nobodys_key = answered.method == msg::PublicKeyRequest::name && !user_is_known_;
  const bool only_asked = answered.method == msg::NoneRequest::name || nobodys_key;
  const LogLevel level = only_asked ? LogLevel::debug1 : loud ? LogLevel::info : LogLevel::verbose;
  const std::string_view word = outcome == Outcome::failed ? "Failed" : postponed ? "Postponed" : "Partial";
  const std::string peer = text_of_peer(parts_.addresses);
  if (!answered.refusal.empty() && user_is_known_) {
    log.info("userauth_pubkey: {}{}", escaped(answered.refusal), preauth);
  }
  log.print(level, "{} {} for {} from {} ssh2{}", word, escaped(answered.method), user_text(), peer,
            postponed ? std::string(preauth) : text_of_key(answered.key));
  if (answered.last) {
    log.error("maximum authentication attempts exceeded for {} from {} ssh2{}", user_text(), peer, preauth);
  }
}

void ArrivingConnection::on(const Disconnected& disconnected) {
  leave(penalty_of_leaving());
  if (parts_.core.login_is_late()) {
    parts_.context.log.write(LogLevel::fatal,
                             fmt::format("Timeout before authentication for {}", text_of_peer(parts_.addresses)));
    return;
  }
  log_end(parts_, disconnected, who(), preauth);
}

void ArrivingConnection::leave(SourcePenalty penalty) {
  if (!parts_.shutting_down) parts_.record.left(penalty);
}

SourcePenalty ArrivingConnection::penalty_of_leaving() const {
  if (parts_.core.login_is_late()) return SourcePenalty::grace_exceeded;
  if (!user_.empty() && !user_is_known_) return SourcePenalty::invalid_user;
  return tried_ ? SourcePenalty::auth_fail : SourcePenalty::no_auth;
}

std::string ArrivingConnection::user_text() const { return (user_is_known_ ? "" : "invalid user ") + escaped(user_); }

std::string ArrivingConnection::who() const {
  std::string peer = text_of_peer(parts_.addresses);
  if (user_.empty()) return peer;
  return fmt::format("{} user {} {}", user_is_known_ ? "authenticating" : "invalid", escaped(user_), peer);
}

}  // namespace glassh
