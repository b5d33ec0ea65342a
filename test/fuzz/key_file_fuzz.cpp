// Any bytes as a private key file are either a key that is written and read again, or a KeyFileError; any bytes as a
// public key of another program are a key that is written and read again, or a KeyFileError.
//
// The first byte says what the rest is: the content behind a file's base64 (OpenSSH, PKCS#8, PKCS#1, SEC 1, PKCS#8 with
// a passphrase, public keys), or a file's text. For the content there is a passphrase, "secret"; how often an OpenSSH
// file wants it hashed is taken down to 2 rounds, so that time goes into parsing.
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "crypto/key_files/public_key_file.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

// magic, ciphername, kdfname, kdfoptions{salt, rounds}: the place of the rounds, if the lengths in front lead there.
std::vector<std::uint8_t> with_few_rounds(Bytes content) {
  constexpr std::size_t magic_size = 15;
  std::vector<std::uint8_t> out = copy_of(content);
  std::size_t at = magic_size;
  const auto skip_string = [&] {
    if (at + 4 > out.size()) return false;
    at += 4 + std::size_t{get_u32(&out[at])};
    return at <= out.size();
  };
  if (!skip_string() || !skip_string()) return out;
  at += 4;  // into kdfoptions
  if (!skip_string() || at + 4 > out.size()) return out;
  put_u32(&out[at], get_u32(&out[at]) % 3);
  return out;
}

struct Input {
  std::string text;
  std::optional<PublicKeyFormat> public_format;  // nothing: a private key
  bool with_passphrase = true;
};

std::string pem(std::string_view label, Bytes content) {
  return fmt::format("-----BEGIN {}-----\n{}\n-----END {}-----\n", label, base64_encode(content), label);
}

Input input_from(Bytes input) {
  constexpr std::array<std::string_view, 4> labels = {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY",
                                                      "ENCRYPTED PRIVATE KEY"};
  if (input.empty()) return {};
  const Bytes rest = input.subspan(1);
  const std::size_t kind = input[0];
  if (kind == 0) return {pem("OPENSSH PRIVATE KEY", with_few_rounds(rest)), {}, true};
  if (kind <= labels.size()) return {pem(labels[kind - 1], rest), {}, true};
  if (kind == 5) return {pem("PUBLIC KEY", rest), PublicKeyFormat::pkcs8, true};
  if (kind == 6) return {pem("RSA PUBLIC KEY", rest), PublicKeyFormat::pem, true};
  if (kind == 7) return {std::string(text_of(rest)), PublicKeyFormat::rfc4716, true};
  return {std::string(text_of(rest)), {}, false};
}

void try_private(const std::string& text, bool with_passphrase) {
  SeededRng rng(1);
  const SecretBytes passphrase(bytes_of("secret"));
  const PrivateKeyFile file = parse_private_key_file(text, with_passphrase ? &passphrase : nullptr);
  PrivateKeyStyle style;
  style.rounds = 1;
  for (const bool encrypted : {false, true}) {
    style.passphrase = encrypted ? &passphrase : nullptr;
    const SecretBytes written = write_private_key_file(file.key, file.comment, rng, style);
    const PrivateKeyFile again = parse_private_key_file(text_of(written.reveal()), &passphrase);
    check(again.key.public_key() == file.key.public_key());
    check(again.comment == file.comment);
  }
}

void try_public(const std::string& text, PublicKeyFormat format) {
  const PublicKeyLine line = parse_public_key(text, format);
  const std::string written = write_public_key(line.key, PublicKeyFormat::pkcs8);
  check(parse_public_key(written, PublicKeyFormat::pkcs8).key == line.key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Input input = input_from({data, size});
  try {
    if (input.public_format) {
      try_public(input.text, *input.public_format);
    } else {
      try_private(input.text, input.with_passphrase);
    }
  } catch (const KeyFileError& error) {
    check(error.what()[0] != '\0');
  }
  return 0;
}
