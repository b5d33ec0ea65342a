// Diffie-Hellman over integers: its private exponents, groups that peers send, and the moduli file.
#include "crypto/kex/kex_dh.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/kex/moduli.h"
#include "proto/error.h"
#include "test/support/vectors.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(KexMethod& method, Bytes server_share) {
  SeededRng rng(1);
  try {
    method.start(rng);
    method.finish(server_share);
  } catch (const ProtocolError& error) {
    EXPECT_EQ(error.reason(), DisconnectReason::key_exchange_failed);
    return error.what();
  }
  return "accepted";
}

// [8268-3-2] keeps
TEST(DhGroup, HasTheGroupsOfRfc3526) {
  EXPECT_THAT(rfc3526_sizes(), ElementsAre(2048, 3072, 4096, 6144, 8192));
  for (const std::size_t bits : rfc3526_sizes()) {
    const DhGroup& group = rfc3526_group(bits);
    EXPECT_EQ(group.bits, bits);
    EXPECT_EQ(group.p.size(), bits / 8);
    EXPECT_EQ(hex(group.g), "02");
    EXPECT_EQ(problem_with(group), "");
  }
  EXPECT_THROW(rfc3526_group(1536), std::invalid_argument);
}

TEST(DhGroup, SaysWhatIsWrongWithOne) {
  const DhGroup& good = rfc3526_group(2048);
  DhGroup even = good;
  even.p.back() &= 0xfe;
  EXPECT_EQ(problem_with(even), "p is even");
  EXPECT_EQ(problem_with(make_group({}, unhex("02"))), "p is even");
  std::vector<std::uint8_t> p_less_one = good.p;
  p_less_one.back() -= 1;
  for (const auto& g : {unhex(""), unhex("00"), unhex("01"), p_less_one, good.p}) {
    EXPECT_EQ(problem_with(make_group(good.p, g)), "g is not in [2, p-2]") << hex(g);
  }
  p_less_one.back() -= 1;
  EXPECT_EQ(problem_with(make_group(good.p, p_less_one)), "");
}

TEST(DhGroup, CountsBitsWithoutZerosInFront) {
  const DhGroup group = make_group(unhex("00000123"), unhex("0002"));
  EXPECT_EQ(group.bits, 9U);
  EXPECT_EQ(hex(group.p), "0123");
  EXPECT_EQ(hex(group.g), "02");
}

// [4253-8-1] [4419-6.2-1] keeps: twice 64 bytes, and every time as long.
TEST(KexDh, DrawsAPrivateExponentOf1024Bits) {
  SeededRng rng(3);
  std::set<std::string> seen;
  for (int i = 0; i < 8; ++i) {
    KexDh method(HashName::sha256, rfc3526_group(2048), "test");
    method.start(rng);
    EXPECT_EQ(method.ephemeral_private().size(), 128U);
    EXPECT_GE(method.ephemeral_private()[0], 0x80);
    EXPECT_TRUE(seen.insert(hex(method.ephemeral_private())).second);
  }
}

// [4253-8-2] [8268-4-3] [4419-3-4] breaks: a group made so that g to any power is 1, or 0; our share would be outside.
TEST(KexDh, SendsNoShareOutsideTheRange) {
  // g^2 = 1 modulo p = q^2 - 1 … with p odd: p = (g - 1)(g + 1) for an even g, here 2^1024.
  std::vector<std::uint8_t> g(129, 0);
  g[0] = 1;
  const std::vector<std::uint8_t> p(256, 0xff);  // 2^2048 - 1 = (2^1024 - 1)(2^1024 + 1)
  unsigned refused = 0;
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    KexDh method(HashName::sha256, make_group(p, g), "test");
    SeededRng rng(seed);
    try {
      method.start(rng);  // an odd exponent leads to g itself, which is in range
    } catch (const ProtocolError& error) {
      ++refused;
      EXPECT_STREQ(error.what(), "test: g generates too small a group modulo p");
    }
  }
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 16U);
}

