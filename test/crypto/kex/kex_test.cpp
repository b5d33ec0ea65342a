#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/kex/kex_method.h"
#include "proto/error.h"
#include "test/support/kex_methods.h"
#include "test/support/scripted_rng.h"
#include "test/support/vectors.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The text of the refusal, or "accepted"; any refusal must have the right reason.
std::string outcome(std::string_view name, Bytes share, bool as_server) {
  SeededRng rng(1);
  const auto method = test::any_kex_method(name);
  try {
    if (as_server) {
      method->respond(share, rng);
    } else {
      method->start(rng);
      method->finish(share);
    }
  } catch (const ProtocolError& error) {
    // [8731-3-5] [5656-4-3] [8268-4-2] [4253-8-4] keeps
    EXPECT_EQ(error.reason(), DisconnectReason::key_exchange_failed);
    EXPECT_TRUE(method->shared_secret().empty());
    return error.what();
  }
  return "accepted";
}

void expect_refused(std::string_view name, Bytes share, std::string_view why) {
  const bool integers = test::any_kex_method(name)->shares_are_mpints();
  EXPECT_THAT(outcome(name, share, true),
              testing::AllOf(HasSubstr(integers ? ": e " : "Q_C"), HasSubstr(std::string(why))))
      << hex(share);
  EXPECT_THAT(outcome(name, share, false),
              testing::AllOf(HasSubstr(integers ? ": f " : "Q_S"), HasSubstr(std::string(why))))
      << hex(share);
}

// [9142-3.1.1-1] [9142-3.1.3-1] [9142-3.1.3-2] [9142-3.1.3-3] [9142-3.2.1-4] [9142-3.2.2-1] [9142-3.2.2-3]
// [9142-3.2.2-4] [8268-3-1] [5656-4-1] [5656-6.1-1] keeps: what OpenSSH 10 offers of these, in its order.
TEST(KexMethod, OffersItsMethodsInOrder) {
  EXPECT_THAT(
      kex_names(),
      ElementsAre("mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com",
                  "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
                  "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512",
                  "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256"));
  // [9142-3.3-1] [9142-3.4-2] [9142-3.4-3] [9142-3.2.1-3] keeps
  for (const char* const name : {"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1",
                                 "diffie-hellman-group-exchange-sha1", "rsa1024-sha1", ""}) {
    EXPECT_THROW(make_kex_method(name), std::invalid_argument) << name;
  }
}

// RFC 4419: without a group there is no method yet.
TEST(KexMethod, MakesGroupExchangeOnlyWithAGroup) {
  EXPECT_THROW(make_kex_method(group_exchange_name), std::invalid_argument);
}

TEST(KexMethod, GivesBothSidesTheSameSecretAndADifferentOneEachTime) {
  SeededRng rng(5);
  for (const std::string_view name : kex_names()) {
    SCOPED_TRACE(std::string(name));
    std::string last;
    for (int i = 0; i < (name.starts_with("diffie") ? 2 : 20); ++i) {
      const auto client = test::any_kex_method(name);
      const auto server = test::any_kex_method(name);
      client->finish(server->respond(client->start(rng), rng));
      const std::string secret = hex(client->shared_secret().reveal());
      EXPECT_EQ(secret, hex(server->shared_secret().reveal()));
      EXPECT_GE(secret.size(), 64U);
      EXPECT_NE(secret, last);
      last = secret;
    }
  }
}

// [8731-3-6] [5656-6.2.1-1] [8731-3.1-1] [5656-4-7] [8268-3-2] [4419-4.2-1] keeps
TEST(KexMethod, TellsHowItsValuesAreHashed) {
  struct {
    std::string_view name;
    HashName hash;
    bool shares_are_mpints;
  } const cases[] = {
      {"curve25519-sha256", HashName::sha256, false},
      {"curve25519-sha256@libssh.org", HashName::sha256, false},
      {"ecdh-sha2-nistp256", HashName::sha256, false},
      {"ecdh-sha2-nistp384", HashName::sha384, false},
      {"ecdh-sha2-nistp521", HashName::sha512, false},
      {"diffie-hellman-group-exchange-sha256", HashName::sha256, true},
      {"diffie-hellman-group14-sha256", HashName::sha256, true},
      {"diffie-hellman-group16-sha512", HashName::sha512, true},
      {"diffie-hellman-group18-sha512", HashName::sha512, true},
  };
  for (const auto& [name, hash, shares_are_mpints] : cases) {
    const auto method = test::any_kex_method(name);
    EXPECT_EQ(method->hash(), hash) << name;
    EXPECT_EQ(method->shares_are_mpints(), shares_are_mpints) << name;
    EXPECT_TRUE(method->shared_secret_is_mpint()) << name;
  }
}

