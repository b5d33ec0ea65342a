#include "auth/key_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <stdexcept>

#include <fmt/format.h>

#include "auth/key_lines.h"
#include "config/addresses.h"
#include "config/syntax.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

constexpr std::size_t most_variables = 1024;
constexpr std::size_t most_endpoints = 4096;
constexpr std::size_t longest_host = 1024;

// One option as it stands in the line.
struct Option {
  std::string name;                  // lower case
  std::optional<std::string> value;  // unquoted
};

// What is wrong with the options; ends up in ParsedKeyOptions::reason.
struct BadOption {
  std::string reason;
};
[[noreturn]] void bad(std::string reason) { throw BadOption{std::move(reason)}; }

// --- Syntax ---------------------------------------------------------------------------------------------------------

std::string take_quoted(std::string_view name, std::string_view& text) {
  if (!text.starts_with('"')) bad(fmt::format("{}= must be followed by a value in double quotes", name));
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '"') ++i;
    value += text[i];
  }
  bad(fmt::format("the quotes of {}= are never closed", name));
}

Option take_option(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("=,\""), text.size());
  Option option{lower_case(text.substr(0, end)), std::nullopt};
  text.remove_prefix(end);
  if (text.starts_with('=')) {
    text.remove_prefix(1);
    option.value = take_quoted(made_safe(option.name, TextFor::key_line), text);
  }
  if (text.empty()) return option;
  if (text.front() != ',') bad(fmt::format("after {} a comma is missing", made_safe(option.name, TextFor::key_line)));
  text.remove_prefix(1);
  return option;
}

// --- Flags ----------------------------------------------------------------------------------------------------------

struct Flag {
  std::string_view name;
  bool KeyOptions::*member;  // null: it is about keys that we do not have
};
// touch-required and verify-required bind security keys alone, whose types are refused.
constexpr std::array flags{
    Flag{"pty", &KeyOptions::pty},
    Flag{"port-forwarding", &KeyOptions::port_forwarding},
    Flag{"agent-forwarding", &KeyOptions::agent_forwarding},
    Flag{"x11-forwarding", &KeyOptions::x11_forwarding},
    Flag{"user-rc", &KeyOptions::user_rc},
    Flag{"touch-required", nullptr},
    Flag{"verify-required", nullptr},
};

void apply_restrict(KeyOptions& options) {
  for (const Flag& flag : flags) {
    if (flag.member != nullptr) options.*flag.member = false;
  }
}

// Whether it was one of the words without a value.
bool take_flag(std::string_view name, KeyOptions& options) {
  if (name == "restrict") {
    apply_restrict(options);
    return true;
  }
  const bool negated = name.starts_with("no-");
  if (negated) name.remove_prefix(3);
  const auto found = std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) { return flag.name == name; });
  if (found == flags.end()) return false;
  if (found->member != nullptr) options.*found->member = !negated;
  return true;
}

// --- Values ---------------------------------------------------------------------------------------------------------

void take_command(const std::string& value, KeyOptions& options) {
  if (options.command) bad("command= stands there twice");
  if (value.find('\0') != std::string::npos) bad("command= contains a NUL byte");
  options.command = value;
}

// As with sshd, the first value of a name counts.
void add_once(std::vector<KeyVariable>& variables, const KeyVariable& added) {
  const auto same = [&](const KeyVariable& variable) { return variable.name == added.name; };
  if (std::none_of(variables.begin(), variables.end(), same)) variables.push_back(added);
}

void take_environment(const std::string& value, KeyOptions& options) {
  const std::size_t equals = value.find('=');
  const std::string name = value.substr(0, equals);
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (equals == std::string::npos || name.empty() || !plain || value.find('\0') != std::string::npos) {
    bad(fmt::format("environment=\"{}\": expected NAME=value, the name of letters, digits and _",
                    made_safe(value, TextFor::key_line)));
  }
  if (options.environment.size() >= most_variables) {
    bad(fmt::format("more than {} environment= options", most_variables));
  }
  add_once(options.environment, {name, value.substr(equals + 1)});
}

