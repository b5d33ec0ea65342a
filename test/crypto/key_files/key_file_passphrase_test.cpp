#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/key_files/key_file.h"
#include "crypto/key_files/key_file_cipher.h"
#include "proto/wire.h"
#include "test/support/temporary_directory.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using Kind = KeyFileError::Kind;
using testing::HasSubstr;

SecretBytes secret(std::string_view text) { return SecretBytes(bytes_of(text)); }

PrivateKeyFile parsed(std::string_view text, std::string_view passphrase) {
  const SecretBytes with = secret(passphrase);
  return parse_private_key_file(text, &with);
}

void expect_refused(std::string_view text, std::string_view passphrase, Kind kind, std::string_view why) {
  try {
    parsed(text, passphrase);
    ADD_FAILURE() << "was read";
  } catch (const KeyFileError& error) {
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind)) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(why));
  }
}

TEST(KeyFilePassphrase, OpensWhatSshKeygenAndOpensslWrote) {
  const PrivateKeyFile file = parsed(test_key_text("ed25519_passphrase"), "secret");
  EXPECT_TRUE(file.key.public_key() == parse_public_key_line(test_key_text("ed25519_passphrase.pub")).key);
  EXPECT_EQ(parsed(test_key_text("rsa2048_passphrase.pkcs1"), "secret").key.public_key().blob().size(), 279u);
  EXPECT_EQ(parsed(test_key_text("encrypted.pkcs8"), "secret").key.public_key().type(), "ssh-ed25519");
}

TEST(KeyFilePassphrase, AWrongOneIsToldFromABrokenFile) {
  for (const std::string name : {"ed25519_passphrase", "rsa2048_passphrase.pkcs1", "encrypted.pkcs8"}) {
    SCOPED_TRACE(name);
    expect_refused(test_key_text(name), "Secret", Kind::wrong_passphrase, "passphrase");
    expect_refused(test_key_text(name), "", Kind::wrong_passphrase, "passphrase");
    expect_refused(test_key_text(name), std::string(5000, 'x'), Kind::wrong_passphrase, "passphrase");
  }
}

TEST(KeyFilePassphrase, IsNotLookedAtWithoutNeed) {
  for (const std::string name : {"ed25519", "rsa2048.pkcs1", "ecdsa.pkcs8"}) {
    EXPECT_NO_THROW(parsed(test_key_text(name), "whatever")) << name;
  }
}

TEST(KeyFilePassphrase, EachCipherOpensWhatItClosed) {
  SeededRng rng(4);
  const SecretBytes passphrase = secret("correct horse");
  for (const KeyFileCipher& cipher : key_file_ciphers()) {
    for (const std::string name : {"ed25519", "ecdsa", "rsa2048"}) {
      SCOPED_TRACE(std::string(cipher.name) + " " + name);
      const PrivateKey key = test_key(name);
      PrivateKeyStyle style;
      style.passphrase = &passphrase;
      style.cipher = cipher.name;
      style.rounds = 1;
      const SecretBytes text = write_private_key_file(key, "my comment", rng, style);
      const PrivateKeyFile again = parse_private_key_file(text_of(text.reveal()), &passphrase);
      EXPECT_TRUE(again.key.public_key() == key.public_key());
      EXPECT_EQ(again.comment, "my comment");
      EXPECT_TRUE(parse_public_half(text_of(text.reveal())) == key.public_key());
      expect_refused(text_of(text.reveal()), "correct horsf", Kind::wrong_passphrase, "wrong passphrase");
    }
  }
}

TEST(KeyFilePassphrase, EachFileHasASaltOfItsOwn) {
  SystemRng rng;
  const SecretBytes passphrase = secret("x");
  PrivateKeyStyle style;
  style.passphrase = &passphrase;
  style.rounds = 1;
  const PrivateKey key = test_key("ed25519");
  const SecretBytes one = write_private_key_file(key, "", rng, style);
  const SecretBytes other = write_private_key_file(key, "", rng, style);
  EXPECT_FALSE(equal(one.reveal(), other.reveal()));
}

