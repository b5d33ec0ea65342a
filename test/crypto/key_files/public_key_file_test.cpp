#include "crypto/key_files/public_key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/test_keys.h"

namespace glassh {
namespace {

using Kind = KeyFileError::Kind;
using testing::HasSubstr;

PublicKey key_of(const std::string& name) { return parse_public_key_line(test_key_text(name + ".pub")).key; }

void expect_refused(std::string_view text, PublicKeyFormat format, Kind kind, std::string_view why) {
  try {
    parse_public_key(text, format);
    ADD_FAILURE() << "was read";
  } catch (const KeyFileError& error) {
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind)) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(why));
  }
}

TEST(PublicKeyFile, EachFormatReadsWhatItWrote) {
  for (const std::string name : {"ed25519", "ecdsa", "rsa2048"}) {
    for (const PublicKeyFormat format : {PublicKeyFormat::rfc4716, PublicKeyFormat::pkcs8, PublicKeyFormat::pem}) {
      if (name == "ed25519" && format == PublicKeyFormat::pem) continue;
      const std::string text = write_public_key(key_of(name), format);
      SCOPED_TRACE(text);
      EXPECT_TRUE(parse_public_key(text, format).key == key_of(name));
    }
  }
}

TEST(PublicKeyFile, TheFirstLineNamesTheFormat) {
  const auto begins = [](const std::string& name, PublicKeyFormat format, std::string_view line) {
    EXPECT_EQ(write_public_key(key_of(name), format).substr(0, line.size()), line);
  };
  begins("rsa2048", PublicKeyFormat::pem, "-----BEGIN RSA PUBLIC KEY-----\n");
  begins("rsa2048", PublicKeyFormat::pkcs8, "-----BEGIN PUBLIC KEY-----\n");
  begins("ecdsa", PublicKeyFormat::pem, "-----BEGIN PUBLIC KEY-----\n");
  begins("ed25519", PublicKeyFormat::rfc4716, "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA");
  EXPECT_THROW(write_public_key(key_of("ed25519"), PublicKeyFormat::pem), KeyFileError);
}

TEST(PublicKeyFile, ACommentIsQuotedAndMayTakeSeveralLines) {
  const PublicKey key = key_of("ed25519");
  for (const std::string& comment : {std::string("me"), std::string("a \"b\" : c"), std::string(300, 'x')}) {
    const std::string text = write_public_key(key, PublicKeyFormat::rfc4716, comment);
    EXPECT_EQ(parse_public_key(text, PublicKeyFormat::rfc4716).comment, comment) << text;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      EXPECT_LE(end - at, 72u) << "RFC 4716 section 3: the longest line";
      at = end + 1;
    }
  }
  EXPECT_THROW(write_public_key(key, PublicKeyFormat::rfc4716, "a\nb"), std::invalid_argument);
}

// RFC 4716 sections 3.1 to 3.3: any line ends, headers that nobody knows, tags in any case, continuations.
TEST(PublicKeyFile, Rfc4716AllowsOthersToWriteDifferently) {
  const PublicKey key = key_of("ed25519");
  const std::string body = base64_encode(key.blob());
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    std::string text = "text before" + end + "---- BEGIN SSH2 PUBLIC KEY ----" + end + "Subject: me" + end +
                       "x-private: long \\" + end + "text \\" + end + "here" + end + "COMMENT: not quoted " + end +
                       body.substr(0, 20) + end + body.substr(20) + end + "---- END SSH2 PUBLIC KEY ----";
    for (const std::string& whole : {text, text + end + "text behind"}) {
      const PublicKeyLine read = parse_public_key(whole, PublicKeyFormat::rfc4716);
      EXPECT_TRUE(read.key == key);
      EXPECT_EQ(read.comment, "not quoted");
    }
  }
}

TEST(PublicKeyFile, RefusesWhatIsNoKey) {
  const std::string rfc4716 = write_public_key(key_of("ed25519"), PublicKeyFormat::rfc4716);
  const auto format = PublicKeyFormat::rfc4716;
  expect_refused("", format, Kind::not_a_key, "has no line ---- BEGIN SSH2");
  expect_refused(test_key_text("ed25519.pub"), format, Kind::not_a_key, "has no line ---- BEGIN SSH2");
  expect_refused(rfc4716.substr(0, rfc4716.size() - 10), format, Kind::malformed, "has no line ---- END SSH2");
  expect_refused("---- BEGIN SSH2 PUBLIC KEY ----\n", format, Kind::malformed, "has no line ---- END SSH2");
  expect_refused("---- BEGIN SSH2 PUBLIC KEY ----\nx: \\", format, Kind::malformed, "has no line ---- END SSH2");
  expect_refused("---- BEGIN SSH2 PUBLIC KEY ----\n" + std::string(65, 'x') + ": y\n", format, Kind::malformed, "tag");
  expect_refused("---- BEGIN SSH2 PUBLIC KEY ----\n!!!!\n---- END SSH2 PUBLIC KEY ----\n", format, Kind::malformed,
                 "base64");
  expect_refused("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n", format, Kind::malformed,
                 "needs");
  expect_refused(std::string(300000, 'x'), format, Kind::malformed, "too large");
  expect_refused("", PublicKeyFormat::pem, Kind::not_a_key, "PEM");
  expect_refused(rfc4716, PublicKeyFormat::pkcs8, Kind::not_a_key, "PEM");
  expect_refused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", PublicKeyFormat::pkcs8,
                 Kind::malformed, "PEM");
  expect_refused("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n", PublicKeyFormat::pem,
                 Kind::malformed, "PEM");
}

}  // namespace
}  // namespace glassh
