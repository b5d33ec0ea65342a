#include "client/identities.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "crypto/key_files/key_file.h"
#include "test/client/agent/fake_agent.h"
#include "test/support/temporary_directory.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class IdentitiesTest : public testing::Test {
 protected:
  IdentitiesTest() {
    log_.use_file(at("log"));
    config_.identity_files_given = true;
    config_.pubkey_accepted_algorithms = {"ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"};
  }
  std::string at(const std::string& name) const { return home_.path(name); }
  // A key in `name`, and `name`.pub with `pub_of`'s key or, by default, its own.
  PrivateKey make(const std::string& name, const PublicKey* pub_of = nullptr, const std::string& passphrase = "") {
    const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng_);
    const SecretBytes secret(bytes_of(passphrase));
    save_private_key(at(name), key, name, rng_, IfExists::refuse, {.passphrase = &secret, .rounds = 1});
    save_public_key(at(name + ".pub"), pub_of != nullptr ? *pub_of : key.public_key(), "", rng_, IfExists::refuse);
    config_.identity_files.push_back(at(name));
    return key;
  }
  FakeAgent& agent() {
    if (!agent_) {
      agent_.emplace(io_, at("agent"));
      config_.identity_agent = at("agent");
    }
    return *agent_;
  }
  // What SSH_ASKPASS would answer, each time anew.
  void window_says(const std::string& script) {
    asker_ = Asker(
        {true, true, home_.write("askpass", "#!/bin/sh\necho \"$1\" >> " + at("questions") + "\n" + script, 0700)}, {},
        "/nonexistent/tty");
  }

  template <class Work>
  void run(Work work) {
    bool done = false;
    asio::co_spawn(io_, work(), [&done](std::exception_ptr error) {
      EXPECT_FALSE(error);
      done = true;
    });
    io_.restart();
    while (!done) io_.run_one();
  }
  // Their names, in order.
  std::vector<std::string> gather() {
    identities_.emplace(config_, log_, asker_);
    run([this]() -> asio::awaitable<void> {
      SessionProof session;
      co_await identities_->gather(io_.get_executor(), std::move(session));
    });
    std::vector<std::string> names;
    for (const Identity& each : identities_->list()) names.push_back(fs::path(each.name).filename());
    return names;
  }
  bool signs(std::size_t index, const std::string& algorithm = "ssh-ed25519") {
    std::optional<std::vector<std::uint8_t>> signature;
    const std::vector<std::uint8_t> data = copy_of(bytes_of("data"));
    run([&]() -> asio::awaitable<void> {
      signature = co_await identities_->sign(io_.get_executor(), index, algorithm, data);
    });
    return signature && identities_->list()[index].credential->key().verify(algorithm, data, *signature);
  }
  bool opens(std::size_t index) {
    std::optional<PublicKey> key;
    run([&]() -> asio::awaitable<void> { key = co_await identities_->open(io_.get_executor(), index); });
    return key.has_value();
  }
  std::string logged() const { return home_.read("log"); }
  std::string questions() const { return fs::exists(at("questions")) ? home_.read("questions") : ""; }

  TemporaryDirectory home_;
  SeededRng rng_{7};
  asio::io_context io_;
  ClientLog log_;
  ClientConfig config_;
  Asker asker_{{}, {}, "/nonexistent/tty"};
  std::optional<FakeAgent> agent_;
  std::optional<Identities> identities_;
};

// --- files ----------------------------------------------------------------------------------------------------------

TEST_F(IdentitiesTest, KeysAreOfferedInTheOrderOfTheirFiles) {
  const PrivateKey first = make("b");
  const PrivateKey second = make("a");
  fs::remove(at("a.pub"));  // the public half is then the private file's
  EXPECT_THAT(gather(), ElementsAre("b", "a"));
  EXPECT_EQ(identities_->credentials()[0], Credential(first.public_key()));
  EXPECT_EQ(identities_->credentials()[1], Credential(second.public_key()));
  EXPECT_TRUE(signs(0));
  EXPECT_TRUE(signs(1));
  EXPECT_EQ(logged(), "");
}

TEST_F(IdentitiesTest, ThePrivateHalfIsReadWhenASignatureIsWanted) {
  make("key");
  gather();
  fs::rename(at("key"), at("moved"));
  EXPECT_FALSE(signs(0));
  EXPECT_EQ(logged(), "no such identity: " + at("key") + ": No such file or directory\n");
  fs::rename(at("moved"), at("key"));
  EXPECT_TRUE(signs(0));
}