// [4419-3-6] breaks: in range, but raised to our even exponent it is 1, or raised to any it is 0.
TEST(KexDh, RefusesASharedSecretOfSmallOrder) {
  std::vector<std::uint8_t> two_to_1024(129, 0);
  two_to_1024[0] = 1;
  const std::vector<std::uint8_t> p(256, 0xff);
  unsigned refused = 0;
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    KexDh method(HashName::sha256, make_group(p, unhex("03")), "test");
    SeededRng rng(seed);
    method.start(rng);
    try {
      method.finish(two_to_1024);
    } catch (const ProtocolError& error) {
      ++refused;
      EXPECT_STREQ(error.what(), "test: f makes a shared secret of 0, 1 or p-1");
      EXPECT_TRUE(method.shared_secret().empty());
    }
  }
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 16U);
}

TEST(KexDh, NamesItselfInErrors) {
  KexDh method(HashName::sha512, rfc3526_group(4096), "diffie-hellman-group16-sha512");
  EXPECT_EQ(error_of(method, unhex("01")), "diffie-hellman-group16-sha512: f is not in [2, p-2]");
}

// ----------------------------------------------------------------------------------------------------------------
// moduli(5)

std::string digits_of(std::size_t bits) { return hex(rfc3526_group(bits).p); }

std::string line_of(std::size_t bits) {
  return fmt::format("20260101000000 2 6 100 {} 2 {}\n", bits - 1, digits_of(bits));
}

TEST(Moduli, TakesTestedSafePrimes) {
  const Moduli moduli = parse_moduli("# Time Type Tests Tries Size Generator Modulus\n\n" + line_of(2048) + "  \t\n" +
                                     line_of(3072) + "20260101000000\t2 6 100 4095 5 " + digits_of(4096));
  EXPECT_THAT(moduli.problems, ElementsAre());
  ASSERT_EQ(moduli.groups.size(), 3U);
  EXPECT_EQ(moduli.groups[0].bits, 2048U);
  EXPECT_EQ(hex(moduli.groups[0].p), digits_of(2048));
  EXPECT_EQ(hex(moduli.groups[2].g), "05");
}

// [8270-5-1] keeps: not a word about what is merely not wanted, small groups above all.
TEST(Moduli, LeavesOutInSilenceWhatIsNoCandidate) {
  for (const char* const line : {
           "20260101000000 2 6 100 1023 2 FFFF",  // 1024 bits
           "20260101000000 2 6 100 8192 2 FFFF",  // 8193 bits
           "20260101000000 4 6 100 2047 2 FFFF",  // a Sophie Germain prime
           "20260101000000 0 6 100 2047 2 FFFF",  // of unknown type
           "20260101000000 2 0 0 2047 2 FFFF",    // untested
           "20260101000000 2 7 100 2047 2 FFFF",  // composite
           "# anything",
       }) {
    const Moduli moduli = parse_moduli(line);
    EXPECT_THAT(moduli.groups, testing::IsEmpty()) << line;
    EXPECT_THAT(moduli.problems, ElementsAre()) << line;
  }
}