TEST(KeyFilePassphrase, PemFormatsOpenWhatTheyClosed) {
  SeededRng rng(4);
  const SecretBytes passphrase = secret("correct horse");
  for (const PrivateKeyFormat format : {PrivateKeyFormat::pem, PrivateKeyFormat::pkcs8}) {
    for (const std::string name : {"ed25519", "ecdsa", "rsa2048"}) {
      const PrivateKey key = test_key(name);
      PrivateKeyStyle style;
      style.format = format;
      const SecretBytes plain = write_private_key_file(key, "", rng, style);
      style.passphrase = &passphrase;
      const SecretBytes closed = write_private_key_file(key, "", rng, style);
      SCOPED_TRACE(std::string(text_of(closed.reveal()).substr(0, 60)));
      EXPECT_TRUE(parse_private_key_file(text_of(plain.reveal())).key.public_key() == key.public_key());
      EXPECT_TRUE(parse_private_key_file(text_of(closed.reveal()), &passphrase).key.public_key() == key.public_key());
      EXPECT_THROW(parse_private_key_file(text_of(closed.reveal())), KeyFileError);
      expect_refused(text_of(closed.reveal()), "horse", Kind::wrong_passphrase, "wrong passphrase");
    }
  }
}

TEST(KeyFilePassphrase, TheFirstLineNamesTheFormat) {
  SeededRng rng(4);
  const SecretBytes passphrase = secret("p");
  const auto first_line = [&](const std::string& name, PrivateKeyFormat format, bool closed) {
    PrivateKeyStyle style;
    style.format = format;
    style.rounds = 1;
    if (closed) style.passphrase = &passphrase;
    const SecretBytes text = write_private_key_file(test_key(name), "", rng, style);
    const std::string_view view = text_of(text.reveal());
    return std::string(view.substr(0, view.find('\n')));
  };
  EXPECT_EQ(first_line("rsa2048", PrivateKeyFormat::pem, false), "-----BEGIN RSA PRIVATE KEY-----");
  EXPECT_EQ(first_line("ecdsa", PrivateKeyFormat::pem, true), "-----BEGIN EC PRIVATE KEY-----");
  EXPECT_EQ(first_line("ed25519", PrivateKeyFormat::pem, true), "-----BEGIN OPENSSH PRIVATE KEY-----");
  EXPECT_EQ(first_line("ed25519", PrivateKeyFormat::pkcs8, false), "-----BEGIN PRIVATE KEY-----");
  EXPECT_EQ(first_line("rsa2048", PrivateKeyFormat::pkcs8, true), "-----BEGIN ENCRYPTED PRIVATE KEY-----");
}

// Only the lengths and the rounds in front are believed, and they are checked.
struct Header {
  std::string cipher = "aes256-ctr", kdf = "bcrypt";
  std::string salt = std::string(16, 's');
  std::uint32_t rounds = 1;
  std::string private_part = std::string(160, 'p');
  std::string tag;
};

std::string string(std::string_view content) {
  std::string out(4, '\0');
  std::uint8_t size[4];
  put_u32(size, static_cast<std::uint32_t>(content.size()));
  std::memcpy(out.data(), size, 4);
  return out + std::string(content);
}

std::string file_of(const Header& header) {
  std::uint8_t rounds[4];
  put_u32(rounds, header.rounds);
  const PublicKey key = parse_public_key_line(test_key_text("ed25519.pub")).key;
  const std::string content = std::string("openssh-key-v1\0", 15) + string(header.cipher) + string(header.kdf) +
                              string(string(header.salt) + std::string(text_of(rounds))) + std::string("\0\0\0\1", 4) +
                              string(text_of(key.blob())) + string(header.private_part) + header.tag;
  return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64_encode(bytes_of(content)) +
         "\n-----END OPENSSH PRIVATE KEY-----\n";
}

