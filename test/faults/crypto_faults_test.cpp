// Past vulnerability 38: a failure inside libcrypto was handed on as success, in key derivation, digests and ciphers.
// Past vulnerability 23: with little memory left, a wrong signature was found to be right.
//
// Each operation of crypto/ is done once with nothing wrong and then again and again, with another call of libcrypto,
// or another piece of memory, failing each time. It may throw, and it may cope; it never says that it has done what it
// has not done.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/ciphers/packet_cipher.h"
#include "crypto/constant_time.h"
#include "crypto/hash.h"
#include "crypto/kex/kex_method.h"
#include "crypto/keys/key.h"
#include "test/faults/libcrypto_faults.h"
#include "test/support/cipher_suites.h"
#include "test/support/test_keys.h"
#include "transport/key_derivation.h"

namespace glassh {
namespace {

using test::faults;
using testing::HasSubstr;

constexpr std::size_t most_tries = 150;  // of one operation; where there are more places, they are spread

enum class Outcome { right, refused, wrong };  // wrong: it said that all is well

// The operation, and what came of it. Nothing fails while the result is looked at.
using Operation = std::function<Outcome()>;

Outcome try_it(const Operation& operation) {
  try {
    return operation();
  } catch (const std::exception&) {
    return Outcome::refused;
  }
}

void fail_everywhere(const std::string& name, const Operation& operation) {
  faults().fail_call(-1);
  ASSERT_EQ(operation(), Outcome::right) << name;
  ASSERT_EQ(operation(), Outcome::right) << name;  // what libcrypto keeps for ever, it has by now
  faults().fail_call(-1);
  ASSERT_EQ(operation(), Outcome::right) << name;
  const std::size_t calls = faults().calls();
  const std::size_t allocations = faults().allocations();
  EXPECT_GT(calls, 0u) << name;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < calls; ++i) {
    faults().fail_call(i);
    const Outcome outcome = try_it(operation);
    faults().stop();
    EXPECT_NE(outcome, Outcome::wrong) << name << ", call " << i;
    refused += outcome == Outcome::refused;
  }
  EXPECT_GT(refused, 0u) << name;
  const std::size_t step = std::max<std::size_t>(1, allocations / most_tries);
  for (std::size_t i = 0; i < allocations; i += step) {
    faults().fail_allocation(i);
    const Outcome outcome = try_it(operation);
    faults().stop();
    EXPECT_NE(outcome, Outcome::wrong) << name << ", allocation " << i;
  }
}

Outcome right_if(bool right) { return right ? Outcome::right : Outcome::wrong; }

bool same(const SecretBytes& a, const SecretBytes& b) { return equal_in_constant_time(a.reveal(), b.reveal()); }

// Otherwise nothing below would mean anything.
TEST(CryptoFaults, CallsAndMemoryGoThroughUs) {
  faults().fail_call(-1);
  const Hash hash(HashName::sha256);
  EXPECT_GT(faults().calls(), 0u);
  EXPECT_GT(faults().allocations(), 0u);
}

TEST(CryptoFaults, DigestsAndMacs) {
  for (const HashName name : {HashName::sha256, HashName::sha384, HashName::sha512}) {
    const Digest known = Hash(name).string(bytes_of("some text")).finish();
    const Digest known_mac = hmac(name, bytes_of("key"), bytes_of("some text"));
    fail_everywhere(std::string(hash_text(name)), [&] {
      const Digest digest = Hash(name).string(bytes_of("some text")).finish();
      return right_if(equal(digest.bytes(), known.bytes()));
    });
    fail_everywhere("HMAC with " + std::string(hash_text(name)), [&] {
      const Digest mac = hmac(name, bytes_of("key"), bytes_of("some text"));
      return right_if(equal(mac.bytes(), known_mac.bytes()));
    });
  }
}

TEST(CryptoFaults, KeyDerivation) {
  for (const HashName name : {HashName::sha256, HashName::sha512}) {
    const auto derive = [name] {
      return derive_key(name, bytes_of("shared"), bytes_of("hash"), 'C', bytes_of("session"), 100);
    };
    const SecretBytes known = derive();
    fail_everywhere("key derivation with " + std::string(hash_text(name)),
                    [&] { return right_if(same(derive(), known)); });
  }
}

TEST(CryptoFaults, Randomness) {
  fail_everywhere("randomness", [] {
    std::array<std::uint8_t, 64> bytes{};
    SystemRng().fill(bytes);
    return right_if(std::count(bytes.begin(), bytes.end(), 0) < 32);
  });
}

// Both sides of each method; the larger groups are more of the same.
TEST(CryptoFaults, KeyExchanges) {
  for (const std::string_view name : kex_names()) {
    const bool slow = name.find("group1") != name.npos && name.find("group14") == name.npos;
    if (slow || name.find("group-exchange") != name.npos) continue;
    fail_everywhere(std::string(name), [name] {
      SeededRng rng{7};
      const auto client = make_kex_method(name);
      const auto server = make_kex_method(name);
      const Bytes client_share = client->start(rng);
      client->finish(server->respond(client_share, rng));
      const SecretBytes& secret = client->shared_secret();
      const bool zero = std::count(secret.reveal().begin(), secret.reveal().end(), 0) > 20;
      return right_if(!zero && same(secret, server->shared_secret()));
    });
  }
}

std::vector<std::uint8_t> plain_packet(const PacketShape& shape) {
  std::vector<std::uint8_t> packet(shape.unpadded_prefix + 4 * shape.block + shape.tag);
  put_u32(packet.data(), static_cast<std::uint32_t>(packet.size() - 4 - shape.tag));
  packet[4] = 4;
  return packet;
}

std::vector<CipherNames> suites() {
  std::vector<CipherNames> all;
  for (const std::string_view cipher : cipher_names()) {
    if (is_aead(cipher)) all.push_back({std::string(cipher), ""});
    for (const std::string_view mac : mac_names()) {
      if (!is_aead(cipher)) all.push_back({std::string(cipher), std::string(mac)});
    }
  }
  return all;
}

TEST(CryptoFaults, Ciphers) {
  for (const CipherNames& names : suites()) {
    const std::string name = names.cipher + " " + names.mac;
    const auto first_sealer = make_sealer(names, test::random_keys(names, 9));
    const std::vector<std::uint8_t> plain = plain_packet(first_sealer->shape());
    std::vector<std::uint8_t> sealed = plain;
    first_sealer->seal(3, sealed);
    const std::size_t text_size = plain.size() - first_sealer->shape().tag;
    fail_everywhere("sealing with " + name, [&] {
      std::vector<std::uint8_t> packet = plain;
      make_sealer(names, test::random_keys(names, 9))->seal(3, packet);
      return right_if(packet == sealed);
    });
    const auto open = [&](std::vector<std::uint8_t> packet) {
      const auto opener = make_opener(names, test::random_keys(names, 9));
      opener->packet_length(3, packet);
      if (!opener->open(3, packet)) return Outcome::refused;
      return right_if(equal(Bytes(packet).first(text_size), Bytes(plain).first(text_size)));
    };
    fail_everywhere("opening with " + name, [&] { return open(sealed); });
    // A forged packet is refused whatever fails.
    std::vector<std::uint8_t> forged = sealed;
    forged.back() ^= 1;
    fail_everywhere("refusing a forgery with " + name,
                    [&] { return open(forged) == Outcome::refused ? Outcome::right : Outcome::wrong; });
  }
}

class KeyFaults : public testing::TestWithParam<std::string> {
 protected:
  SeededRng rng_{4};
  const std::string algorithm_ = GetParam();
  const PrivateKey key_ = test_key_for(algorithm_, rng_);
  const PrivateKey other_ = test_key_for(algorithm_, rng_, true);
};

TEST_P(KeyFaults, Signing) {
  fail_everywhere("signing by " + algorithm_, [this] {
    const std::vector<std::uint8_t> signature = key_.sign(algorithm_, bytes_of("message"));
    faults().stop();
    return right_if(key_.public_key().verify(algorithm_, bytes_of("message"), signature));
  });
}

// What is right may be taken for wrong then, and never the other way round.
TEST_P(KeyFaults, Verifying) {
  const std::vector<std::uint8_t> signature = key_.sign(algorithm_, bytes_of("message"));
  const std::vector<std::uint8_t> others = other_.sign(algorithm_, bytes_of("message"));
  const std::vector<std::uint8_t> blob = copy_of(key_.public_key().blob());
  fail_everywhere("verifying by " + algorithm_, [&] {
    const bool verified = PublicKey::decode(blob).verify(algorithm_, bytes_of("message"), signature);
    return verified ? Outcome::right : Outcome::refused;
  });
  for (const auto& [message, wrong] : {std::pair{"message", &others}, std::pair{"another message", &signature}}) {
    fail_everywhere("refusing by " + algorithm_, [&, message = message, wrong = wrong] {
      const bool verified = PublicKey::decode(blob).verify(algorithm_, bytes_of(message), *wrong);
      return verified ? Outcome::wrong : Outcome::right;
    });
  }
}

// Past vulnerability 78: a signature in whose making the processor erred gives an RSA key away. It is not let out.
TEST_P(KeyFaults, ASignatureWithAWrongBitIsNotLetOut) {
  faults().spoil_signature();
  std::string error;
  try {
    key_.sign(algorithm_, bytes_of("message"));
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  ASSERT_TRUE(faults().happened());
  EXPECT_NE(error, "");
  EXPECT_NO_THROW(key_.sign(algorithm_, bytes_of("message")));
}

INSTANTIATE_TEST_SUITE_P(EachAlgorithm, KeyFaults,
                         testing::Values("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                         "ecdsa-sha2-nistp521", "rsa-sha2-256", "rsa-sha2-512"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(CryptoFaults, KeyFiles) {
  for (const char* name : {"ed25519", "ecdsa", "rsa2048"}) {
    const std::string text = test_key_text(name);
    const PublicKey known = test_key(name).public_key();
    fail_everywhere(std::string("reading ") + name,
                    [&] { return right_if(parse_private_key_file(text).key.public_key() == known); });
  }
}

}  // namespace
}  // namespace glassh