TEST(Moduli, SaysWhichLineIsBrokenAndHow) {
  struct {
    std::string line;
    std::string problem;
  } const cases[] = {
      {"20260101000000 2 6 100 2047 2", "line 2: 6 fields; expected 7: time type tests trials size generator modulus"},
      {"20260101000000 2 6 100 2047 2 FF FF",
       "line 2: 8 fields; expected 7: time type tests trials size generator modulus"},
      {"today 2 6 100 2047 2 FF", "line 2: time is \"today\"; expected digits"},
      {"20260101000000 x 6 100 2047 2 FF", "line 2: type is \"x\"; expected a number"},
      {"20260101000000 2 -6 100 2047 2 FF", "line 2: tests is \"-6\"; expected a number"},
      {"20260101000000 2 6 1e9 2047 2 FF", "line 2: trials is \"1e9\"; expected a number"},
      {"20260101000000 2 6 100 99999999999 2 FF", "line 2: size is \"99999999999\"; expected a number"},
      {"20260101000000 2 6 100 2047 z FF", "line 2: generator is \"z\"; expected hexadecimal digits"},
      {"20260101000000 2 6 100 2047 2 FFG", "line 2: modulus has something else than hexadecimal digits"},
      {"20260101000000 2 6 100 2047 2 FF", "line 2: modulus has 8 bits; expected 2048, one more than size says"},
      {"20260101000000 2 6 100 3071 2 " + digits_of(2048),
       "line 2: modulus has 2048 bits; expected 3072, one more than size says"},
      {"20260101000000 2 6 100 2047 1 " + digits_of(2048), "line 2: no group: g is not in [2, p-2]"},
      {"20260101000000 2 6 100 2047 2 " + digits_of(2048).substr(0, 511) + "e", "line 2: no group: p is even"},
  };
  for (const auto& [line, problem] : cases) {
    const Moduli moduli = parse_moduli("#\n" + line + "\n" + line_of(2048));
    EXPECT_THAT(moduli.problems, ElementsAre(problem)) << line;
    EXPECT_EQ(moduli.groups.size(), 1U) << line;  // the good one behind it
  }
}

// [4419-3-7] [4419-3-8] [8270-4-1] keeps
TEST(Moduli, ChoosesTheSmallestThatIsLargeEnough) {
  const std::vector<DhGroup> known = {rfc3526_group(6144), rfc3526_group(3072), rfc3526_group(4096)};
  SeededRng rng(1);
  const auto chosen = [&](GroupSizes sizes) {
    const DhGroup* group = choose_group(known, sizes, rng);
    return group == nullptr ? 0 : group->bits;
  };
  EXPECT_EQ(chosen({2048, 3072, 8192}), 3072U);
  EXPECT_EQ(chosen({2048, 2048, 8192}), 3072U);
  EXPECT_EQ(chosen({2048, 3073, 8192}), 4096U);
  EXPECT_EQ(chosen({2048, 8192, 8192}), 6144U);  // the largest, for want of a larger one
  EXPECT_EQ(chosen({2048, 8192, 8000}), 6144U);
  EXPECT_EQ(chosen({2048, 4000, 4095}), 3072U);
  EXPECT_EQ(chosen({7000, 8000, 8192}), 8192U);  // RFC 3526's, as none of the file is within
  EXPECT_EQ(chosen({2048, 2048, 2048}), 2048U);
  EXPECT_EQ(chosen({1024, 1024, 2047}), 0U);  // [8270-3-5] [4419-3-9] [9142-3.2.1-2] keeps
  EXPECT_EQ(chosen({8193, 9000, 10000}), 0U);
  EXPECT_EQ(chosen({0, 0, 0xffffffff}), 3072U);
}

// [8270-3-3] [8270-3-4] keeps
TEST(Moduli, WithoutAFileTheGroupsOfRfc3526Do) {
  SeededRng rng(1);
  for (const auto& [n, bits] :
       {std::pair{1024U, 2048U}, {2048U, 2048U}, {3072U, 3072U}, {7680U, 8192U}, {9000U, 8192U}}) {
    EXPECT_EQ(choose_group({}, {1024, n, 10000}, rng)->bits, bits) << n;
  }
}

TEST(Moduli, DrawsAmongEquals) {
  std::vector<DhGroup> known(5, rfc3526_group(2048));
  SeededRng rng(1);
  std::set<const DhGroup*> drawn;
  for (int i = 0; i < 100; ++i) drawn.insert(choose_group(known, {2048, 2048, 8192}, rng));
  EXPECT_EQ(drawn.size(), known.size());
}

}  // namespace
}  // namespace glassh
