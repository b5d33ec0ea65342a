// Signatures: known answers that were computed without libcrypto, and our own.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/keys/key.h"
#include "crypto/keys/key_type.h"
#include "test/support/test_keys.h"
#include "test/support/vectors.h"

namespace glassh {
namespace {

// [4253-6.6-9] [8709-6-1] [8709-7-1] [5656-3.1.1-1] [5656-3.1.2-1] [5656-6.2.1-1] [8332-3-3] [8332-3-4] [8332-3-5]
// [8332-5.3-1] [8332-5.3-2]: each of them kept by the valid vectors and broken by the others.
TEST(KeySignature, ValidVectorsVerifyAndNoOthers) {
  std::size_t valid = 0;
  for (const VectorCase& vector : load_vectors("signatures.vec")) {
    SCOPED_TRACE(vector.place);
    const PublicKey key = PublicKey::decode(vector["Key"]);
    const bool expected = vector["Valid"][0] == 1;
    EXPECT_EQ(key.verify(text_of(vector["Asked"]), vector["Message"], vector["Signature"]), expected);
    valid += expected ? 1 : 0;
  }
  EXPECT_EQ(valid, 13u);
}

// RFC 8032 signatures are deterministic, so ours must be the vectors'.
TEST(KeySignature, Ed25519GivesThePublishedSignature) {
  struct SeedRng final : Rng {
    void fill(MutableBytes out) override {
      const auto seed = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
      std::copy_n(seed.begin(), out.size(), out.begin());
    }
  } rng;
  const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng);
  const VectorCase vector = load_vectors("signatures.vec").at(0);
  EXPECT_EQ(hex(key.public_key().blob()), hex(vector["Key"]));
  EXPECT_EQ(hex(key.sign("ssh-ed25519", {})), hex(vector["Signature"]));
}

class EveryAlgorithm : public testing::TestWithParam<std::string_view> {
 protected:
  PrivateKey new_key() { return test_key_for(GetParam(), rng_); }
  PrivateKey another_key() { return test_key_for(GetParam(), rng_, true); }
  SeededRng rng_{1};
};

TEST_P(EveryAlgorithm, SignsWhatItsPublicKeyVerifies) {
  const PrivateKey key = new_key();
  for (const std::string_view message : {"", "glass"}) {
    const auto signature = key.sign(GetParam(), bytes_of(message));
    const PublicKey public_key = PublicKey::decode(key.public_key().blob());
    EXPECT_TRUE(public_key.verify(GetParam(), bytes_of(message), signature));
    EXPECT_FALSE(public_key.verify(GetParam(), bytes_of("grass"), signature));
    EXPECT_FALSE(another_key().public_key().verify(GetParam(), bytes_of(message), signature)) << "another key";
  }
}

TEST_P(EveryAlgorithm, FlippingAnyBitOfTheSignatureRefusesIt) {
  const PrivateKey key = new_key();
  auto signature = key.sign(GetParam(), bytes_of("glass"));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    signature[i] ^= static_cast<std::uint8_t>(1u << i % 8);
    EXPECT_FALSE(key.public_key().verify(GetParam(), bytes_of("glass"), signature)) << "byte " << i;
    signature[i] ^= static_cast<std::uint8_t>(1u << i % 8);
  }
  EXPECT_TRUE(key.public_key().verify(GetParam(), bytes_of("glass"), signature));
}

TEST_P(EveryAlgorithm, CuttingTheSignatureRefusesIt) {
  const PrivateKey key = new_key();
  auto signature = key.sign(GetParam(), bytes_of("glass"));
  for (std::size_t size = 0; size < signature.size(); ++size) {
    EXPECT_FALSE(key.public_key().verify(GetParam(), bytes_of("glass"), Bytes(signature).first(size))) << size;
  }
  signature.push_back(0);
  EXPECT_FALSE(key.public_key().verify(GetParam(), bytes_of("glass"), signature));
}

INSTANTIATE_TEST_SUITE_P(KeySignature, EveryAlgorithm, testing::ValuesIn(signature_algorithm_names()),
                         [](const auto& info) {
                           std::string name(info.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// [8709-3-1] [5656-3-1] [5656-10.1-1] [8332-3-1] [8332-3-2] [8332-5.2-1] keep: these, and no SHA-1.
TEST(KeySignature, AlgorithmsAreListedInOurOrder) {
  EXPECT_THAT(signature_algorithm_names(),
              testing::ElementsAre("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
                                   "rsa-sha2-512", "rsa-sha2-256"));
  EXPECT_THAT(key_type_names(), testing::ElementsAre("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                                     "ecdsa-sha2-nistp521", "ssh-rsa"));
}

// [4253-6.6-7] keeps: only RSA's formats and signatures have different names. [8332-3-3] keeps.
TEST(KeySignature, EachAlgorithmBelongsToOneKeyType) {  // [4253-7.1-11] keeps: by its name
  EXPECT_EQ(key_type_of_algorithm("ssh-ed25519"), "ssh-ed25519");
  EXPECT_EQ(key_type_of_algorithm("ecdsa-sha2-nistp256"), "ecdsa-sha2-nistp256");
  EXPECT_EQ(key_type_of_algorithm("ecdsa-sha2-nistp521"), "ecdsa-sha2-nistp521");
  EXPECT_EQ(key_type_of_algorithm("rsa-sha2-256"), "ssh-rsa");
  EXPECT_EQ(key_type_of_algorithm("rsa-sha2-512"), "ssh-rsa");
  for (const std::string_view algorithm : signature_algorithm_names()) {
    const auto type = key_type_of_algorithm(algorithm);
    ASSERT_TRUE(type);
    EXPECT_EQ(std::count(key_type_names().begin(), key_type_names().end(), *type), 1);
  }
  for (const std::string_view algorithm :
       {"", "ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp224", "rsa-sha2-256 ", "SSH-ED25519"}) {
    EXPECT_FALSE(key_type_of_algorithm(algorithm)) << algorithm;
  }
}

// [4253-6.6-6] breaks: a signature under a name that its key cannot have.
TEST(KeySignature, SigningWithAnAlgorithmThatDoesNotFitIsAnError) {
  SeededRng rng(1);
  const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng);
  for (const std::string_view algorithm : {"rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-rsa", ""}) {
    EXPECT_THROW(key.sign(algorithm, bytes_of("glass")), std::invalid_argument) << algorithm;
  }
}

// Past vulnerability 78: a private half that does not belong to the public one stands for a processor that errs.
TEST(KeySignature, WrongSignatureNeverLeaves) {
  SeededRng rng(1);
  for (const std::string_view algorithm : signature_algorithm_names()) {
    const PrivateKey one = test_key_for(algorithm, rng);
    const PrivateKey other = test_key_for(algorithm, rng, true);
    EVP_PKEY_up_ref(one.pkey());
    const PrivateKey mixed(std::shared_ptr<EVP_PKEY>(one.pkey(), EVP_PKEY_free), other.public_key());
    EXPECT_THROW(mixed.sign(algorithm, bytes_of("glass")), std::runtime_error) << algorithm;
  }
}

}  // namespace
}  // namespace glassh
