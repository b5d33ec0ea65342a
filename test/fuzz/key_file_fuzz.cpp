// Any bytes as a private key file are either a key that is written and read again, or a KeyFileError.
//
// The first byte says what the rest is: a file's text, or the content behind its base64 (OpenSSH, PKCS#8, PKCS#1, SEC
// 1).
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "crypto/key_file.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

std::string text_from(Bytes input) {
  constexpr std::array<std::string_view, 4> labels = {"OPENSSH PRIVATE KEY", "PRIVATE KEY", "RSA PRIVATE KEY",
                                                      "EC PRIVATE KEY"};
  if (input.empty()) return {};
  const Bytes rest = input.subspan(1);
  if (input[0] >= labels.size()) return std::string(text_of(rest));
  const std::string_view label = labels[input[0]];
  return fmt::format("-----BEGIN {}-----\n{}\n-----END {}-----\n", label, base64_encode(rest), label);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SeededRng rng(1);
  try {
    const PrivateKeyFile file = parse_private_key_file(text_from({data, size}));
    const SecretBytes text = write_private_key_file(file.key, file.comment, rng);
    const PrivateKeyFile again = parse_private_key_file(text_of(text.reveal()));
    check(again.key.public_key() == file.key.public_key());
    check(again.comment == file.comment);
  } catch (const KeyFileError& error) {
    check(error.what()[0] != '\0');
  }
  return 0;
}
