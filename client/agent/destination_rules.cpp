#include "client/agent/destination_rules.h"

#include <stdexcept>

#include <fmt/format.h>

namespace glassh {

namespace {

[[noreturn]] void malformed(std::string_view text, std::string_view why) {
  throw std::runtime_error(
      fmt::format("Invalid key destination constraint \"{}\": {}; must be host, user@host, host>host or host>user@host",
                  text, why));
}

// "[user@]host", with the keys that are known for that name.
DestinationHop hop_to(std::string_view word, std::string_view text, std::span<const KnownHostsFile> files) {
  DestinationHop hop;
  // A user name may hold an @, a host name may not.
  if (const std::size_t at = word.rfind('@'); at != word.npos) {
    hop.user = word.substr(0, at);
    word.remove_prefix(at + 1);
    if (hop.user.empty()) malformed(text, "there is no user before the @");
  }
  if (word.empty()) malformed(text, "a host is missing");
  hop.hostname = word;
  for (const KnownHostEntry& entry : known_keys(files, hop.hostname)) {
    if (entry.key) hop.keys.push_back({copy_of(entry.key->blob()), false});
  }
  if (hop.keys.empty()) {
    throw std::runtime_error(fmt::format("No host keys found for destination \"{}\"", hop.hostname));
  }
  return hop;
}

}  // namespace

DestinationRule parse_destination_rule(std::string_view text, std::span<const KnownHostsFile> files) {
  DestinationRule rule;
  std::string_view to = text;
  if (const std::size_t arrow = text.find('>'); arrow != text.npos) {
    to = text.substr(arrow + 1);
    if (to.find('>') != to.npos) malformed(text, "it has more than one >");
    rule.from = hop_to(text.substr(0, arrow), text, files);
    if (!rule.from.user.empty()) malformed(text, "the host before the > cannot have a user");
  }
  rule.to = hop_to(to, text, files);
  return rule;
}

}  // namespace glassh
