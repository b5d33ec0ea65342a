// Key blobs and key lines.
#include "crypto/keys/key.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/error.h"
#include "test/support/test_keys.h"
#include "test/support/vectors.h"

namespace glassh {
namespace {

using testing::HasSubstr;

std::string string(std::string_view content) {
  std::array<std::uint8_t, 4> size{};
  put_u32(size.data(), static_cast<std::uint32_t>(content.size()));
  return std::string(text_of(size)) + std::string(content);
}
std::string from_hex(std::string_view digits) { return std::string(text_of(unhex(digits))); }

// The base point of P-256, which is on the curve.
const std::string good_x = from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
const std::string good_y = from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
const std::string field_prime = from_hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

std::string ed25519_blob(std::size_t size) { return string("ssh-ed25519") + string(std::string(size, '\x42')); }
std::string ecdsa_blob(const std::string& point, std::string_view curve = "nistp256",
                       std::string_view type = "ecdsa-sha2-nistp256") {
  return string(type) + string(curve) + string(point);
}
// A number of `bits` bits, with the lowest bit `odd`.
std::string mpint_of(std::size_t bits, bool odd = true) {
  std::string magnitude((bits + 7) / 8, '\x55');
  const unsigned top = 1u << (bits - 1) % 8;
  magnitude.front() = static_cast<char>(top | (top - 1));
  magnitude.back() = static_cast<char>((magnitude.back() & 0xfe) | (odd ? 1 : 0));
  if (bits % 8 == 0) magnitude.insert(magnitude.begin(), '\0');
  return string(magnitude);
}
std::string rsa_blob(const std::string& e, const std::string& n) { return string("ssh-rsa") + e + n; }
const std::string f4 = string(std::string("\x01\x00\x01", 3));

struct BlobCase {
  std::string_view what;
  std::string blob;
  std::string_view error;  // empty: it decodes
};

std::vector<BlobCase> ed25519_cases() {
  return {
      {"32 bytes", ed25519_blob(32), ""},
      {"31 bytes", ed25519_blob(31), "key has 31 bytes"},
      {"33 bytes", ed25519_blob(33), "key has 33 bytes"},
      {"no bytes", ed25519_blob(0), "key has 0 bytes"},
      {"no key", string("ssh-ed25519"), "key needs 4 bytes"},
      {"a byte behind", ed25519_blob(32) + "x", "1 bytes after the last field"},
  };
}

std::vector<BlobCase> ecdsa_cases() {
  const std::string zero(32, '\0');
  return {
      {"the base point", ecdsa_blob("\x04" + good_x + good_y), ""},
      {"not on the curve", ecdsa_blob("\x04" + good_x + good_x), "libcrypto refuses"},
      {"0, 0", ecdsa_blob("\x04" + zero + zero), "libcrypto refuses"},
      {"x is the prime", ecdsa_blob("\x04" + field_prime + good_y), "libcrypto refuses"},
      {"infinity", ecdsa_blob(std::string(1, '\0')), "uncompressed point"},
      {"infinity, filled up", ecdsa_blob(std::string(65, '\0')), "uncompressed point"},
      {"compressed", ecdsa_blob("\x03" + good_x), "uncompressed point"},
      {"hybrid", ecdsa_blob("\x07" + good_x + good_y), "uncompressed point"},
      {"empty point", ecdsa_blob(""), "uncompressed point"},
      {"one byte short", ecdsa_blob("\x04" + good_x + good_y.substr(1)), "uncompressed point"},
      {"one byte long", ecdsa_blob("\x04" + good_x + good_y + "x"), "uncompressed point"},
      {"another curve inside", ecdsa_blob("\x04" + good_x + good_y, "nistp384"), "the curve is 'nistp384'"},
      {"no curve", ecdsa_blob("\x04" + good_x + good_y, ""), "the curve is ''"},
      {"a type's curve with another's point", ecdsa_blob("\x04" + good_x + good_y, "nistp384", "ecdsa-sha2-nistp384"),
       "Q has 65 bytes, must be an uncompressed point of 97"},
      {"another curve", ecdsa_blob("\x04" + good_x + good_y, "nistp224", "ecdsa-sha2-nistp224"), "not supported"},
      {"a byte behind", ecdsa_blob("\x04" + good_x + good_y) + "x", "after the last field"},
  };
}

std::vector<BlobCase> rsa_cases() {
  return {
      {"2048 bits", rsa_blob(f4, mpint_of(2048)), ""},
      {"1024 bits", rsa_blob(f4, mpint_of(1024)), ""},
      {"1023 bits", rsa_blob(f4, mpint_of(1023)), "n has 1023 bits"},
      {"16384 bits", rsa_blob(f4, mpint_of(16384)), ""},
      {"16385 bits", rsa_blob(f4, mpint_of(16385)), "n has 16385 bits"},
      {"a million bits", rsa_blob(f4, mpint_of(1000000)), "n has 1000000 bits"},
      {"n is 0", rsa_blob(f4, string("")), "n has 0 bits"},
      {"n is even", rsa_blob(f4, mpint_of(2048, false)), "n is even"},
      {"n is negative", rsa_blob(f4, string(std::string(256, '\xff'))), "n is a negative mpint"},
      {"n with redundant zeros", rsa_blob(f4, string(std::string(2, '\0') + std::string(256, '\xff'))),
       "redundant zero"},
      {"e is 3", rsa_blob(string("\x03"), mpint_of(2048)), ""},
      {"e has 64 bits", rsa_blob(mpint_of(64), mpint_of(2048)), ""},
      {"e has 65 bits", rsa_blob(mpint_of(65), mpint_of(2048)), "e has 9 bytes"},
      {"e is as long as n", rsa_blob(mpint_of(2048), mpint_of(2048)), "e has 256 bytes"},
      {"e is 0", rsa_blob(string(""), mpint_of(2048)), "e must be odd"},
      {"e is 1", rsa_blob(string("\x01"), mpint_of(2048)), "e must be odd"},
      {"e is 2", rsa_blob(string("\x02"), mpint_of(2048)), "e must be odd"},
      {"e is 65536", rsa_blob(string(std::string("\x01\0\0", 3)), mpint_of(2048)), "e must be odd"},
      {"n and e changed places", rsa_blob(mpint_of(2048), f4), "n has 17 bits"},
      {"no n", string("ssh-rsa") + f4, "n needs 4 bytes"},
      {"a byte behind", rsa_blob(f4, mpint_of(2048)) + "x", "after the last field"},
      {"named after a signature", string("rsa-sha2-256") + f4 + mpint_of(2048), "'rsa-sha2-256' is not supported"},
  };
}

std::vector<BlobCase> other_cases() {
  return {
      {"empty", "", "type needs 4 bytes"},
      {"no name", string("") + string(std::string(32, 'x')), "type '' is not supported"},
      {"ssh-dss", string("ssh-dss") + mpint_of(1024), "type 'ssh-dss' is not supported"},
      {"unprintable name", string("\x1b[2J\n"), "type '?[2J?' is not supported"},
      {"long name", string(std::string(1000, 'x')), std::string_view("xxxx' is not supported")},
      {"name is too long for the blob", std::string("\xff\xff\xff\xff", 4) + "ssh-rsa", "type needs 4294967295 bytes"},
      {"another type's content", string("ssh-ed25519") + f4 + mpint_of(2048), "after the last field"},
  };
}

// RFC 4253 section 6.6 [4253-6.6-8] [4253-6.6-11], RFC 8709 section 4 [8709-4-1], RFC 5656 sections 3.1 [5656-3.1-1]
// and 6.1 [5656-6.1-1], past vulnerability 56: each kept and broken.
TEST(PublicKey, BlobsDecodeOrSayWhatIsWrong) {
  for (const auto& cases : {ed25519_cases(), ecdsa_cases(), rsa_cases(), other_cases()}) {
    for (const BlobCase& c : cases) {
      SCOPED_TRACE(c.what);
      try {
        const PublicKey key = PublicKey::decode(bytes_of(c.blob));
        EXPECT_EQ(c.error, "") << "decoded";
        EXPECT_EQ(hex(key.blob()), hex(bytes_of(c.blob)));
      } catch (const ProtocolError& error) {
        EXPECT_NE(c.error, "") << error.what();
        EXPECT_THAT(error.what(), HasSubstr(std::string(c.error)));
        EXPECT_LT(std::string_view(error.what()).size(), 200u);
      }
    }
  }
}

// What `ssh-keygen -l` and `ssh-keygen -l -E md5` print of test/vectors/keys.
TEST(PublicKey, IsShownAsOpensshShowsIt) {
  struct Case {
    std::string file, type, short_type;
    std::size_t bits;
    std::string sha256, md5;
  };
  const Case cases[] = {
      {"ed25519", "ssh-ed25519", "ED25519", 256, "SHA256:axs+6ygSbXieyDW1XUUpkfg9xGUNgknL/6Lwa/btIoM",
       "MD5:24:61:b7:e2:ba:71:33:f1:14:6e:40:75:da:81:36:f5"},
      {"ecdsa", "ecdsa-sha2-nistp256", "ECDSA", 256, "SHA256:UqOQfm8s7ih5XDUPZ7pxFbu65Lvf1v2/X5yic8qO7mY",
       "MD5:ac:b7:f6:1b:9b:6e:d6:46:63:e1:45:42:57:49:b1:78"},
      {"rsa2048", "ssh-rsa", "RSA", 2048, "SHA256:cIhLqM1cItE3O14XSE15LVhj1ZEV7nS75ZTG2En1YMc",
       "MD5:1b:ef:42:2c:59:f2:83:37:b0:f5:05:74:b2:ff:ed:c0"},
      {"rsa3072", "ssh-rsa", "RSA", 3072, "SHA256:5Q9mejLDbJMvwwLPMLQcyOrn4f9dFieIuxWwk9PLhlo",
       "MD5:a3:6f:5b:9c:0b:06:20:7c:24:96:d4:55:4d:89:c0:c0"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file);
    const std::string text = test_key_text(c.file + ".pub");
    const PublicKeyLine line = parse_public_key_line(text);
    EXPECT_EQ(line.comment, c.file + "@test");
    EXPECT_EQ(line.key.line() + " " + line.comment + "\n", text);
    EXPECT_EQ(line.key.type(), c.type);
    EXPECT_EQ(line.key.short_type(), c.short_type);
    EXPECT_EQ(line.key.bits(), c.bits);
    EXPECT_EQ(line.key.fingerprint(), c.sha256);
    EXPECT_EQ(line.key.fingerprint(HashName::md5), c.md5);
  }
}

TEST(PublicKey, LinesAreReadStrictly) {
  const std::string blob = base64_encode(bytes_of(ed25519_blob(32)));
  struct Case {
    std::string line;
    std::string_view error;  // empty: it is fine
    std::string_view comment;
  };
  const Case cases[] = {
      {"ssh-ed25519 " + blob, "", ""},
      {" \tssh-ed25519 \t" + blob + " \t a comment \r\n", "", "a comment"},
      {"", "the line is empty", ""},
      {" \n", "the line is empty", ""},
      {"ssh-ed25519", "no key follows", ""},
      {"ssh-dss " + blob, "'ssh-dss' is not a key type", ""},
      {"restrict ssh-ed25519 " + blob, "'restrict' is not a key type", ""},
      {blob, "is not a key type", ""},
      {"ssh-rsa " + blob, "the line says ssh-rsa, the key in it ssh-ed25519", ""},
      {"ssh-ed25519 " + blob + "=", "not valid base64", ""},
      {"ssh-ed25519 " + blob.substr(1), "not valid base64", ""},
      {"ssh-ed25519 !" + blob.substr(1), "not valid base64", ""},
      {"ssh-ed25519 " + base64_encode(bytes_of(ed25519_blob(33))), "key has 33 bytes", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    try {
      EXPECT_EQ(parse_public_key_line(c.line).comment, c.comment);
      EXPECT_EQ(c.error, "");
    } catch (const std::runtime_error& error) {
      EXPECT_NE(c.error, "") << error.what();
      EXPECT_THAT(error.what(), HasSubstr(std::string(c.error)));
    }
  }
}

TEST(PublicKey, KeysAreEqualIfTheirBlobsAre) {
  const PublicKey a = PublicKey::decode(bytes_of(ed25519_blob(32)));
  const PublicKey b = PublicKey::decode(bytes_of(ecdsa_blob("\x04" + good_x + good_y)));
  EXPECT_TRUE(a == PublicKey::decode(a.blob()));
  EXPECT_FALSE(a == b);
}

TEST(PrivateKey, GeneratedKeysAreOfTheTypeAndSizeAskedFor) {
  SeededRng rng(7);
  EXPECT_EQ(PrivateKey::generate("ssh-ed25519", rng).public_key().type(), "ssh-ed25519");
  EXPECT_EQ(PrivateKey::generate("ecdsa-sha2-nistp256", rng).public_key().type(), "ecdsa-sha2-nistp256");
  const PrivateKey rsa = PrivateKey::generate("ssh-rsa", rng, 2048);
  EXPECT_EQ(rsa.public_key().type(), "ssh-rsa");
  EXPECT_EQ(rsa.public_key().bits(), 2048u);
  EXPECT_THROW(PrivateKey::generate("ssh-rsa", rng, 2047), std::invalid_argument);
  EXPECT_THROW(PrivateKey::generate("ssh-rsa", rng, 16385), std::invalid_argument);
  EXPECT_THROW(PrivateKey::generate("ssh-dss", rng), std::invalid_argument);
  EXPECT_THROW(PrivateKey::generate("rsa-sha2-256", rng), std::invalid_argument);
}

// A session replays byte for byte only if its host key does.
TEST(PrivateKey, Ed25519KeyDependsOnTheRngOnly) {
  SeededRng one(7), same(7), other(8);
  const PrivateKey key = PrivateKey::generate("ssh-ed25519", one);
  EXPECT_TRUE(key.public_key() == PrivateKey::generate("ssh-ed25519", same).public_key());
  EXPECT_FALSE(key.public_key() == PrivateKey::generate("ssh-ed25519", other).public_key());
}

}  // namespace
}  // namespace glassh