TEST(KeyFilePassphrase, RefusesAHostileHeader) {
  const auto with = [](const auto& change) {
    Header header;
    change(header);
    return file_of(header);
  };
  expect_refused(file_of({}), "x", Kind::wrong_passphrase, "wrong passphrase");
  expect_refused(with([](Header& h) { h.kdf = "none"; }), "x", Kind::malformed, "without a kdf");
  expect_refused(with([](Header& h) { h.kdf = "scrypt"; }), "x", Kind::unsupported, "scrypt");
  expect_refused(with([](Header& h) { h.salt = ""; }), "x", Kind::malformed, "salt has 0 bytes");
  expect_refused(with([](Header& h) { h.salt = std::string(1025, 's'); }), "x", Kind::malformed, "salt has 1025 bytes");
  expect_refused(with([](Header& h) { h.rounds = 0; }), "x", Kind::unsupported, "0 rounds");
  expect_refused(with([](Header& h) { h.private_part.pop_back(); }), "x", Kind::malformed, "multiple of 16");
  expect_refused(with([](Header& h) { h.private_part.clear(); }), "x", Kind::malformed, "checkint");
  expect_refused(with([](Header& h) { h.tag = "t"; }), "x", Kind::malformed, "1 bytes after the last field");
  const auto aead = [](Header& h) { h.cipher = "aes256-gcm@openssh.com"; };
  expect_refused(with(aead), "x", Kind::malformed, "0 bytes after the last field, must be 16");
  expect_refused(with([&](Header& h) {
                   aead(h);
                   h.tag = std::string(16, 't');
                 }),
                 "x", Kind::wrong_passphrase, "passphrase");
}

// A file may come from anywhere: it must not keep us busy for as long as it likes.
TEST(KeyFilePassphrase, ManyRoundsAreRefusedAndNotCounted) {
  Header header;
  for (const std::uint32_t rounds : {key_file_most_rounds + 1, 0x7fffffffu, 0xffffffffu}) {
    header.rounds = rounds;
    expect_refused(file_of(header), "x", Kind::unsupported, "rounds, must be 1 to");
  }
}

// The same for PKCS#8, whose iterations libcrypto would count.
TEST(KeyFilePassphrase, ManyIterationsOfPkcs8AreRefusedAndNotCounted) {
  expect_refused(test_key_text("hostile_pbkdf2.pkcs8"), "x", Kind::unsupported, "2000000000 steps");
  expect_refused(test_key_text("hostile_scrypt.pkcs8"), "x", Kind::unsupported, "steps");
  EXPECT_EQ(parsed(test_key_text("scrypt.pkcs8"), "secret").key.public_key().type(), "ssh-ed25519");
}

TEST(KeyFilePassphrase, WritingRefusesWhatReadingWould) {
  SeededRng rng(1);
  const SecretBytes passphrase = secret("x");
  PrivateKeyStyle style;
  style.passphrase = &passphrase;
  const auto write = [&] { write_private_key_file(test_key("ed25519"), "", rng, style); };
  style.rounds = key_file_most_rounds + 1;
  EXPECT_THROW(write(), std::invalid_argument);
  style.rounds = 0;
  EXPECT_THROW(write(), std::invalid_argument);
  style.rounds = 1;
  style.cipher = "none";
  EXPECT_THROW(write(), std::invalid_argument);
}

TEST(KeyFilePassphrase, ThePublicHalfNeedsNone) {
  TemporaryDirectory directory;
  const std::string path = directory.write("id", test_key_text("ed25519_passphrase"), 0644);
  EXPECT_EQ(load_public_half(path).line(), parse_public_key_line(test_key_text("ed25519_passphrase.pub")).key.line());
  directory.write("id", test_key_text("ecdsa.sec1"));
  EXPECT_EQ(load_public_half(path).line(), parse_public_key_line(test_key_text("ecdsa.pub")).key.line());
  directory.write("id", test_key_text("encrypted.pkcs8"));
  try {
    load_public_half(path);
    ADD_FAILURE();
  } catch (const KeyFileError& error) {
    EXPECT_EQ(error.kind(), Kind::encrypted);
    EXPECT_THAT(error.what(), HasSubstr(path));
  }
}

TEST(KeyFilePassphrase, SavesAndLoads) {
  TemporaryDirectory directory;
  SeededRng rng(1);
  const SecretBytes passphrase = secret("a passphrase");
  PrivateKeyStyle style;
  style.passphrase = &passphrase;
  style.rounds = 2;
  save_private_key(directory.path("id"), test_key("ecdsa"), "c", rng, IfExists::refuse, style);
  EXPECT_EQ(directory.mode("id"), 0600u);
  EXPECT_EQ(load_private_key(directory.path("id"), &passphrase).comment, "c");
  EXPECT_THROW(load_private_key(directory.path("id")), KeyFileError);
}

}  // namespace
}  // namespace glassh
