// Every cipher with every MAC that goes with it, and keys for them, for tests that must hold for each.
#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ciphers/packet_cipher.h"
#include "crypto/rng.h"

namespace glassh::test {

inline std::vector<CipherNames> all_suites() {
  std::vector<CipherNames> suites;
  for (const std::string_view cipher : cipher_names()) {
    if (is_aead(cipher)) {
      suites.push_back({std::string(cipher), ""});
      continue;
    }
    for (const std::string_view mac : mac_names()) suites.push_back({std::string(cipher), std::string(mac)});
  }
  return suites;
}

// The name of a test of one suite, for INSTANTIATE_TEST_SUITE_P; `Info` is a testing::TestParamInfo<CipherNames>.
template <class Info>
std::string suite_name(const Info& suite) {
  std::string name;
  for (const char c : suite.param.cipher + "_" + suite.param.mac) name.push_back(std::isalnum(c) ? c : '_');
  return name;
}

// The same keys for the same seed.
inline CipherKeys random_keys(const CipherNames& names, std::uint64_t seed = 7) {
  SeededRng rng(seed);
  const CipherKeySizes sizes = cipher_key_sizes(names);
  CipherKeys keys{SecretBytes(sizes.iv), SecretBytes(sizes.key), SecretBytes(sizes.mac_key)};
  for (SecretBytes* const secret : {&keys.iv, &keys.key, &keys.mac_key}) rng.fill(secret->reveal());
  return keys;
}

}  // namespace glassh::test
