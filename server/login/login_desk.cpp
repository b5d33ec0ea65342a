#include "server/login/login_desk.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "crypto/kex/kex_method.h"
#include "proto/messages_auth.h"
#include "proto/messages_forward.h"
#include "server/login/access.h"
#include "server/login/failure_delay.h"
#include "server/login/login_terms.h"
#include "transport/login_budget.h"

namespace glassh {

namespace asio = boost::asio;

// ---- which request is allowed when

struct LoginDesk::Row {
  Request request;
  const char* name;
  unsigned phases;  // a bit for each phase
  unsigned most;    // requests of one connection; 0: no limit here
};

namespace {

constexpr unsigned bit(LoginDesk::Phase phase) { return 1U << static_cast<unsigned>(phase); }

using Phase = LoginDesk::Phase;
// While a key or a password is judged the core reads nothing, so it has no key exchange either.
constexpr unsigned while_it_reads = bit(Phase::arrived) | bit(Phase::keyed) | bit(Phase::named) | bit(Phase::complete);
constexpr unsigned before_the_end = while_it_reads | bit(Phase::judging);
// The same as ServerAuth's limit of requests, so that a client cannot search for keys without end.
constexpr unsigned most_tries = 128;

}  // namespace

const std::array<LoginDesk::Row, LoginDesk::request_count> LoginDesk::rows = {{
    {Request::sign_exchange, "sign_exchange", while_it_reads | bit(Phase::handed), 0},
    {Request::prove_host_key, "prove_host_key", bit(Phase::handed), 0},
    {Request::name, "name", bit(Phase::keyed), 1},
    {Request::try_key, "try_key", bit(Phase::named), most_tries},
    {Request::prove_key, "prove_key", bit(Phase::named), most_tries},
    {Request::try_password, "try_password", bit(Phase::named), most_tries},
    {Request::complete, "complete", bit(Phase::complete), 1},
    {Request::left, "left", before_the_end | bit(Phase::handed), 1},
}};

void LoginDesk::expect(Request request) {
  const auto index = static_cast<std::size_t>(request);
  const Row& row = rows.at(index);
  if ((row.phases & bit(phase_)) == 0) {
    throw std::logic_error(
        fmt::format("LoginDesk: {} in phase {} of the record", row.name, static_cast<unsigned>(phase_)));
  }
  if (row.most > 0 && ++times_.at(index) > row.most) {
    throw std::logic_error(fmt::format("LoginDesk: {} for the {}th time", row.name, times_.at(index)));
  }
}

// ---- what only the login needs

struct LoginDesk::Applicant {
  explicit Applicant(Startups::Place its_place) : place(std::move(its_place)) {}

