#include "client/identities.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "crypto/key_file.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

namespace fs = std::filesystem;

class IdentitiesTest : public testing::Test {
 protected:
  IdentitiesTest() {
    log_.use_file(at("log"));
    config_.identity_files_given = true;
  }
  std::string at(const std::string& name) const { return home_.path(name); }
  // A key in `name`, and `name`.pub with `pub_of`'s key or, by default, its own.
  PublicKey make(const std::string& name, const PublicKey* pub_of = nullptr) {
    const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng_);
    save_private_key(at(name), key, "", rng_, IfExists::refuse);
    save_public_key(at(name + ".pub"), pub_of != nullptr ? *pub_of : key.public_key(), "", rng_, IfExists::refuse);
    config_.identity_files.push_back(at(name));
    return key.public_key();
  }
  std::string logged() const { return home_.read("log"); }

  TemporaryDirectory home_;
  SeededRng rng_{7};
  ClientLog log_;
  ClientConfig config_;
};

bool signs(const Identities& identities, std::size_t index) {
  const auto signature = identities.sign(index, "ssh-ed25519", bytes_of("data"));
  return signature && identities.list()[index].key.verify("ssh-ed25519", bytes_of("data"), *signature);
}

TEST_F(IdentitiesTest, KeysAreOfferedInTheOrderOfTheirFiles) {
  const PublicKey first = make("b");
  const PublicKey second = make("a");
  fs::remove(at("a.pub"));  // the public half is then the private file's
  const Identities identities(config_, log_);
  ASSERT_EQ(identities.list().size(), 2u);
  EXPECT_EQ(identities.list()[0].path, at("b"));
  EXPECT_EQ(identities.public_keys()[0], first);
  EXPECT_EQ(identities.public_keys()[1], second);
  EXPECT_TRUE(signs(identities, 0));
  EXPECT_TRUE(signs(identities, 1));
  EXPECT_EQ(logged(), "");
}

TEST_F(IdentitiesTest, ThePrivateHalfIsReadWhenASignatureIsWanted) {
  make("key");
  const Identities identities(config_, log_);
  fs::rename(at("key"), at("moved"));
  EXPECT_FALSE(identities.sign(0, "ssh-ed25519", bytes_of("data")));
  fs::rename(at("moved"), at("key"));
  EXPECT_TRUE(signs(identities, 0));
}

TEST_F(IdentitiesTest, AMissingFileIsAnErrorOnlyIfItWasAskedFor) {
  config_.identity_files = {at("none")};
  EXPECT_TRUE(Identities(config_, log_).list().empty());
  EXPECT_EQ(logged(), "no such identity: " + at("none") + ": No such file or directory\n");
  fs::resize_file(at("log"), 0);
  config_.identity_files_given = false;
  EXPECT_TRUE(Identities(config_, log_).list().empty());
  EXPECT_EQ(logged(), "");
}

TEST_F(IdentitiesTest, AKeyThatOthersMayReadIsNotUsed) {
  make("key");
  fs::permissions(at("key"), fs::perms(0644));
  const Identities identities(config_, log_);
  EXPECT_FALSE(identities.sign(0, "ssh-ed25519", bytes_of("data")));
  EXPECT_NE(logged().find("WARNING: UNPROTECTED PRIVATE KEY FILE!"), std::string::npos);
  EXPECT_NE(logged().find("Load key \"" + at("key") + "\": bad permissions"), std::string::npos);
}

TEST_F(IdentitiesTest, ThePublicFileMustBeThePrivateKeysOwn) {
  const PublicKey other = make("other");
  make("key", &other);
  config_.identity_files = {at("key")};
  const Identities identities(config_, log_);
  EXPECT_FALSE(identities.sign(0, "ssh-ed25519", bytes_of("data")));
  EXPECT_NE(logged().find("is another one than " + at("key") + ".pub says"), std::string::npos) << logged();
}

TEST_F(IdentitiesTest, WhatCannotBeUsedIsSkippedWithAReason) {
  make("good");
  make("same");
  fs::copy_file(at("good.pub"), at("same.pub"), fs::copy_options::overwrite_existing);
  home_.write("text", "not a key\n");
  config_.identity_files.push_back(at("text"));
  make("damaged");
  home_.write("damaged.pub", "ssh-ed25519 AAAA\n");
  const Identities identities(config_, log_);
  ASSERT_EQ(identities.list().size(), 1u);
  EXPECT_EQ(identities.list()[0].path, at("good"));
  EXPECT_NE(logged().find("Load key \"" + at("text") + "\": "), std::string::npos) << logged();
  EXPECT_NE(logged().find("Load key \"" + at("damaged.pub") + "\": "), std::string::npos) << logged();
}

TEST_F(IdentitiesTest, WithoutPublicKeyAuthenticationNothingIsRead) {
  make("key");
  config_.pubkey_authentication = false;
  EXPECT_TRUE(Identities(config_, log_).list().empty());
}

}  // namespace
}  // namespace glassh
