#include "config/algorithm_lists.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/patterns.h"

namespace glassh {
namespace {

using Names = std::vector<std::string_view>;

// The names that OpenSSH 9.2 to 10 has. Such a name in a list is not a mistake, even if we do not have it.
bool openssh_has(std::string_view keyword, std::string_view name) {
  static const Names ciphers = {"3des-cbc",
                                "aes128-cbc",
                                "aes192-cbc",
                                "aes256-cbc",
                                "rijndael-cbc@lysator.liu.se",
                                "aes128-ctr",
                                "aes192-ctr",
                                "aes256-ctr",
                                "aes128-gcm@openssh.com",
                                "aes256-gcm@openssh.com",
                                "chacha20-poly1305@openssh.com"};
  static const Names macs = {"hmac-sha1", "hmac-sha1-96", "hmac-sha2-256",       "hmac-sha2-512",
                             "hmac-md5",  "hmac-md5-96",  "umac-64@openssh.com", "umac-128@openssh.com"};
  static const Names kex = {"diffie-hellman-group1-sha1",
                            "diffie-hellman-group14-sha1",
                            "diffie-hellman-group14-sha256",
                            "diffie-hellman-group16-sha512",
                            "diffie-hellman-group18-sha512",
                            "curve25519-sha256",
                            "diffie-hellman-group-exchange-sha1",
                            "diffie-hellman-group-exchange-sha256",
                            "curve25519-sha256@libssh.org",
                            "ecdh-sha2-nistp256",
                            "ecdh-sha2-nistp384",
                            "ecdh-sha2-nistp521",
                            "sntrup761x25519-sha512@openssh.com",
                            "sntrup761x25519-sha512",
                            "mlkem768x25519-sha256"};
  static const Names signatures = {"ssh-ed25519",
                                   "sk-ssh-ed25519",
                                   "ecdsa-sha2-nistp256",
                                   "ecdsa-sha2-nistp384",
                                   "ecdsa-sha2-nistp521",
                                   "sk-ecdsa-sha2-nistp256",
                                   "webauthn-sk-ecdsa-sha2-nistp256",
                                   "ssh-dss",
                                   "ssh-rsa",
                                   "rsa-sha2-256",
                                   "rsa-sha2-512"};
  const auto in = [](const Names& names, std::string_view wanted) {
    return std::find(names.begin(), names.end(), wanted) != names.end();
  };
  const auto without = [name](std::string_view suffix) {
    return name.size() > suffix.size() && name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
  };
  if (keyword == "Ciphers") return in(ciphers, name);
  if (keyword == "KexAlgorithms") return in(kex, name);
  if (keyword == "MACs") {
    // "umac-64-etm@openssh.com" is the -etm form of "umac-64@openssh.com", "hmac-md5-etm@…" that of "hmac-md5".
    const auto plain = without("-etm@openssh.com");
    return in(macs, name) || in(macs, plain) || (plain != name && in(macs, fmt::format("{}@openssh.com", plain)));
  }
  return in(signatures, name) || in(signatures, without("-cert-v01@openssh.com")) ||
         (name.starts_with("sk-") && in(signatures, without("@openssh.com"))) ||
         (name.starts_with("webauthn-") && in(signatures, without("@openssh.com")));
}

std::vector<std::string_view> split_commas(std::string_view list) {
  std::vector<std::string_view> items;
  for (std::size_t start = 0; start <= list.size();) {
    const auto comma = std::min(list.find(',', start), list.size());
    items.push_back(list.substr(start, comma - start));
    start = comma + 1;
  }
  return items;
}

void add_once(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

// The supported names that the list's items name, in the list's order.
std::vector<std::string> supported_of(std::string_view list, std::string_view keyword, const Names& supported,
                                      std::vector<ConfigNote>& notes) {
  std::vector<std::string> chosen;
  bool names_any = false;
  for (const auto item : split_commas(list)) {
    if (item.empty()) continue;  // as in "aes128-ctr,": OpenSSH lets it pass
    names_any = true;
    bool matched = false;
    for (const auto name : supported) {
      if (!match_pattern(name, item)) continue;
      add_once(chosen, name);
      matched = true;
    }
    const bool is_pattern = item.find_first_of("*?") != std::string_view::npos;
    if (matched) continue;
    if (!is_pattern && !openssh_has(keyword, item)) {
      throw ConfigError(fmt::format("unknown algorithm '{}'; supported: {}", item, fmt::join(supported, ",")));
    }
    notes.push_back({LogLevel::verbose, fmt::format("'{}' is not supported here and is left out", item)});
  }
  if (!names_any) throw ConfigError(fmt::format("no name in '{}'", list));
  return chosen;
}

}  // namespace

std::vector<std::string> choose_algorithms(std::string_view list, std::string_view keyword, const AlgorithmSet& names,
                                           std::vector<ConfigNote>& notes) {
  const char sign = list.empty() ? '\0' : list.front();
  const Names& supported = names.supported;
  const std::vector<std::string> defaults(names.defaults.begin(), names.defaults.end());
  std::vector<std::string> chosen;
  if (sign == '-') {
    const auto unwanted = list.substr(1);
    std::copy_if(defaults.begin(), defaults.end(), std::back_inserter(chosen),
                 [&](const std::string& name) { return match_pattern_list(name, unwanted) != PatternMatch::match; });
    // RFC 4253 section 7.1 [4253-7.1-17]: an AEAD cipher needs no MAC, so the list of MACs may be empty.
    if (keyword == "MACs") return chosen;
  } else if (sign == '+') {
    chosen = defaults;
    for (const auto& name : supported_of(list.substr(1), keyword, supported, notes)) add_once(chosen, name);
  } else if (sign == '^') {
    chosen = supported_of(list.substr(1), keyword, supported, notes);
    for (const auto& name : defaults) add_once(chosen, name);
  } else {
    chosen = supported_of(list, keyword, supported, notes);
  }
  if (chosen.empty()) {
    throw ConfigError(fmt::format("'{}' leaves nothing; supported: {}", list, fmt::join(supported, ",")));
  }
  return chosen;
}

}  // namespace glassh