  Startups::Place place;
  std::string user;                            // from named on
  bool is_known = false;                       // false also for a user whom AllowUsers and its like shut out
  std::shared_ptr<const ServerConfig> config;  // that applies: the one for everybody, until the user is named
  std::optional<AuthenticationProgress> progress;
  unsigned failures = 0;
  std::vector<PublicKey> used_keys;  // each was accepted once, with a certificate or without
  // Of all keys that have proved something in this login (past vulnerability 14), and what was proved.
  KeyOptions options;
  std::string auth_info;
};

LoginDesk::LoginDesk(const KeeperFacts& facts, Arrived arrived)
    : facts_(facts),
      addresses_(std::move(arrived.addresses)),
      trace_(arrived.trace),
      slow_(std::make_shared<SlowCaller>("", addresses_.remote_host)),
      applicant_(std::make_shared<Applicant>(std::move(arrived.place))) {}

LoginDesk::~LoginDesk() = default;

// ---- host keys

namespace {

Digest hash_of(const ExchangeParts& parts) {
  if (parts.kex == group_exchange_name) return exchange_hash(parts, HashName::sha256, true);
  const auto method = make_kex_method(parts.kex);
  return exchange_hash(parts, method->hash(), method->shares_are_mpints());
}

}  // namespace

// The core keeps all of this by itself. A core that was taken over could otherwise have exchanges of other servers and
// other connections signed. LoginBudget ends an honest core's connection before the limit here is passed.
void LoginDesk::expect_exchange(const SignatureWanted& wanted) {
  if (wanted.parts.server_version != facts_.server_version) {
    throw std::logic_error("LoginDesk: V_S of a key exchange is not ours");
  }
  if (phase_ != Phase::arrived && wanted.parts.client_version != client_version_) {
    throw std::logic_error("LoginDesk: V_C of a key exchange is not the first one's");
  }
  const std::vector<std::string>& ours = facts_.host_key_algorithms;
  if (std::find(ours.begin(), ours.end(), wanted.host_key_algorithm) == ours.end()) {
    throw std::logic_error("LoginDesk: the host key algorithm of a key exchange is not configured");
  }
  if (phase_ == Phase::handed) return;
  if (exchanges_ >= LoginBudget::most_key_exchanges) {
    throw std::logic_error(fmt::format("LoginDesk: more than {} key exchanges before the login", exchanges_));
  }
  ++exchanges_;
}

// H is computed here from its parts. So what a host key signs is always an exchange hash, and the session identifier is
// our own knowledge.
asio::awaitable<std::vector<std::uint8_t>> LoginDesk::sign_exchange(const SignatureWanted& wanted) {
  expect(Request::sign_exchange);
  expect_exchange(wanted);
  const Digest hash = hash_of(wanted.parts);
  std::vector<std::uint8_t> signature =
      facts_.host_keys.sign(wanted.parts.host_key, wanted.host_key_algorithm, hash.bytes());
  host_key_algorithm_ = wanted.host_key_algorithm;
  if (phase_ == Phase::arrived) {
    client_version_ = wanted.parts.client_version;
    session_id_ = copy_of(hash.bytes());
    phase_ = Phase::keyed;
  }
  co_return signature;
}

// RSA keys sign as they do in the key exchange, if one of them does there; never with SHA-1.
asio::awaitable<std::vector<std::uint8_t>> LoginDesk::prove_host_key(Bytes host_key) {
  expect(Request::prove_host_key);
  const PublicKey* const key = facts_.host_keys.find(host_key);
  if (key == nullptr) throw std::runtime_error("asked to sign with a host key that is not ours");
  const bool again =
      std::any_of(proved_.begin(), proved_.end(), [&](const auto& each) { return equal(each, host_key); });
  if (again) throw std::logic_error("LoginDesk: a host key is to be proved a second time");
  proved_.push_back(copy_of(host_key));
  std::string algorithm(key->type());
  if (algorithm == "ssh-rsa") {
    algorithm = key_type_of_algorithm(host_key_algorithm_) == algorithm ? host_key_algorithm_ : "rsa-sha2-512";
  }
  const auto data = encode(msg::HostKeyProofSignedData{.session_identifier = session_id_, .host_key = host_key});
  co_return facts_.host_keys.sign(host_key, algorithm, data);
}

// ---- the user

namespace {

// The configuration, the groups and the system's files, as they are for one user.
struct UserTerms {
  std::shared_ptr<const ServerConfig> config;  // that applies
  std::string why_not;                         // AllowUsers and its like; empty: the user may try
  ServerAuthSettings settings;
};

// For a user who does not exist, others are looked up instead and not used: the time does not tell which user exists.
std::vector<std::string> groups_of(const std::string& user, const Account& account) {
  std::vector<std::string> names = group_names(user);
  if (names.empty() && user != account.name) group_names(account.name);
  return names;
}

// Match, AllowUsers and their like.
UserTerms find_terms(std::shared_ptr<const ServerConfig> config, const std::string& user, const Account& account,
                     const PeerAddresses& addresses, const LoginOrigin& origin, const Log& log) {
  UserTerms terms{std::move(config), {}, {}};
  if (terms.config->match_blocks != nullptr) {
    const MatchSubject subject{.user = user,
                               .host = addresses.remote_host,
                               .address = addresses.remote_host,
                               .local_address = addresses.local_host,
                               .local_port = addresses.local_port,
                               .groups = [account](const std::string& name) { return groups_of(name, account); }};
    terms.config = std::make_shared<const ServerConfig>(config_for(*terms.config, subject));
  }
  terms.why_not = access_refusal(*terms.config, account, origin, group_names);
  terms.settings = auth_settings(*terms.config);
  terms.settings.banner = banner_text(*terms.config, log);
  return terms;
}

}  // namespace

asio::awaitable<LoginTerms> LoginDesk::name(std::string user) {
  expect(Request::name);
  const std::shared_ptr<Applicant> applicant = applicant_;  // left() may come meanwhile
  applicant->user = std::move(user);
  slow_->set_user(applicant->user);  // also for what is read later in the account's files, on behalf of this name
  const auto find = [config = facts_.config, name = applicant->user, account = facts_.account, addresses = addresses_,
                     origin = origin(),
                     log = &facts_.log] { return find_terms(config, name, account, addresses, origin, *log); };
  UserTerms found = co_await call_slowly(slow_, SlowKind::accounts, find);
  if (phase_ == Phase::gone) co_return LoginTerms{};
  applicant->config = std::move(found.config);
  applicant->is_known = applicant->user == facts_.account.name && found.why_not.empty();
  log_user(found.why_not);
  LoginTerms terms{std::move(found.settings), applicant->is_known};
  applicant->progress.emplace(terms.settings.methods, enabled_methods(terms.settings));
  phase_ = Phase::named;
  co_return terms;
}

void LoginDesk::log_user(const std::string& why) const {
  const std::string user = escaped(applicant_->user);
  if (applicant_->user != facts_.account.name) {
    facts_.log.info("Invalid user {} from {}", user, peer());
    return;
  }
  if (why.empty()) return;
  facts_.log.info("User {} from {} not allowed because {}", user, addresses_.remote_host, why);
  if (trace_ != nullptr) trace_->note("login", fmt::format("user {} is shut out: {}", user, why));
}

// ---- keys and passwords

namespace {

using Clock = std::chrono::steady_clock;

// A refusal waits until its time has come.
asio::awaitable<void> wait_to_refuse(Clock::time_point begun) {
  asio::steady_timer timer(co_await asio::this_coro::executor, begun + failure_answer_time(Clock::now() - begun));
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

asio::awaitable<LoginDecision> LoginDesk::try_key(const Credential& key) {
  const auto begun = Clock::now();
  expect(Request::try_key);
  const LoginDecision decision = settle(msg::PublicKeyRequest::name, &key, false, co_await judge_key(key));
  if (decision == LoginDecision::refuse) co_await wait_to_refuse(begun);
  co_return decision;
}

asio::awaitable<LoginDecision> LoginDesk::prove_key(const Credential& key) {
  const auto begun = Clock::now();
  expect(Request::prove_key);
  const LoginDecision decision = settle(msg::PublicKeyRequest::name, &key, true, co_await judge_key(key));
  if (decision == LoginDecision::refuse) co_await wait_to_refuse(begun);
  co_return decision;
}

asio::awaitable<LoginDecision> LoginDesk::try_password(std::string method, SecretBytes password) {
  const auto begun = Clock::now();
  expect(Request::try_password);
  expect_a_try_left();
  expect_method(method);
  phase_ = Phase::judging;
  const std::shared_ptr<Applicant> applicant = applicant_;  // left() may come meanwhile
  const Login login(*applicant->config, facts_.account, facts_.log, facts_.passwords, slow_);
  LoginVerdict verdict = co_await login.judge_password(applicant->user, std::move(password), trace_);
  const LoginDecision decision = settle(method, nullptr, true, std::move(verdict));
  // `none` tries nothing.
  if (decision == LoginDecision::refuse && method != msg::NoneRequest::name) co_await wait_to_refuse(begun);
  co_return decision;
}

// RFC 4252 section 4 [4252-4-8]: ServerAuth ends the connection at the last failure, so it asks for none after it.
void LoginDesk::expect_a_try_left() const {
  const Applicant& applicant = *applicant_;
  if (applicant.failures > 0 && applicant.failures >= applicant.config->max_auth_tries) {
    throw std::logic_error("LoginDesk: a try after MaxAuthTries");
  }
}

void LoginDesk::expect_method(std::string_view method) const {
  if (!applicant_->progress->allows(method)) {
    throw std::logic_error(fmt::format("LoginDesk: {} is not a method that can help now", method));
  }
}

asio::awaitable<LoginVerdict> LoginDesk::judge_key(const Credential& key) {
  expect_a_try_left();
  expect_method(msg::PublicKeyRequest::name);
  const auto& used = applicant_->used_keys;
  if (std::find(used.begin(), used.end(), key.key()) != used.end()) {
    throw std::logic_error("LoginDesk: a key is used twice");
  }
  phase_ = Phase::judging;
  const std::shared_ptr<Applicant> applicant = applicant_;  // left() may come meanwhile
  const Login login(*applicant->config, facts_.account, facts_.log, facts_.passwords, slow_);
  co_return co_await login.judge(applicant->user, key, origin(), trace_);
}

LoginDecision LoginDesk::settle(std::string_view method, const Credential* key, bool proved, LoginVerdict verdict) {
  if (phase_ == Phase::gone) return LoginDecision::refuse;
  Applicant& applicant = *applicant_;
  phase_ = Phase::named;
  if (!applicant.is_known) verdict.user_is_known = false;  // shut out
  LoginDecision decision = verdict.decision();
  if (decision == LoginDecision::accept && key != nullptr) {
    facts_.log.verbose("Accepted key {} {} found at {}", key->short_type(), key->fingerprint(), verdict.found_at);
  }
  if (decision == LoginDecision::accept && proved && !grant(method, key, verdict.options)) {
    decision = LoginDecision::refuse;
  }
  if (decision == LoginDecision::refuse) {
    if (method != msg::NoneRequest::name) ++applicant.failures;
    return decision;
  }
  if (!proved) return decision;
  if (key != nullptr) applicant.used_keys.push_back(key->key());
  if (applicant.progress->succeeded(method)) phase_ = Phase::complete;
  return decision;
}

bool LoginDesk::grant(std::string_view method, const Credential* key, const KeyOptions& options) {
  Applicant& applicant = *applicant_;
  auto both = combine(applicant.options, options);
  if (!both) {
    facts_.log.info("authenticating user {} {}: the keys of this login force different commands",
                    escaped(applicant.user), peer());
    return false;
  }
  if (facts_.account.uid == 0 && !root_may_log_in(*applicant.config, method, *both)) {
    facts_.log.info("ROOT LOGIN REFUSED FROM {}", peer());
    return false;
  }
  applicant.options = std::move(*both);
  applicant.auth_info += method;
  if (key != nullptr) applicant.auth_info += " " + key->line();
  applicant.auth_info += "\n";
  return true;
}

// ---- the end of the login

asio::awaitable<Welcome> LoginDesk::complete() {
  expect(Request::complete);
  const std::shared_ptr<Applicant> applicant = std::move(applicant_);
  applicant->place.done();
  phase_ = Phase::handed;
  co_return Welcome{facts_.account, applicant->config, session_permissions(*applicant->config, applicant->options),
                    std::move(applicant->auth_info), addresses_};
}

void LoginDesk::left(SourcePenalty penalty) {
  expect(Request::left);
  if (std::exchange(phase_, Phase::gone) == Phase::handed) return;  // a login that is complete costs nothing
  const std::shared_ptr<Applicant> applicant = std::move(applicant_);
  const std::string line = applicant->place.penalise(penalty, Clock::now());
  applicant->place.done();
  if (!line.empty()) facts_.log.write(LogLevel::verbose, line);
}

LoginOrigin LoginDesk::origin() const { return {addresses_.remote_host, addresses_.remote_host, std::time(nullptr)}; }

std::string LoginDesk::peer() const { return text_of_peer(addresses_); }

}  // namespace glassh