// A magnitude as it would travel, without zeros in front.
std::string significant(Bytes number) {
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  return hex(number);
}

// [8731-3-1] [8731-3.1-1] [8268-3-2] [5656-4-7] keeps. kex.vec has what RFCs publish, the other what make_kex.py
// computes.
class KnownAnswers : public testing::TestWithParam<const char*> {};

TEST_P(KnownAnswers, AreComputed) {
  for (const VectorCase& vector : load_vectors(GetParam())) {
    SCOPED_TRACE(vector.place);
    ScriptedRng rng(copy_of(vector["Private"]));
    const auto method = make_kex_method(vector.section);
    const Bytes share = method->start(rng);
    EXPECT_EQ(rng.left(), 0U);
    if (vector.values.count("Share") > 0) {
      EXPECT_EQ(significant(share), significant(vector["Share"]));
    }
    EXPECT_EQ(hex(method->ephemeral_private()), hex(vector["Private"]));
    method->finish(vector["PeerShare"]);
    EXPECT_EQ(significant(method->shared_secret().reveal()), significant(vector["SharedSecret"]));
    if (!method->shares_are_mpints()) {
      EXPECT_EQ(hex(method->shared_secret().reveal()), hex(vector["SharedSecret"]));
    }
  }
}
INSTANTIATE_TEST_SUITE_P(KexMethod, KnownAnswers, testing::Values("kex.vec", "kex_shares.vec"));

// [5656-4-2] [5656-4-3] [8268-4-1] [8268-4-2] [8268-4-4] [4253-8-3] [4253-8-4] breaks; past vulnerability 41: points
// off the curve, of another curve, at infinity or in another form, integers outside [2, p-2], lengths off by one.
TEST(KexMethod, RefusesEveryBadShare) {
  for (const VectorCase& vector : load_vectors("kex_refused.vec")) {
    SCOPED_TRACE(vector.place);
    const Bytes share = vector["PeerShare"];
    expect_refused(vector.section, share, vector.section);
    if (vector.section == "diffie-hellman-group14-sha256") {
      expect_refused(group_exchange_name, share, "is not in [2, p-2]");  // [4419-3-5] breaks: the same group
    }
  }
}

// [8731-3-4] breaks
TEST(KexCurve25519, RefusesAShareOfAnotherLength) {
  const std::vector<std::uint8_t> bytes(64, 9);
  for (const std::size_t size : {0, 1, 31, 33, 56, 64}) {
    expect_refused("curve25519-sha256", Bytes(bytes).first(size), "bytes, not 32");
  }
  EXPECT_EQ(outcome("curve25519-sha256", Bytes(bytes).first(32), true), "accepted");
}

// [8731-3-2] [8731-3-3] breaks: every encoding of a point whose order divides the cofactor, on the curve or its twist.
TEST(KexCurve25519, RefusesPointsOfSmallOrder) {
  const std::vector<std::string> points = {
      "0000000000000000000000000000000000000000000000000000000000000000",  // 0
      "0100000000000000000000000000000000000000000000000000000000000000",  // 1
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",  // order 8
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",  // order 8
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p - 1
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p, which is 0
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p + 1, which is 1
  };
  for (const std::string& point : points) {
    std::vector<std::uint8_t> share = unhex(point);
    expect_refused("curve25519-sha256", share, "small order");
    expect_refused("curve25519-sha256@libssh.org", share, "small order");
    share[31] |= 0x80;  // the top bit does not count
    expect_refused("curve25519-sha256", share, "small order");
  }
}

std::vector<std::uint8_t> good_p256_share() {
  SeededRng rng(77);
  return copy_of(make_kex_method("ecdh-sha2-nistp256")->start(rng));
}

