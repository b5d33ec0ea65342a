// glassh -Q.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/config/client_options.h"
#include "config/syntax.h"
#include "crypto/ciphers/packet_cipher.h"
#include "transport/compression.h"

namespace glassh {
namespace {

constexpr std::array<std::string_view, 11> queries = {"cipher", "cipher-auth",      "compression", "kex",
                                                      "key",    "key-cert",         "key-plain",   "key-sig",
                                                      "mac",    "protocol-version", "sig"};
// The keywords that take lists of signature algorithms; ssh(1) takes those for questions, too, in any case.
constexpr std::array<std::string_view, 6> signature_keywords = {"HostKeyAlgorithms",      "PubkeyAcceptedAlgorithms",
                                                                "PubkeyAcceptedKeyTypes", "HostbasedAcceptedAlgorithms",
                                                                "HostbasedKeyTypes",      "HostbasedAcceptedKeyTypes"};

std::vector<std::string> strings(const std::vector<std::string_view>& names) { return {names.begin(), names.end()}; }

}  // namespace

std::vector<std::string> query_algorithms(std::string_view query, const AlgorithmNames& names) {
  const auto is_keyword = [query](std::string_view keyword) { return equal_ignoring_case(query, keyword); };
  if (query == "help") return {queries.begin(), queries.end()};
  if (query == "cipher" || is_keyword("Ciphers")) return strings(names.ciphers.supported);
  if (query == "cipher-auth") {
    std::vector<std::string> aead;
    for (const auto name : names.ciphers.supported) {
      if (is_aead(name)) aead.emplace_back(name);
    }
    return aead;
  }
  if (query == "mac" || is_keyword("MACs")) return strings(names.macs.supported);
  if (query == "kex" || is_keyword("KexAlgorithms")) return strings(names.kex.supported);
  if (query == "key" || query == "key-plain") return strings(names.key_types);
  if (query == "key-cert") return {};  // there are no certificates yet
  if (query == "key-sig" || query == "sig" ||
      std::any_of(signature_keywords.begin(), signature_keywords.end(), is_keyword)) {
    return strings(names.signatures.supported);
  }
  if (query == "compression") return strings(compression_names());
  if (query == "protocol-version") return {"2"};
  throw UsageError(fmt::format("Unsupported query \"{}\"", query));
}

}  // namespace glassh
