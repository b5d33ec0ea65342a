// glassh -Q.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "auth/config_syntax.h"
#include "client/options.h"
#include "crypto/packet_cipher.h"

namespace glassh {
namespace {

constexpr std::array<std::string_view, 11> queries = {"cipher", "cipher-auth",      "compression", "kex",
                                                      "key",    "key-cert",         "key-plain",   "key-sig",
                                                      "mac",    "protocol-version", "sig"};

std::vector<std::string> strings(const std::vector<std::string_view>& names) { return {names.begin(), names.end()}; }

}  // namespace

std::vector<std::string> query_algorithms(std::string_view query, const AlgorithmNames& names) {
  const auto is = [query](std::initializer_list<std::string_view> spellings) {
    return std::any_of(spellings.begin(), spellings.end(),
                       [query](auto spelling) { return equal_ignoring_case(query, spelling); });
  };
  if (is({"help"})) return {queries.begin(), queries.end()};
  if (is({"cipher", "Ciphers"})) return strings(names.ciphers.supported);
  if (is({"cipher-auth"})) {
    std::vector<std::string> aead;
    for (const auto name : names.ciphers.supported) {
      if (is_aead(name)) aead.emplace_back(name);
    }
    return aead;
  }
  if (is({"mac", "MACs"})) return strings(names.macs.supported);
  if (is({"kex", "KexAlgorithms"})) return strings(names.kex.supported);
  if (is({"key", "key-plain"})) return strings(names.key_types);
  if (is({"key-cert"})) return {};  // there are no certificates yet
  if (is({"key-sig", "sig", "HostKeyAlgorithms", "PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes"})) {
    return strings(names.signatures.supported);
  }
  if (is({"compression"})) return {"none"};
  if (is({"protocol-version"})) return {"2"};
  throw UsageError(fmt::format("Unsupported query \"{}\"", query));
}

}  // namespace glassh
