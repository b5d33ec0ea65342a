// The keys of test/vectors/keys: made once by OpenSSH's ssh-keygen, so that tests need not wait for RSA.
//
//   const PrivateKey key = test_key("rsa2048");
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "crypto/key_files/key_file.h"
#include "test/support/source_directory.h"

namespace glassh {

// A file of that folder, whole. Throws rather than be empty.
inline std::string test_key_text(const std::string& file) {
  std::ifstream in(source_directory() + "/test/vectors/keys/" + file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.empty()) throw std::runtime_error("cannot read test/vectors/keys/" + file);
  return text;
}

// "ed25519", "ecdsa", "rsa2048" or "rsa3072".
inline PrivateKey test_key(const std::string& name) { return parse_private_key_file(test_key_text(name)).key; }

// One for an algorithm; `other` is a second one of the same type.
inline PrivateKey test_key_for(std::string_view algorithm, Rng& rng, bool other = false) {
  const std::string_view type = *key_type_of_algorithm(algorithm);
  if (type == "ssh-rsa") return test_key(other ? "rsa3072" : "rsa2048");
  return PrivateKey::generate(type, rng);
}

}  // namespace glassh