// Past vulnerability 15: an empty list is one that nobody matches, and an odd one is an error.
void take_from(const std::string& value, KeyOptions& options) {
  if (!options.from.empty()) bad("from= stands there twice");
  // Deviation: sshd takes a blank for a part of a name, so that "*, !10.0.0.1" lets 10.0.0.1 in.
  if (value.find_first_of(" \t") != std::string::npos) {
    bad(fmt::format("from=\"{}\": expected commas between the items and no blanks",
                    made_safe(value, TextFor::key_line)));
  }
  if (!is_address_list(value)) {
    bad(fmt::format("from=\"{}\": an item is empty, or a network whose mask does not fit its address",
                    made_safe(value, TextFor::key_line)));
  }
  options.from.push_back(value);
}

void take_endpoint(std::string_view option, const std::string& value, bool may_be_port_alone,
                   std::vector<std::vector<PermittedEndpoint>>& lists) {
  if (lists.empty()) lists.emplace_back();
  if (lists[0].size() >= most_endpoints) bad(fmt::format("more than {} {}= options", most_endpoints, option));
  try {
    lists[0].push_back(parse_permitted_endpoint(value, may_be_port_alone));
  } catch (const std::invalid_argument& error) {
    bad(fmt::format("{}=\"{}\": {}", option, made_safe(value, TextFor::key_line), error.what()));
  }
}

// "20301231", "202312312359" or "20231231235959", and a Z behind it for UTC. Nothing if there is no such moment.
std::optional<std::int64_t> parse_moment(std::string_view text) {
  const bool utc = text.ends_with('Z') || text.ends_with('z');
  if (utc) text.remove_suffix(1);
  if (text.size() != 8 && text.size() != 12 && text.size() != 14) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) {
    int value = 0;
    if (at < text.size()) std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  std::tm wanted{};
  wanted.tm_year = part(0, 4) - 1900;
  wanted.tm_mon = part(4, 2) - 1;
  wanted.tm_mday = part(6, 2);
  wanted.tm_hour = part(8, 2);
  wanted.tm_min = part(10, 2);
  wanted.tm_sec = part(12, 2);
  wanted.tm_isdst = -1;
  // The C library turns February 31 into a day of March; here it is a mistake.
  const bool in_range = wanted.tm_hour < 24 && wanted.tm_min < 60 && wanted.tm_sec < 60;
  std::tm found = wanted;
  const std::time_t moment = utc ? ::timegm(&found) : std::mktime(&found);
  if (!in_range || found.tm_mon != wanted.tm_mon || found.tm_mday != wanted.tm_mday || moment <= 0) return std::nullopt;
  return moment;
}

// The earliest of several counts.
void take_expiry_time(const std::string& value, KeyOptions& options) {
  const auto moment = parse_moment(value);
  if (!moment) {
    bad(fmt::format("expiry-time=\"{}\": expected YYYYMMDD[HHMM[SS]], with a Z for UTC",
                    made_safe(value, TextFor::key_line)));
  }
  options.not_after = std::min(options.not_after.value_or(*moment), *moment);
}

// There are no tunnels yet, so nothing is to be kept of it but that it is well-formed.
void check_tunnel(const std::string& value) {
  const std::string_view text = value;
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto is_unit = [](std::string_view part) { return part == "any" || parse_number(part, 0x7ffffffd); };
  if (!is_unit(text.substr(0, colon)) || (colon < text.size() && !is_unit(text.substr(colon + 1)))) {
    bad(fmt::format("tunnel=\"{}\": expected a number", made_safe(value, TextFor::key_line)));
  }
}

