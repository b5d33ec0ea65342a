// The keeper's record of one connection: each request in each phase, twice and out of order, and what is decided.
#include "server/login/login_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include <crypt.h>

#include "crypto/kex/kex_method.h"
#include "proto/messages_forward.h"
#include "server/login/local_keeper.h"
#include "test/server/log_lines.h"
#include "test/support/test_keys.h"
#include "test/support/transport_pair.h"
#include "transport/login_budget.h"
#include "transport/version_exchange.h"

namespace glassh {
namespace {

namespace asio = boost::asio;
using Phase = LoginDesk::Phase;
using testing::ElementsAre;
using testing::HasSubstr;

std::string hash_of(const std::string& password) {
  crypt_data memory{};
  return ::crypt_r(password.c_str(), "$6$rounds=1000$salt$", &memory);
}

struct Notes : TraceSink {
  void packet(Direction, std::uint32_t, std::string_view, Bytes) override {}
  void note(std::string_view, std::string_view) override {
    if (const auto action = std::exchange(at_next, {})) action();
  }
  std::function<void()> at_next;
};

struct LoginDeskTest : testing::Test {
  LoginDeskTest() {
    HostKeySigner signer;
    for (const char* name : {"ed25519", "rsa2048"}) signer.add(test_key(name));
    host_keys = signer.public_keys();
    config.authorized_keys_files = {"keys"};
    config.password_file = home.write("passwords", "ann:" + hash_of("s3cret") + "\n", 0600);
    config.password_authentication = true;
    config.kbd_interactive_authentication = false;
    config.authentication_methods = {{"publickey", "password"}};
    home.write("keys", "no-pty,command=\"date\" " + listed.line() + "\n");
    home.write("other", "command=\"ls\" " + second.line() + "\n");
    signer_ = std::move(signer);
  }

  // `change` is done to the configuration before the record is made.
  LoginDesk& open(const std::function<void(ServerConfig&)>& change = {}) {
    ServerConfig its_config = config;
    if (change) change(its_config);
    facts = std::make_unique<KeeperFacts>(KeeperFacts{std::make_shared<const ServerConfig>(std::move(its_config)),
                                                      signer_,
                                                      our_version,
                                                      {"ssh-ed25519", "rsa-sha2-512"},
                                                      account,
                                                      lines.log,
                                                      passwords});
    desk.reset();
    startups.emplace(config);  // without penalties of an earlier record
    auto admission = startups->enter("192.0.2.1", 0, std::chrono::steady_clock::now());
    desk = std::make_unique<LoginDesk>(
        *facts, Arrived{{"192.0.2.1", 50000, "192.0.2.2", 22}, std::move(admission.place.value()), &notes});
    return *desk;
  }
  // A record in that phase; for judging, see while_judging().
  LoginDesk& open_in(Phase phase) {
    open();
    if (phase == Phase::arrived) return *desk;
    if (phase == Phase::gone) {
      desk->left(SourcePenalty::no_auth);
      return *desk;
    }
    sign();
    if (phase == Phase::keyed) return *desk;
    name();
    if (phase == Phase::named) return *desk;
    prove();
    try_password();
    if (phase == Phase::handed) complete();
    return *desk;
  }

  // Does something in the middle of judging a password: Login notes what it found out while the record waits for it.
  LoginDecision while_judging(std::function<void()> action) {
    open_in(Phase::named);
    prove();
    notes.at_next = std::move(action);
    const LoginDecision decision = try_password();
    EXPECT_FALSE(notes.at_next) << "nothing was noted";
    return decision;
  }

  template <class T>
  T run(asio::awaitable<T> request) {
    asio::io_context io;
    auto answer = asio::co_spawn(io, std::move(request), asio::use_future);
    io.run();
    return answer.get();
  }

  static SecretBytes password(std::string_view text) { return SecretBytes(bytes_of(text)); }
  // An exchange with our first key; its views last as long as the test.
  ExchangeParts parts() const {
    static const std::vector<std::uint8_t> bytes(32, 3);
    const Bytes blob = host_keys.all()[0].blob();
    return {"curve25519-sha256", "SSH-2.0-a", our_version, bytes, bytes, blob, {}, bytes, bytes, bytes};
  }
  std::vector<std::uint8_t> sign(const ExchangeParts& parts, std::string_view algorithm = "ssh-ed25519") {
    return run(desk->sign_exchange({parts, algorithm, {}}));
  }
  std::vector<std::uint8_t> sign() { return sign(parts()); }
  LoginTerms name(const std::string& user = "ann") { return run(desk->name(user)); }
  LoginDecision ask() { return run(desk->try_key(offered)); }
  LoginDecision prove() { return run(desk->prove_key(offered)); }
  LoginDecision try_password(std::string_view text = "s3cret") {
    return run(desk->try_password("password", password(text)));
  }
  Welcome complete() { return run(desk->complete()); }