TEST_F(IdentitiesTest, AMissingFileIsSaidOnlyIfItWasAskedFor) {
  config_.identity_files = {at("none")};
  EXPECT_TRUE(gather().empty());
  EXPECT_EQ(logged(), "no such identity: " + at("none") + ": No such file or directory\n");
  fs::resize_file(at("log"), 0);
  config_.identity_files_given = false;
  EXPECT_TRUE(gather().empty());
  EXPECT_EQ(logged(), "");
}

TEST_F(IdentitiesTest, AKeyThatOthersMayReadIsNotUsed) {
  make("key");
  fs::permissions(at("key"), fs::perms(0644));
  gather();
  EXPECT_FALSE(signs(0));
  EXPECT_THAT(logged(), HasSubstr("WARNING: UNPROTECTED PRIVATE KEY FILE!"));
  EXPECT_THAT(logged(), HasSubstr("Load key \"" + at("key") + "\": bad permissions"));
}

TEST_F(IdentitiesTest, ThePublicFileMustBeThePrivateKeysOwn) {
  const PrivateKey other = make("other");
  make("key", &other.public_key());
  config_.identity_files = {at("key")};
  gather();
  EXPECT_FALSE(signs(0));
  EXPECT_THAT(logged(), HasSubstr("is another one than " + at("key") + ".pub says"));
}

TEST_F(IdentitiesTest, WhatCannotBeUsedIsSkippedWithAReason) {
  make("good");
  make("same");
  fs::copy_file(at("good.pub"), at("same.pub"), fs::copy_options::overwrite_existing);
  home_.write("text", "not a key\n");
  config_.identity_files.push_back(at("text"));
  make("damaged");
  home_.write("damaged.pub", "ssh-ed25519 AAAA\n");  // the private file knows better
  EXPECT_THAT(gather(), ElementsAre("good", "damaged"));
  EXPECT_TRUE(signs(1));
  EXPECT_THAT(logged(), HasSubstr("Load key \"" + at("text") + "\": "));
}

TEST_F(IdentitiesTest, KeysWithoutAnAcceptedAlgorithmAreLeftOut) {
  make("key");
  config_.pubkey_accepted_algorithms = {"rsa-sha2-512"};
  EXPECT_TRUE(gather().empty());
}

// --- passphrases ----------------------------------------------------------------------------------------------------

TEST_F(IdentitiesTest, APassphraseIsAskedForWhenASignatureIsWanted) {
  make("key", nullptr, "open");
  window_says("echo open");
  EXPECT_THAT(gather(), ElementsAre("key"));
  EXPECT_EQ(questions(), "");
  EXPECT_TRUE(signs(0));
  EXPECT_EQ(questions(), "Enter passphrase for key '" + at("key") + "': \n");
}

