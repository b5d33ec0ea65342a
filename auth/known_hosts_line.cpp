#include "auth/known_hosts_line.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "auth/key_lines.h"
#include "auth/known_hosts.h"
#include "config/patterns.h"
#include "config/syntax.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "proto/safe_text.h"

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
      wrong = fmt::format("the marker {} is not known", made_safe(marker, TextFor::key_line));
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
  if (fields.encoded_key.empty())
    return fmt::format("has no key after the type {}", made_safe(fields.type, TextFor::key_line));
  return {};
}

KnownHostsReason match_known_hosts_names(std::string_view names, const std::string& name, bool& matches) {
  if (names.starts_with(hash_magic)) return match_hashed_name(names, name, matches);
  if (names.starts_with('|')) return "has a hashed name in an unknown format";
  matches = match_pattern_list(name, lower_case(names)) == PatternMatch::match;
  return {};
}

// ----------------------------------------------------------------------------------------------------------------
// whole files

namespace {

KnownHostsReason split_line(std::string_view text, KnownHostsFields& fields) {
  if (text.size() > longest_key_line) return fmt::format("is longer than {} bytes", longest_key_line);
  KnownHostsReason reason = split_known_hosts_line(text, fields);
  bool ignored = false;
  if (reason.empty()) reason = match_known_hosts_names(fields.names, "", ignored);
  if (reason.empty()) reason = decode_key_field(fields.type, fields.encoded_key).reason;
  return reason;
}

}  // namespace

std::string_view without_line_end(std::string_view whole) {
  if (whole.ends_with('\n')) whole.remove_suffix(1);
  if (whole.ends_with('\r')) whole.remove_suffix(1);
  return whole;
}

void append_whole_line(std::string& text, std::string_view whole) {
  text += whole;
  if (!whole.ends_with('\n')) text += '\n';
}

std::vector<KnownHostsLine> known_hosts_lines(std::string_view text) {
  std::vector<KnownHostsLine> lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    KnownHostsLine line{.number = lines.size() + 1, .whole = text.substr(0, size)};
    text.remove_prefix(size);
    const std::string_view trimmed = without_blanks_around(without_line_end(line.whole));
    line.has_entry = !trimmed.empty() && trimmed[0] != '#';
    if (line.has_entry) line.reason = split_line(trimmed, line.fields);
    lines.push_back(std::move(line));
  }
  return lines;
}

bool KnownHostsLine::names_host(const std::string& name) const {
  bool matches = false;
  return has_entry && !fields.names.empty() && match_known_hosts_names(fields.names, name, matches).empty() && matches;
}

std::string hashed_host_name(std::string_view name, Rng& rng) {
  std::array<std::uint8_t, salt_size> salt{};
  rng.fill(salt);
  const Digest hash = hmac(HashName::sha1, salt, bytes_of(name));
  return fmt::format("{}{}|{}", hash_magic, base64_encode(salt), base64_encode(hash.bytes()));
}

}  // namespace glassh
