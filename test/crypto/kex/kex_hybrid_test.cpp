// The hybrids put together what mlkem768_test and sntrup761_test look at by itself: which bytes go where, how K is made
// of them, and what of a share is refused.
#include "crypto/kex/kex_hybrid.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/kex/mlkem768.h"
#include "crypto/kex/sntrup761.h"
#include "crypto/kex/x25519.h"
#include "proto/error.h"
#include "test/support/vectors.h"

namespace glassh {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Shape {
  std::string_view name;
  HashName hash;
  std::size_t client_share, server_share;
};

constexpr std::array shapes = {
    Shape{"mlkem768x25519-sha256", HashName::sha256, 1184 + 32, 1088 + 32},
    Shape{"sntrup761x25519-sha512", HashName::sha512, 1158 + 32, 1039 + 32},
    Shape{"sntrup761x25519-sha512@openssh.com", HashName::sha512, 1158 + 32, 1039 + 32},
};

// The text of the refusal, or "accepted". A refusal leaves no secret behind.
std::string outcome(KexMethod& method, Bytes share, bool as_server) {
  SeededRng rng(1);
  try {
    if (as_server) {
      method.respond(share, rng);
    } else {
      method.finish(share);
    }
  } catch (const ProtocolError& error) {
    EXPECT_EQ(error.reason(), DisconnectReason::key_exchange_failed);
    EXPECT_TRUE(method.shared_secret().empty());
    return error.what();
  }
  return "accepted";
}

std::string server_outcome(std::string_view name, Bytes share) { return outcome(*make_kex_hybrid(name), share, true); }

std::unique_ptr<KexMethod> started_client(std::string_view name) {
  SeededRng rng(8);
  auto client = make_kex_hybrid(name);
  client->start(rng);
  return client;
}

struct Shares {
  std::vector<std::uint8_t> client, server;
};

Shares good_shares(std::string_view name) {
  SeededRng rng(2);
  const auto client = make_kex_method(name);
  const auto server = make_kex_method(name);
  Shares shares;
  shares.client = copy_of(client->start(rng));
  shares.server = copy_of(server->respond(shares.client, rng));
  return shares;
}

TEST(KexHybrid, SharesHaveTheirLengthsAndKIsAStringAsLongAsTheHash) {
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(std::string(shape.name));
    SeededRng rng(3);
    const auto client = make_kex_hybrid(shape.name);
    const auto server = make_kex_hybrid(shape.name);
    const Bytes client_share = client->start(rng);
    EXPECT_EQ(client_share.size(), shape.client_share);
    const Bytes server_share = server->respond(client_share, rng);
    EXPECT_EQ(server_share.size(), shape.server_share);
    client->finish(server_share);
    EXPECT_EQ(hex(client->shared_secret().reveal()), hex(server->shared_secret().reveal()));
    EXPECT_EQ(client->shared_secret().size(), hash_size(shape.hash));
    for (const auto& side : {client.get(), server.get()}) {
      EXPECT_EQ(side->hash(), shape.hash);
      EXPECT_FALSE(side->shares_are_mpints());
      EXPECT_FALSE(side->shared_secret_is_mpint());
      EXPECT_TRUE(side->ephemeral_private().empty());
    }
  }
  EXPECT_EQ(make_kex_hybrid("curve25519-sha256"), nullptr);
  EXPECT_EQ(make_kex_hybrid("mlkem768nistp256-sha256"), nullptr);
}

// The encapsulated secret and then X25519's, hashed; the same halves in the same order in the shares.
TEST(KexHybrid, TheEncapsulationComesBeforeX25519) {
  SeededRng rng(4);
  const mlkem768::KeyPair mlkem = mlkem768::key_gen(rng);
  const sntrup761::KeyPair sntrup = sntrup761::key_gen(rng);
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(std::string(shape.name));
    const bool is_mlkem = shape.name.starts_with("mlkem");
    X25519 x25519;
    const Bytes public_key = x25519.generate(rng);
    std::vector<std::uint8_t> share = is_mlkem ? copy_of(mlkem.encapsulation_key) : copy_of(sntrup.public_key);
    share.insert(share.end(), public_key.begin(), public_key.end());
    const auto server = make_kex_hybrid(shape.name);
    const Bytes reply = server->respond(share, rng);

    const Bytes ciphertext = reply.first(reply.size() - 32);
    const SecretBytes first = is_mlkem ? mlkem768::decaps(mlkem.decapsulation_key.reveal(), ciphertext)
                                       : sntrup761::decap(sntrup.secret_key.reveal(), ciphertext);
    const std::optional<SecretBytes> second = x25519.agree(reply.last(32));
    ASSERT_TRUE(second);
    const Digest K = Hash(shape.hash).raw(first.reveal()).raw(second->reveal()).finish();
    EXPECT_EQ(hex(server->shared_secret().reveal()), hex(K.bytes()));
  }
}