void take_value(const Option& option, KeyOptions& options) {
  const std::string& name = option.name;
  if (name == "command") return take_command(*option.value, options);
  if (name == "environment") return take_environment(*option.value, options);
  if (name == "from") return take_from(*option.value, options);
  if (name == "expiry-time") return take_expiry_time(*option.value, options);
  if (name == "permitopen") return take_endpoint(name, *option.value, false, options.permit_open);
  if (name == "permitlisten") return take_endpoint(name, *option.value, true, options.permit_listen);
  if (name == "tunnel") return check_tunnel(*option.value);
  if (name == "principals") bad("principals= is about certificates, which are not accepted yet");
  bad(fmt::format("unknown option {}=", made_safe(name, TextFor::key_line)));
}

void take(const Option& option, KeyOptions& options) {
  if (option.name.empty() && !option.value) return;  // a comma too many does no harm, as with sshd
  if (option.value) return take_value(option, options);
  if (take_flag(option.name, options)) return;
  if (option.name == "cert-authority") bad("cert-authority: certificates are not accepted yet");
  bad(fmt::format("unknown option {}", made_safe(option.name, TextFor::key_line)));
}

}  // namespace

// Past vulnerability 85: a port is a number from 1 to 65535 or "*", never one that wraps into "any".
PermittedEndpoint parse_permitted_endpoint(std::string_view text, bool may_be_port_alone) {
  PermittedEndpoint endpoint;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos && may_be_port_alone) {
    endpoint.host = "*";
  } else {
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const bool is_v6 = host.size() + 2 == std::min(colon, text.size());
    const bool odd = host.empty() || host.size() > longest_host || host.find_first_of("[]/") != std::string_view::npos;
    if (colon == std::string_view::npos || odd || (!is_v6 && host.find(':') != std::string_view::npos)) {
      throw std::invalid_argument(may_be_port_alone ? "expected [host:]port" : "expected host:port");
    }
    endpoint.host = host;
    text.remove_prefix(colon + 1);
  }
  if (text == "*") return endpoint;
  const auto port = parse_number(text, 65535);
  if (!port || *port == 0) throw std::invalid_argument("the port must be 1 to 65535 or *");
  endpoint.port = static_cast<std::uint16_t>(*port);
  return endpoint;
}

ParsedKeyOptions parse_key_options(std::string_view text) {
  KeyOptions options;
  try {
    while (!text.empty()) take(take_option(text), options);
  } catch (const BadOption& wrong) {
    return {std::nullopt, wrong.reason};
  }
  return {std::move(options), {}};
}

// --- What they mean -------------------------------------------------------------------------------------------------

std::string refusal_of(const KeyOptions& options, const LoginOrigin& origin) {
  for (const std::string& list : options.from) {
    if (match_host_and_address(origin.host, origin.address, list) != AddressMatch::match) {
      return fmt::format("the key may be used from \"{}\" only, not from {}", made_safe(list, TextFor::key_line),
                         origin.address);
    }
  }
  if (options.not_after && origin.now > *options.not_after) {
    const std::time_t moment = *options.not_after;
    std::tm utc{};
    char shown[32] = "?";
    if (::gmtime_r(&moment, &utc) != nullptr) std::strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return fmt::format("the key expired at {}", shown);
  }
  return {};
}

std::optional<KeyOptions> combine(const KeyOptions& first, const KeyOptions& second) {
  if (first.command && second.command && *first.command != *second.command) return std::nullopt;
  KeyOptions both = first;
  for (const Flag& flag : flags) {
    if (flag.member != nullptr) both.*flag.member = first.*flag.member && second.*flag.member;
  }
  if (!both.command) both.command = second.command;
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  for (const KeyVariable& variable : second.environment) add_once(both.environment, variable);
  append(both.from, second.from);
  append(both.permit_open, second.permit_open);
  append(both.permit_listen, second.permit_listen);
  if (second.not_after) both.not_after = std::min(both.not_after.value_or(*second.not_after), *second.not_after);
  return both;
}

}  // namespace glassh