TEST_F(IdentitiesTest, AWrongPassphraseMayBeTypedAgainAsOftenAsTheUserSays) {
  make("key", nullptr, "open");
  window_says("echo wrong");
  config_.number_of_password_prompts = 2;
  gather();
  EXPECT_FALSE(signs(0));
  const std::string text = questions();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST_F(IdentitiesTest, NobodyIsAskedInBatchModeNorAgainAfterAnEmptyPassphrase) {
  make("key", nullptr, "open");
  window_says("echo");
  gather();
  EXPECT_FALSE(signs(0));
  const std::string once = questions();
  EXPECT_EQ(std::count(once.begin(), once.end(), '\n'), 1);
  config_.batch_mode = true;
  gather();
  EXPECT_FALSE(signs(0));
  EXPECT_EQ(questions(), once);
}

TEST_F(IdentitiesTest, AKeyWhosePublicHalfIsLockedAwayIsOpenedOnce) {
  home_.write("key", test_key_text("rsa2048_passphrase.pkcs1"));
  config_.identity_files = {at("key")};
  window_says("echo secret");
  EXPECT_THAT(gather(), ElementsAre("key"));
  EXPECT_FALSE(identities_->credentials()[0]);
  ASSERT_TRUE(opens(0)) << logged();
  EXPECT_TRUE(signs(0, "rsa-sha2-512"));
  EXPECT_EQ(questions(), "Enter passphrase for key '" + at("key") + "': \n") << "once for both";
}

// --- agents ---------------------------------------------------------------------------------------------------------

TEST_F(IdentitiesTest, TheAgentsKeysComeFirstThoseThatFilesNameBeforeAll) {
  const PrivateKey in_both = make("in_both");
  make("only_a_file");
  const PrivateKey too = make("in_both_too");
  agent().keys = {{PrivateKey::generate("ssh-ed25519", rng_), "the agent's own"}, {too, "x"}, {in_both, "y"}};
  EXPECT_THAT(gather(), ElementsAre("in_both_too", "in_both", "the agent's own", "only_a_file"));
  fs::remove(at("in_both"));  // what the agent has needs no file
  for (const std::size_t index : {0, 1, 2, 3}) EXPECT_TRUE(signs(index)) << index;
  EXPECT_EQ(logged(), "");
  config_.identities_only = true;
  EXPECT_THAT(gather(), ElementsAre("in_both_too", "in_both", "only_a_file"));
}

TEST_F(IdentitiesTest, APublicKeyFileSelectsTheAgentsKey) {
  const PrivateKey held = make("held");
  const PrivateKey elsewhere = make("elsewhere");
  agent().keys = {{held, "c"}};
  config_.identity_files = {at("held.pub"), at("elsewhere.pub")};
  config_.identities_only = true;
  EXPECT_THAT(gather(), ElementsAre("held.pub"));
  EXPECT_TRUE(signs(0));
  EXPECT_THAT(logged(), HasSubstr(at("elsewhere.pub") + ": a public key only, and no agent has its private half"));
}

TEST_F(IdentitiesTest, AnRsaKeyOfTheAgentSignsWithTheAlgorithmThatWasAgreedOn) {  // [8332-3.2-1] keeps
  agent().keys = {{test_key("rsa2048"), "rsa"}};
  gather();
  EXPECT_TRUE(signs(0, "rsa-sha2-512"));
  EXPECT_TRUE(signs(0, "rsa-sha2-256"));
}

TEST_F(IdentitiesTest, AnAgentThatRefusesOrSignsOtherwiseIsNotBelieved) {  // [8332-3.2-1] breaks
  agent().keys = {{test_key("rsa2048"), "rsa\x1b[2J"}};
  agent().refuses = true;
  gather();
  EXPECT_FALSE(signs(0, "rsa-sha2-512"));
  EXPECT_THAT(logged(), HasSubstr("signing failed for RSA \"rsa\\033[2J\" from agent: agent refused operation\n"));
  agent().refuses = false;
  agent().signs_with = "rsa-sha2-256";
  EXPECT_FALSE(signs(0, "rsa-sha2-512"));
}

TEST_F(IdentitiesTest, WithoutAnAgentThereAreTheFiles) {
  make("key");
  config_.identity_agent = at("nothing there");
  EXPECT_THAT(gather(), ElementsAre("key"));
  EXPECT_EQ(logged(), "");
}

TEST_F(IdentitiesTest, AKeyThatWasOpenedIsAddedToTheAgentIfTheUserWants) {
  using When = AddKeysToAgent::When;
  struct Case {
    AddKeysToAgent wish;
    std::string window;
    std::optional<std::uint8_t> request;
    std::string question;
  };
  const std::string question = "Add key " + at("key") + " (key) to agent?\n";
  const Case cases[] = {
      {{When::no, 0}, "", std::nullopt, ""},
      {{When::yes, 0}, "", agent_number::add_identity, ""},
      {{When::yes, 60}, "", agent_number::add_id_constrained, ""},
      {{When::confirm, 0}, "", agent_number::add_id_constrained, ""},
      {{When::ask, 0}, "echo yes", agent_number::add_identity, question},
      {{When::ask, 0}, "echo no", std::nullopt, question},
  };
  make("key");
  agent();
  for (const Case& each : cases) {
    agent().added.clear();
    fs::remove(at("questions"));
    window_says(each.window);
    config_.add_keys_to_agent = each.wish;
    gather();
    EXPECT_TRUE(signs(0));
    EXPECT_EQ(agent().added.size(), each.request ? 1u : 0u);
    if (!agent().added.empty()) {
      EXPECT_EQ(agent().added[0][0], *each.request);
    }
    EXPECT_EQ(questions(), each.question);
  }
}

}  // namespace
}  // namespace glassh