TEST(KexHybrid, RefusesEveryOtherLength) {
  for (const Shape& shape : shapes) {
    for (const bool as_server : {true, false}) {
      const std::size_t right = as_server ? shape.client_share : shape.server_share;
      const auto method = as_server ? make_kex_hybrid(shape.name) : started_client(shape.name);
      const std::vector<std::uint8_t> share(2 * right, 9);
      for (const std::size_t size :
           {std::size_t{0}, std::size_t{1}, std::size_t{32}, right - 32, right - 1, right + 1, right + 32, 2 * right}) {
        EXPECT_EQ(
            outcome(*method, Bytes(share).first(size), as_server),
            fmt::format("{}: {} has {} bytes, not {}", shape.name, as_server ? "C_INIT" : "S_REPLY", size, right));
      }
      if (!as_server) {
        EXPECT_EQ(outcome(*method, Bytes(share).first(right), false), "accepted");
      }
    }
    EXPECT_EQ(server_outcome(shape.name, good_shares(shape.name).client), "accepted");
  }
}

// A point of small order makes X25519's half zero, whatever the other half is: past vulnerability 41.
TEST(KexHybrid, RefusesAnX25519HalfOfSmallOrder) {
  const std::vector<std::string> points = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  for (const Shape& shape : shapes) {
    Shares shares = good_shares(shape.name);
    const auto client = started_client(shape.name);
    for (const std::string& point : points) {
      const std::vector<std::uint8_t> half = unhex(point);
      std::copy(half.begin(), half.end(), shares.client.end() - 32);
      std::copy(half.begin(), half.end(), shares.server.end() - 32);
      EXPECT_THAT(server_outcome(shape.name, shares.client), AllOf(HasSubstr("C_INIT"), HasSubstr("small order")));
      EXPECT_THAT(outcome(*client, shares.server, false), AllOf(HasSubstr("S_REPLY"), HasSubstr("small order")));
    }
  }
}

TEST(KexHybrid, RefusesAnEncapsulationKeyThatFailsTheModulusCheck) {
  const std::vector<std::uint8_t> good = good_shares("mlkem768x25519-sha256").client;
  for (const std::size_t at : {std::size_t{0}, std::size_t{600}, std::size_t{1149}}) {
    std::vector<std::uint8_t> share = good;
    share[at] = share[at + 1] = share[at + 2] = 0xff;  // two numbers of 4095
    EXPECT_EQ(server_outcome("mlkem768x25519-sha256", share),
              "mlkem768x25519-sha256: C_INIT holds a number that is not below 3329 (the modulus check of FIPS 203 "
              "section 7.2)");
  }
  // Behind the numbers comes a seed, in which anything goes.
  std::vector<std::uint8_t> share = good;
  share[1152] = share[1153] = share[1154] = 0xff;
  EXPECT_EQ(server_outcome("mlkem768x25519-sha256", share), "accepted");
}

// Every part of the server's share goes into K: no bit of it can be changed without the client's K becoming another.
TEST(KexHybrid, AChangedReplyGivesAnotherSecret) {
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(std::string(shape.name));
    SeededRng rng(7);
    const auto client = make_kex_hybrid(shape.name);
    const auto server = make_kex_hybrid(shape.name);
    std::vector<std::uint8_t> reply = copy_of(server->respond(client->start(rng), rng));
    std::set<std::string> seen = {hex(server->shared_secret().reveal())};
    std::size_t count = 1;
    for (std::size_t bit = 0; bit < 8 * reply.size() - 1; bit += 131, ++count) {
      reply[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      client->finish(reply);
      seen.insert(hex(client->shared_secret().reveal()));
      reply[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    }
    EXPECT_EQ(seen.size(), count);
  }
}

}  // namespace
}  // namespace glassh