// [5656-4-2] [5656-4-3] breaks
TEST(KexEcdhNist, RefusesWhatIsNoUncompressedPoint) {
  const std::vector<std::uint8_t> good = good_p256_share();
  EXPECT_EQ(outcome("ecdh-sha2-nistp256", good, true), "accepted");
  EXPECT_EQ(outcome("ecdh-sha2-nistp256", good, false), "accepted");
  for (const std::size_t size : {0, 1, 33, 64}) {
    expect_refused("ecdh-sha2-nistp256", Bytes(good).first(size), "bytes, not 65");
  }
  std::vector<std::uint8_t> longer = good;
  longer.push_back(0);
  expect_refused("ecdh-sha2-nistp256", longer, "bytes, not 65");
  const std::vector<std::uint8_t> infinity = {0};
  expect_refused("ecdh-sha2-nistp256", infinity, "bytes, not 65");
  // [5656-4-4]: compressed points are left out.
  std::vector<std::uint8_t> compressed(good.begin(), good.begin() + 33);
  compressed[0] = static_cast<std::uint8_t>(2 | (good.back() & 1));
  expect_refused("ecdh-sha2-nistp256", compressed, "bytes, not 65");
  for (const int first : {0, 1, 2, 3, 5, 6, 7, 0x84, 0xff}) {
    std::vector<std::uint8_t> share = good;
    share[0] = static_cast<std::uint8_t>(first);
    expect_refused("ecdh-sha2-nistp256", share, "only uncompressed");
  }
}

// [5656-4-2] [5656-4-3] breaks
TEST(KexEcdhNist, RefusesPointsOffTheCurve) {
  const std::vector<std::uint8_t> good = good_p256_share();
  for (std::size_t bit = 8; bit < good.size() * 8; ++bit) {
    std::vector<std::uint8_t> share = good;
    share[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_THAT(outcome("ecdh-sha2-nistp256", share, true), HasSubstr("not a point of the curve")) << "bit " << bit;
  }
  std::vector<std::uint8_t> zero(65);
  zero[0] = 4;
  expect_refused("ecdh-sha2-nistp256", zero, "not a point of the curve");
  std::vector<std::uint8_t> beyond(65, 0xff);  // coordinates outside the field
  beyond[0] = 4;
  expect_refused("ecdh-sha2-nistp256", beyond, "not a point of the curve");
}

// SEC 1 section 2.3.6: x + p is the same number modulo p, but no coordinate.
TEST(KexEcdhNist, RefusesCoordinatesOutsideTheField) {
  // The point (5, y): x + p still fits into 32 bytes.
  const std::string y = "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
  const std::string x = "0000000000000000000000000000000000000000000000000000000000000005";
  const std::string x_plus_p = "ffffffff00000001000000000000000000000001000000000000000000000004";
  EXPECT_EQ(outcome("ecdh-sha2-nistp256", unhex("04" + x + y), true), "accepted");
  expect_refused("ecdh-sha2-nistp256", unhex("04" + x_plus_p + y), "not a point of the curve");
}

// [5656-9-2] keeps: every scalar in 1..n-1 is as likely as any other.
TEST(KexEcdhNist, DrawsAgainWhenAScalarIsOutOfRange) {
  const std::string order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  const std::string order_less_one = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
  const std::string zero(64, '0');
  const std::string all_ones(64, 'f');
  ScriptedRng rng(unhex(zero + order + all_ones + order_less_one + "aa"));
  const auto method = make_kex_method("ecdh-sha2-nistp256");
  method->start(rng);
  EXPECT_EQ(hex(method->ephemeral_private()), order_less_one);
  EXPECT_EQ(rng.left(), 1U);
}

// Of 66 bytes 521 bits count; with all of them seven draws of eight would be thrown away.
TEST(KexEcdhNist, DrawsScalarsOfTheRightLength) {
  const std::string bytes = "fe00" + std::string(128, '1');
  ScriptedRng rng(unhex(bytes + "aa"));
  const auto method = make_kex_method("ecdh-sha2-nistp521");
  method->start(rng);
  EXPECT_EQ(hex(method->ephemeral_private()), "00" + bytes.substr(2));
  EXPECT_EQ(rng.left(), 1U);
}

TEST(KexMethod, LetsAFailingRngThrough) {
  for (const std::string_view name : kex_names()) {
    ScriptedRng rng({1, 2, 3});
    EXPECT_THROW(test::any_kex_method(name)->start(rng), std::runtime_error);
  }
}

}  // namespace
}  // namespace glassh
