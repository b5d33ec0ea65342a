// A credential and the key in it.
#include "crypto/keys/credential.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proto/error.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

TEST(Credential, APlainKeyIsOfferedByItsOwnBlobAndIsShownAsTheKey) {
  for (const std::string name : {"ed25519", "ecdsa", "rsa2048"}) {
    SCOPED_TRACE(name);
    const PublicKey key = test_key(name).public_key();
    const Credential credential(key);
    EXPECT_TRUE(equal(credential.blob(), key.blob()));
    EXPECT_EQ(credential.type(), key.type());
    EXPECT_EQ(credential.key(), key);
    EXPECT_EQ(credential.short_type(), key.short_type());
    EXPECT_EQ(credential.fingerprint(), key.fingerprint());
    EXPECT_EQ(credential.fingerprint(HashName::md5), key.fingerprint(HashName::md5));
    EXPECT_EQ(credential.line(), key.line());
  }
}

TEST(Credential, DecodesWhatAKeyDecodesFromAndVerifiesWithIt) {
  const PrivateKey key = test_key("ecdsa");
  const std::vector<std::uint8_t> message = {1, 2, 3};
  const Credential credential = Credential::decode(key.public_key().blob());
  EXPECT_TRUE(equal(credential.blob(), key.public_key().blob()));
  EXPECT_TRUE(credential.key().verify(credential.type(), message, key.sign("ecdsa-sha2-nistp256", message)));
}

// A certificate is a type like any other that we do not have (OpenSSH PROTOCOL.certkeys).
TEST(Credential, ABlobOfATypeThatWeDoNotHaveThrows) {
  std::vector<std::uint8_t> certificate = {0, 0, 0, 0};
  const std::string type = "ssh-ed25519-cert-v01@openssh.com";
  certificate[3] = static_cast<std::uint8_t>(type.size());
  certificate.insert(certificate.end(), type.begin(), type.end());
  EXPECT_THROW(Credential::decode(certificate), ProtocolError);
  EXPECT_THROW(Credential::decode({}), ProtocolError);
}

// RFC 8332 section 3 [8332-3-3]: one type, several algorithms; for the other types both have one name.
TEST(Credential, SignsWithTheAlgorithmsOfItsTypeAndNoOther) {
  struct Case {
    std::string key;
    std::vector<std::string_view> algorithms;
  };
  const Case cases[] = {
      {"ed25519", {"ssh-ed25519"}}, {"ecdsa", {"ecdsa-sha2-nistp256"}}, {"rsa2048", {"rsa-sha2-512", "rsa-sha2-256"}}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.key);
    const Credential credential(test_key(c.key).public_key());
    std::vector<std::string_view> found;
    for (const std::string_view name : signature_algorithm_names()) {
      if (credential.signs_with(name)) found.push_back(name);
    }
    EXPECT_EQ(found, c.algorithms);
    EXPECT_FALSE(credential.signs_with("ssh-rsa")) << "names a type, not an algorithm of ours";
    EXPECT_FALSE(credential.signs_with("ssh-dss"));
    EXPECT_FALSE(credential.signs_with(""));
  }
}

TEST(Credential, TwoAreEqualIfTheirBlobsAre) {
  const Credential a(test_key("ed25519").public_key());
  EXPECT_TRUE(a == Credential::decode(a.blob()));
  EXPECT_FALSE(a == Credential(test_key("ecdsa").public_key()));
}

}  // namespace
}  // namespace glassh
