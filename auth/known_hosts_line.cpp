#include "auth/known_hosts_line.h"

#include <array>

#include <fmt/format.h>

#include "auth/config_syntax.h"
#include "auth/key_lines.h"
#include "auth/known_hosts.h"
#include "auth/patterns.h"
#include "crypto/base64.h"
#include "crypto/hash.h"

namespace glassh {
namespace {

constexpr std::string_view hash_magic = "|1|";  // HMAC-SHA1
constexpr std::size_t salt_size = 20;
constexpr std::string_view revoked_marker = "@revoked";
constexpr std::string_view authority_marker = "@cert-authority";

// `|1|salt|hash`, both in base64: the HMAC-SHA1 of the name.
KnownHostsReason match_hashed_name(std::string_view hashed, const std::string& name, bool& matches) {
  hashed.remove_prefix(hash_magic.size());
  const std::size_t bar = hashed.find('|');
  if (bar == std::string_view::npos) return "has a hashed name without a hash";
  const auto salt = base64_decode(hashed.substr(0, bar));
  const auto hash = base64_decode(hashed.substr(bar + 1));
  if (!salt || !hash || salt->size() != salt_size || hash->size() != hash_size(HashName::sha1)) {
    return fmt::format("has a hashed name that is not two strings of {} bytes in base64", salt_size);
  }
  matches = equal(hmac(HashName::sha1, *salt, bytes_of(name)).bytes(), *hash);
  return {};
}

}  // namespace

KnownHostsReason split_known_hosts_line(std::string_view line, KnownHostsFields& fields) {
  KnownHostsReason wrong;
  std::size_t markers = 0;
  while (line.starts_with('@')) {
    const std::string_view marker = take_word(line);
    line = without_blanks_around(line);
    fields.revoked = fields.revoked || marker == revoked_marker;
    fields.authority = fields.authority || marker == authority_marker;
    if (marker != revoked_marker && marker != authority_marker) {
      wrong = fmt::format("the marker {} is not known", printable_text(marker));
    }
    if (++markers > 1 && wrong.empty()) wrong = "has more than one marker";
  }
  fields.names = take_word(line);
  fields.type = take_word(line);
  fields.encoded_key = take_word(line);
  if (!wrong.empty()) return wrong;
  if (fields.type.empty()) return "has a host name only";
  const bool protocol_1 = fields.type.find_first_not_of("0123456789") == std::string_view::npos;
  if (protocol_1) return "is a key for protocol version 1";
  if (fields.encoded_key.empty()) return fmt::format("has no key after the type {}", printable_text(fields.type));
  return {};
}

KnownHostsReason match_known_hosts_names(std::string_view names, const std::string& name, bool& matches) {
  if (names.starts_with(hash_magic)) return match_hashed_name(names, name, matches);
  if (names.starts_with('|')) return "has a hashed name in an unknown format";
  matches = match_pattern_list(name, lower_case(names)) == PatternMatch::match;
  return {};
}

std::string hashed_host_name(std::string_view name, Rng& rng) {
  std::array<std::uint8_t, salt_size> salt{};
  rng.fill(salt);
  const Digest hash = hmac(HashName::sha1, salt, bytes_of(name));
  return fmt::format("{}{}|{}", hash_magic, base64_encode(salt), base64_encode(hash.bytes()));
}

}  // namespace glassh