  const std::string our_version = identification(TransportSettings{}.software_version);
  const PublicKey listed = test_key("ed25519").public_key();
  const PublicKey second = test_key("ecdsa").public_key();
  const PublicKey strange = test_key("rsa3072").public_key();
  const Credential offered{listed}, other{second}, unlisted{strange};
  test::LogLines lines;
  TemporaryDirectory home;
  ServerConfig config;
  Account account{"ann", ::geteuid() == 0 ? 1000 : ::geteuid(), ::getegid(), home.path(), "/bin/sh"};
  Passwords passwords;
  HostKeys host_keys;
  HostKeySigner signer_;
  std::optional<Startups> startups;
  std::unique_ptr<KeeperFacts> facts;
  Notes notes;
  std::unique_ptr<LoginDesk> desk;
};

TEST_F(LoginDeskTest, ALoginGoesThroughItsPhases) {
  LoginDesk& record = open();
  EXPECT_EQ(record.phase(), Phase::arrived);
  EXPECT_EQ(startups->count(), 1u);
  sign();
  EXPECT_EQ(record.phase(), Phase::keyed);
  const LoginTerms terms = name();
  EXPECT_TRUE(terms.user_is_known);
  EXPECT_EQ(terms.settings.methods, config.authentication_methods);
  EXPECT_EQ(record.phase(), Phase::named);
  EXPECT_EQ(ask(), LoginDecision::accept);
  EXPECT_EQ(record.phase(), Phase::named) << "a query proves nothing";
  EXPECT_EQ(prove(), LoginDecision::accept);
  EXPECT_EQ(record.phase(), Phase::named) << "the password is needed, too";
  EXPECT_EQ(try_password(), LoginDecision::accept);
  EXPECT_EQ(record.phase(), Phase::complete);

  const Welcome welcome = complete();
  EXPECT_EQ(record.phase(), Phase::handed);
  EXPECT_EQ(startups->count(), 0u);
  EXPECT_EQ(welcome.account.name, "ann");
  EXPECT_EQ(welcome.config, facts->config);
  EXPECT_EQ(welcome.permissions.forced_command, "date");
  EXPECT_FALSE(welcome.permissions.pty);
  EXPECT_EQ(welcome.auth_info, "publickey " + listed.line() + "\npassword\n");
  EXPECT_EQ(welcome.addresses.remote_port, 50000);
}

// ---- requests out of order

struct RequestCase {
  const char* name;
  std::function<void(LoginDeskTest&)> request;
  std::vector<Phase> allowed;
};

std::vector<RequestCase> requests() {
  const std::vector<Phase> login = {Phase::arrived, Phase::keyed, Phase::named, Phase::judging, Phase::complete};
  std::vector<Phase> always = login;
  always.push_back(Phase::handed);
  std::vector<Phase> while_it_reads = always;
  std::erase(while_it_reads, Phase::judging);
  return {
      {"sign_exchange", [](LoginDeskTest& test) { test.sign(); }, while_it_reads},
      {"prove_host_key",
       [](LoginDeskTest& test) { test.run(test.desk->prove_host_key(test.host_keys.all()[0].blob())); },
       {Phase::handed}},
      {"name", [](LoginDeskTest& test) { test.name(); }, {Phase::keyed}},
      {"try_key", [](LoginDeskTest& test) { test.ask(); }, {Phase::named}},
      {"prove_key", [](LoginDeskTest& test) { test.prove(); }, {Phase::named}},
      {"try_password",
       [](LoginDeskTest& test) { test.run(test.desk->try_password("password", LoginDeskTest::password("s3cret"))); },
       {}},  // not even when named: the key comes first
      {"complete", [](LoginDeskTest& test) { test.complete(); }, {Phase::complete}},
      {"left", [](LoginDeskTest& test) { test.desk->left(SourcePenalty::auth_fail); }, always},
  };
}

// A record that could be named twice, or asked in any order, would let a gate that was taken over log in as somebody
// else.
TEST_F(LoginDeskTest, EachRequestIsRefusedInEveryPhaseButItsOwn) {
  for (const RequestCase& each : requests()) {
    for (const Phase phase :
         {Phase::arrived, Phase::keyed, Phase::named, Phase::judging, Phase::complete, Phase::handed, Phase::gone}) {
      SCOPED_TRACE(fmt::format("{} in phase {}", each.name, static_cast<int>(phase)));
      const bool allowed = std::find(each.allowed.begin(), each.allowed.end(), phase) != each.allowed.end();
      const auto ask = [&] {
        ASSERT_EQ(desk->phase(), phase);
        if (allowed) {
          EXPECT_NO_THROW(each.request(*this));
        } else {
          EXPECT_THROW(each.request(*this), std::logic_error);
          EXPECT_EQ(desk->phase(), phase) << "a refused request changes nothing";
        }
      };
      if (phase == Phase::judging) {
        while_judging(ask);
      } else {
        open_in(phase);
        ask();
      }
    }
  }
}

TEST_F(LoginDeskTest, WhatMayComeOnceIsRefusedTheSecondTime) {
  open_in(Phase::named);
  EXPECT_THROW(name("bob"), std::logic_error);
  prove();
  EXPECT_THROW(prove(), std::logic_error) << "one key is not two";
  EXPECT_THROW(ask(), std::logic_error);
  EXPECT_EQ(try_password(), LoginDecision::accept);
  EXPECT_THROW(try_password(), std::logic_error);
  complete();
  EXPECT_THROW(complete(), std::logic_error);
  desk->left(SourcePenalty::auth_fail);
  EXPECT_THROW(desk->left(SourcePenalty::auth_fail), std::logic_error);
}

TEST_F(LoginDeskTest, MethodsComeInTheOrderThatIsConfigured) {
  open_in(Phase::named);
  EXPECT_THROW(try_password(), std::logic_error);
  EXPECT_THROW(run(desk->try_password("keyboard-interactive", password("s3cret"))), std::logic_error);
  prove();
  EXPECT_EQ(try_password(), LoginDecision::accept);
}

TEST_F(LoginDeskTest, AfterMaxAuthTriesNothingIsJudged) {
  open([](ServerConfig& its) {
    its.max_auth_tries = 2;
    its.authentication_methods = {};
  });
  sign();
  name();
  EXPECT_EQ(run(desk->try_key(unlisted)), LoginDecision::refuse);
  EXPECT_EQ(try_password("wrong"), LoginDecision::refuse);
  EXPECT_THROW(try_password(), std::logic_error);
  EXPECT_THROW(prove(), std::logic_error);
  EXPECT_THROW(ask(), std::logic_error);
}

TEST_F(LoginDeskTest, QueriesHaveALimitOfTheirOwn) {
  open_in(Phase::named);
  for (int i = 0; i < 128; ++i) EXPECT_EQ(ask(), LoginDecision::accept);
  EXPECT_THROW(ask(), std::logic_error);
}

// ---- host keys

// RFC 4253 section 8: every method, so that each way to hash shares and groups is seen.
TEST_F(LoginDeskTest, ComputesTheHashOfEveryKeyExchangeItself) {
  for (const std::string_view kex : kex_names()) {
    Proposal proposal = default_proposal();
    proposal.kex = {std::string(kex)};
    test::TransportPair pair(proposal);
    signer_ = {};
    signer_.add(pair.host_keys[0]);
    open();
    pair.sign = [&](const SignatureWanted& wanted) {
      const auto signature = run(desk->sign_exchange({wanted.parts, wanted.host_key_algorithm, {}}));
      EXPECT_TRUE(pair.host_keys[0].public_key().verify("ssh-ed25519", wanted.exchange_hash, signature)) << kex;
      return signature;
    };
    pair.run();
    EXPECT_TRUE(pair.both_have_keys()) << kex;
    pair.client.transport.start_key_exchange();
    pair.run();
    EXPECT_EQ(pair.server.key_changes, 2u) << kex;
  }
}

TEST_F(LoginDeskTest, DoesNotSignForAKeyThatIsNotOurs) {
  open();
  ExchangeParts foreign = parts();
  foreign.host_key = strange.blob();
  EXPECT_THROW(sign(foreign, "rsa-sha2-512"), std::runtime_error);
  EXPECT_EQ(desk->phase(), Phase::arrived);
}

// A core that was taken over could want signatures for other servers and other connections.
TEST_F(LoginDeskTest, DoesNotSignAnExchangeOfAnotherServer) {
  open();
  ExchangeParts foreign = parts();
  foreign.server_version = "SSH-2.0-other";
  EXPECT_THROW(sign(foreign), std::logic_error);
  EXPECT_EQ(desk->phase(), Phase::arrived);
  sign();
  EXPECT_THROW(sign(foreign), std::logic_error);
}

TEST_F(LoginDeskTest, DoesNotSignAnExchangeOfAnotherClient) {
  ExchangeParts foreign = parts();
  foreign.client_version = "SSH-2.0-other";
  for (const Phase phase : {Phase::keyed, Phase::named, Phase::complete, Phase::handed}) {
    open_in(phase);
    EXPECT_THROW(sign(foreign), std::logic_error);
    EXPECT_NO_THROW(sign());
  }
}

TEST_F(LoginDeskTest, DoesNotSignWithAnAlgorithmThatIsNotConfigured) {
  open();
  ExchangeParts with_rsa = parts();
  with_rsa.host_key = host_keys.all()[1].blob();
  EXPECT_THROW(sign(with_rsa, "rsa-sha2-256"), std::logic_error) << "our key could do it";
  EXPECT_EQ(desk->phase(), Phase::arrived);
  EXPECT_NO_THROW(sign(with_rsa, "rsa-sha2-512"));
}

// Transport ends the connection at as many (test/transport/login_budget_test), so an honest core gets all it asks for.
TEST_F(LoginDeskTest, SignsNoMoreExchangesBeforeTheLoginThanTransportAllows) {
  open();
  for (unsigned i = 0; i < LoginBudget::most_key_exchanges; ++i) EXPECT_NO_THROW(sign()) << i;
  EXPECT_THROW(sign(), std::logic_error);
  name();
  EXPECT_THROW(sign(), std::logic_error) << "the count is the connection's, not the phase's";
  prove();
  try_password();
  EXPECT_THROW(sign(), std::logic_error);
  complete();
  for (unsigned i = 0; i <= LoginBudget::most_key_exchanges; ++i) EXPECT_NO_THROW(sign()) << i;
}

// [openssh-hostkeys-2.5-2] [openssh-hostkeys-2.5-3]
TEST_F(LoginDeskTest, EachHostKeyProvesItselfOnceOverTheSessionIdentifier) {
  open();
  const Digest session_id = exchange_hash(parts(), HashName::sha256, false);
  sign();
  sign();  // another key exchange, which does not change the session identifier
  name();
  prove();
  try_password();
  complete();
  for (const auto& [index, algorithm] : {std::pair{0, "ssh-ed25519"}, std::pair{1, "rsa-sha2-512"}}) {
    const PublicKey& key = host_keys.all().at(static_cast<std::size_t>(index));
    const auto data =
        encode(msg::HostKeyProofSignedData{.session_identifier = session_id.bytes(), .host_key = key.blob()});
    EXPECT_TRUE(key.verify(algorithm, data, run(desk->prove_host_key(key.blob())))) << algorithm;
    EXPECT_THROW(run(desk->prove_host_key(key.blob())), std::logic_error);
  }
  EXPECT_THROW(run(desk->prove_host_key(strange.blob())), std::runtime_error);
}

// A blob that is not one of our keys is neither decoded nor remembered.
TEST_F(LoginDeskTest, WhatIsNotOneOfOurHostKeysIsOnlyLookedUp) {
  open_in(Phase::handed);
  for (const Bytes blob : {strange.blob(), strange.blob(), bytes_of("no key"), bytes_of("no key")}) {
    try {
      run(desk->prove_host_key(blob));
      ADD_FAILURE() << "it was signed for";
    } catch (const std::exception& error) {
      EXPECT_THAT(error.what(), HasSubstr("not ours"));
    }
  }
  EXPECT_NO_THROW(run(desk->prove_host_key(host_keys.all()[0].blob())));
}

// ---- who is let in

// [4252-5-10]: the same form of answer, the same work, and no.
TEST_F(LoginDeskTest, AUserWhoDoesNotExistIsAskedLikeOneWhoDoes) {
  open_in(Phase::keyed);
  const LoginTerms known = name();
  open_in(Phase::keyed);
  const LoginTerms unknown = name("bob\n");
  EXPECT_FALSE(unknown.user_is_known);
  EXPECT_EQ(unknown.settings.methods, known.settings.methods);
  EXPECT_EQ(unknown.settings.password, known.settings.password);
  EXPECT_EQ(ask(), LoginDecision::refuse);
  EXPECT_EQ(prove(), LoginDecision::refuse);
  EXPECT_EQ(desk->phase(), Phase::named);
  EXPECT_THAT(lines.text(), HasSubstr("Invalid user bob\\012 from 192.0.2.1 port 50000"));
}

TEST_F(LoginDeskTest, AUserWhoIsShutOutDoesNotExist) {
  open([](ServerConfig& its) { its.deny_users = {"ann"}; });
  sign();
  EXPECT_FALSE(name().user_is_known);
  EXPECT_EQ(prove(), LoginDecision::refuse);
  EXPECT_THAT(lines.text(), HasSubstr("User ann from 192.0.2.1 not allowed because listed in DenyUsers"));
}

// Past vulnerability 14: what one key forbids, another does not allow.
TEST_F(LoginDeskTest, KeysThatForceDifferentCommandsDoNotLogInTogether) {
  open([](ServerConfig& its) {
    its.authorized_keys_files = {"keys", "other"};
    its.authentication_methods = {{"publickey", "publickey"}};
  });
  sign();
  name();
  EXPECT_EQ(prove(), LoginDecision::accept);
  EXPECT_EQ(run(desk->prove_key(other)), LoginDecision::refuse);
  EXPECT_THAT(lines.text(), HasSubstr("authenticating user ann 192.0.2.1 port 50000: the keys of this login force "
                                      "different commands"));
  EXPECT_THROW(complete(), std::logic_error);
}

TEST_F(LoginDeskTest, RootNeedsPermission) {
  account.uid = 0;
  open([](ServerConfig& its) {
    its.permit_root_login = RootLogin::no;
    its.strict_modes = false;
  });
  sign();
  name();
  EXPECT_EQ(ask(), LoginDecision::accept) << "as before: only a proof is refused";
  EXPECT_EQ(prove(), LoginDecision::refuse);
  EXPECT_THAT(lines.text(), HasSubstr("ROOT LOGIN REFUSED FROM 192.0.2.1 port 50000"));
}

// Past vulnerabilities 18 and 19: never before a fixed time.
TEST_F(LoginDeskTest, ARefusalTakesItsTime) {
  open_in(Phase::named);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(run(desk->try_key(unlisted)), LoginDecision::refuse);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(10));
}

// ---- leaving

TEST_F(LoginDeskTest, WhoLeavesWithoutALoginGivesThePlaceBackAndPays) {
  open_in(Phase::named);
  EXPECT_EQ(startups->count(), 1u);
  desk->left(SourcePenalty::auth_fail);
  EXPECT_EQ(startups->count(), 0u);
  EXPECT_EQ(desk->phase(), Phase::gone);

  open_in(Phase::handed);
  desk->left(SourcePenalty::auth_fail);
  EXPECT_EQ(startups->count(), 0u);
}

TEST_F(LoginDeskTest, AConnectionThatLeavesWhileItIsJudgedIsNotLetIn) {
  const LoginDecision decision = while_judging([&] {
    desk->left(SourcePenalty::auth_fail);
    EXPECT_EQ(startups->count(), 0u);
  });
  EXPECT_EQ(decision, LoginDecision::refuse);
  EXPECT_EQ(desk->phase(), Phase::gone);
}

TEST_F(LoginDeskTest, ThePlaceIsGivenBackWithTheRecord) {
  open_in(Phase::keyed);
  desk.reset();
  EXPECT_EQ(startups->count(), 0u);
}

// The interface, as connections see it.
TEST_F(LoginDeskTest, TheKeeperInThisProcessOpensARecordForEachConnection) {
  const LocalKeeper local(
      {std::make_shared<const ServerConfig>(config), signer_, our_version, {}, account, lines.log, passwords});
  const Keeper& keeper = local;
  const auto one = keeper.arrived({{"192.0.2.1", 1, "192.0.2.2", 22}, {}, nullptr});
  const auto other = keeper.arrived({{"192.0.2.1", 2, "192.0.2.2", 22}, {}, nullptr});
  one->left(SourcePenalty::no_auth);
  EXPECT_THROW(run(one->name("ann")), std::logic_error);
  EXPECT_NO_THROW(other->left(SourcePenalty::no_auth));
}

}  // namespace
}  // namespace glassh
