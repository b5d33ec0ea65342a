// ML-KEM-768 against figures of npm's @noble/post-quantum, and against libcrypto's own where it has one (3.5).
#include "crypto/kex/mlkem768.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/keccak.h"
#include "crypto/libcrypto.h"
#include "test/support/scripted_rng.h"
#include "test/support/vectors.h"

namespace glassh {
namespace {

using mlkem768::KeyPair;

std::string sha256(Bytes bytes) { return hex(Hash(HashName::sha256).raw(bytes).finish().bytes()); }

std::vector<std::uint8_t> joined(Bytes a, Bytes b) {
  std::vector<std::uint8_t> both = copy_of(a);
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

// FIPS 202's published answers for no input at all.
TEST(Keccak, ComputesThePublishedAnswers) {
  const std::vector<std::pair<Keccak, std::string>> answers = {
      {Keccak::sha3_256, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"},
      {Keccak::sha3_512,
       "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
       "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26"},
      {Keccak::shake128, "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"},
      {Keccak::shake256, "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"},
  };
  for (const auto& [function, answer] : answers) {
    std::vector<std::uint8_t> output(answer.size() / 2);
    keccak(function, {}, output);
    EXPECT_EQ(hex(output), answer);
  }
  std::vector<std::uint8_t> whole(500);
  std::vector<std::uint8_t> parts(whole.size());
  keccak(Keccak::shake128, {bytes_of("abcdef")}, whole);
  keccak(Keccak::shake128, {bytes_of("abc"), {}, bytes_of("def")}, parts);
  EXPECT_EQ(hex(whole), hex(parts));
}

TEST(MlKem768, ComputesTheAnswersOfAnotherImplementation) {
  for (const VectorCase& vector : load_vectors("mlkem768.vec")) {
    SCOPED_TRACE(vector.place);
    const bool full = vector.section == "full";
    const auto expect = [&](const std::string& name, Bytes value) {
      EXPECT_EQ(full ? hex(value) : sha256(value), hex(vector[name])) << name;
    };
    ScriptedRng seeds(joined(vector["d"], vector["z"]));
    const KeyPair keys = mlkem768::key_gen(seeds);
    EXPECT_EQ(seeds.left(), 0U);
    expect("EncapsulationKey", keys.encapsulation_key);
    expect("DecapsulationKey", keys.decapsulation_key.reveal());
    EXPECT_TRUE(mlkem768::is_encapsulation_key(keys.encapsulation_key));

    ScriptedRng message(copy_of(vector["m"]));
    auto [ciphertext, secret] = mlkem768::encaps(keys.encapsulation_key, message);
    EXPECT_EQ(message.left(), 0U);
    expect("Ciphertext", ciphertext);
    EXPECT_EQ(hex(secret.reveal()), hex(vector["Secret"]));
    EXPECT_EQ(hex(mlkem768::decaps(keys.decapsulation_key.reveal(), ciphertext).reveal()), hex(vector["Secret"]));

    const std::size_t bit = vector["Bit"][0] + vector["Bit"][1] * 256U;
    ciphertext.at(bit / 8) ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(hex(mlkem768::decaps(keys.decapsulation_key.reveal(), ciphertext).reveal()), hex(vector["Rejected"]));
  }
}

KeyPair some_keys() {
  SeededRng rng(61);
  return mlkem768::key_gen(rng);
}

// Each one is rejected without a word: a secret that is neither the right one nor one of the others.
TEST(MlKem768, GivesAnotherSecretForEachChangedCiphertext) {
  SeededRng rng(62);
  const KeyPair keys = some_keys();
  const Bytes dk = keys.decapsulation_key.reveal();
  auto [ciphertext, secret] = mlkem768::encaps(keys.encapsulation_key, rng);
  std::set<std::string> seen = {hex(secret.reveal())};
  std::size_t count = 1;
  for (std::size_t bit = 0; bit < 8 * ciphertext.size(); bit += 11, ++count) {
    ciphertext[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    seen.insert(hex(mlkem768::decaps(dk, ciphertext).reveal()));
    ciphertext[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
  EXPECT_EQ(seen.size(), count);
  EXPECT_EQ(hex(mlkem768::decaps(dk, ciphertext).reveal()), hex(secret.reveal()));
}

// FIPS 203 section 7.2: the 768 numbers of a key are each two halves of three bytes.
TEST(MlKem768, RefusesKeysWithANumberThatIsNotBelow3329) {
  const auto with_number = [](std::size_t at, unsigned number) {
    mlkem768::EncapsulationKey key = some_keys().encapsulation_key;
    std::uint8_t* const three = key.data() + at / 2 * 3;
    if (at % 2 == 0) {
      three[0] = static_cast<std::uint8_t>(number);
      three[1] = static_cast<std::uint8_t>((three[1] & 0xf0) | number >> 8);
    } else {
      three[1] = static_cast<std::uint8_t>((three[1] & 0x0f) | (number & 15) << 4);
      three[2] = static_cast<std::uint8_t>(number >> 4);
    }
    return mlkem768::is_encapsulation_key(key);
  };
  for (const std::size_t at : {0, 1, 2, 255, 256, 511, 512, 766, 767}) {
    SCOPED_TRACE(at);
    EXPECT_TRUE(with_number(at, 0));
    EXPECT_TRUE(with_number(at, 3328));
    EXPECT_FALSE(with_number(at, 3329));
    EXPECT_FALSE(with_number(at, 3330));
    EXPECT_FALSE(with_number(at, 4095));
  }
}

TEST(MlKem768, RefusesEveryOtherLength) {
  SeededRng rng(63);
  const KeyPair keys = some_keys();
  const std::vector<std::uint8_t> bytes(2500);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Bytes some = Bytes(bytes).first(size);
    EXPECT_EQ(mlkem768::is_encapsulation_key(some), size == 1184) << size;
    if (size % 100 != 50) continue;
    EXPECT_THROW(mlkem768::encaps(some, rng), std::invalid_argument);
    EXPECT_THROW(mlkem768::decaps(some, Bytes(bytes).first(1088)), std::invalid_argument);
    EXPECT_THROW(mlkem768::decaps(keys.decapsulation_key.reveal(), some), std::invalid_argument);
  }
}

using Kem = EvpPkeyCtx;

Kem context_of(EVP_PKEY* key) {
  return Kem(check_pointer(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), "EVP_PKEY_CTX_new_from_pkey"));
}

struct LibcryptoEncapsulated {
  std::vector<std::uint8_t> ciphertext, secret;
};

LibcryptoEncapsulated libcrypto_encapsulates(EVP_PKEY* key) {
  const Kem context = context_of(key);
  check(EVP_PKEY_encapsulate_init(context.get(), nullptr), "EVP_PKEY_encapsulate_init");
  LibcryptoEncapsulated made{std::vector<std::uint8_t>(1088), std::vector<std::uint8_t>(32)};
  std::size_t sizes[2] = {made.ciphertext.size(), made.secret.size()};
  check(EVP_PKEY_encapsulate(context.get(), made.ciphertext.data(), &sizes[0], made.secret.data(), &sizes[1]),
        "EVP_PKEY_encapsulate");
  return made;
}

std::string libcrypto_decapsulates(EVP_PKEY* key, Bytes ciphertext) {
  const Kem context = context_of(key);
  check(EVP_PKEY_decapsulate_init(context.get(), nullptr), "EVP_PKEY_decapsulate_init");
  std::vector<std::uint8_t> secret(32);
  std::size_t size = secret.size();
  check(EVP_PKEY_decapsulate(context.get(), secret.data(), &size, ciphertext.data(), ciphertext.size()),
        "EVP_PKEY_decapsulate");
  return hex(secret);
}

// Both ways, and what each makes of a changed ciphertext. libcrypto has ML-KEM since 3.5.
TEST(MlKem768, AgreesWithLibcryptoIfItHasOne) {
  const Kem known(EVP_PKEY_CTX_new_from_name(nullptr, "ML-KEM-768", nullptr));
  clear_libcrypto_errors();
  ASSERT_EQ(known != nullptr, OpenSSL_version_num() >= 0x30500000UL) << OpenSSL_version(OPENSSL_VERSION);
  if (known == nullptr) return;
  SeededRng rng(64);
  for (int i = 0; i < 50; ++i) {
    const KeyPair keys = mlkem768::key_gen(rng);
    const Bytes ek = keys.encapsulation_key;
    const Bytes dk = keys.decapsulation_key.reveal();
    const EvpPkey public_key(check_pointer(
        EVP_PKEY_new_raw_public_key_ex(nullptr, "ML-KEM-768", nullptr, ek.data(), ek.size()), "ML-KEM-768 public key"));
    const EvpPkey private_key(
        check_pointer(EVP_PKEY_new_raw_private_key_ex(nullptr, "ML-KEM-768", nullptr, dk.data(), dk.size()),
                      "ML-KEM-768 private key"));

    auto [their_ciphertext, their_secret] = libcrypto_encapsulates(public_key.get());
    EXPECT_EQ(hex(mlkem768::decaps(dk, their_ciphertext).reveal()), hex(their_secret));
    auto [ciphertext, secret] = mlkem768::encaps(ek, rng);
    EXPECT_EQ(libcrypto_decapsulates(private_key.get(), ciphertext), hex(secret.reveal()));
    ciphertext[static_cast<std::size_t>(i) * 20] ^= 4;
    EXPECT_EQ(libcrypto_decapsulates(private_key.get(), ciphertext), hex(mlkem768::decaps(dk, ciphertext).reveal()));
  }
}

}  // namespace
}  // namespace glassh
