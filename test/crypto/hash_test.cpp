#include "crypto/hash.h"

#include <gtest/gtest.h>

#include "test/support/vectors.h"

namespace glassh {
namespace {

struct Named {
  std::string key;  // in hash.vec
  HashName name;
};
const std::vector<Named> every_hash = {{"md5", HashName::md5},
                                       {"sha1", HashName::sha1},
                                       {"sha256", HashName::sha256},
                                       {"sha384", HashName::sha384},
                                       {"sha512", HashName::sha512}};

TEST(Hash, ComputesThePublishedAnswers) {
  int compared = 0;
  for (const VectorCase& vector : load_vectors("hash.vec")) {
    for (const Named& hash : every_hash) {
      if (vector.values.count(hash.key) == 0) continue;
      SCOPED_TRACE(vector.place + " " + hash.key);
      const Bytes message = vector["Message"];
      const Digest digest =
          vector.section == "hmac" ? hmac(hash.name, vector["Key"], message) : Hash(hash.name).raw(message).finish();
      EXPECT_EQ(hex(digest.bytes()), hex(vector[hash.key]));
      EXPECT_EQ(digest.bytes().size(), hash_size(hash.name));
      ++compared;
    }
  }
  EXPECT_EQ(compared, 5 + 5 + 5 + 5 * 3 + 5);
}

std::string sha256(Bytes bytes) { return hex(Hash(HashName::sha256).raw(bytes).finish().bytes()); }

TEST(Hash, PutsTheLengthBeforeAString) {
  EXPECT_EQ(hex(Hash(HashName::sha256).string(bytes_of("abc")).u32(7).finish().bytes()),
            sha256(unhex("0000000361626300000007")));
  EXPECT_EQ(hex(Hash(HashName::sha256).string({}).finish().bytes()), sha256(unhex("00000000")));
}

// [4251-5-8] [4251-5-9] [4251-5-10] keeps
TEST(Hash, WritesAnMpintAsRfc4251Does) {
  struct Row {
    std::string magnitude, encoded;
  };
  const std::vector<Row> rows = {
      {"", "00000000"},           {"00", "00000000"},
      {"000000", "00000000"},     {"7f", "000000017f"},
      {"80", "000000020080"},     {"0080", "000000020080"},
      {"00007f", "000000017f"},   {"09a378f9b2e332a7", "0000000809a378f9b2e332a7"},
      {"ff00", "0000000300ff00"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(hex(Hash(HashName::sha256).mpint(unhex(row.magnitude)).finish().bytes()), sha256(unhex(row.encoded)))
        << row.magnitude;
  }
}

TEST(Hash, MovesWithWhatItHasTakenIn) {
  Hash first(HashName::sha512);
  first.raw(bytes_of("ab"));
  Hash second = std::move(first);
  EXPECT_EQ(hex(second.raw(bytes_of("c")).finish().bytes()),
            hex(Hash(HashName::sha512).raw(bytes_of("abc")).finish().bytes()));
}

TEST(Hash, NamesItself) {
  EXPECT_EQ(hash_text(HashName::md5), "MD5");
  EXPECT_EQ(hash_text(HashName::sha256), "SHA-256");
  EXPECT_EQ(hash_text(HashName::sha512), "SHA-512");
}

}  // namespace
}  // namespace glassh
