// The keywords about connections that have not logged in: for how long and with how many tries, how many there may be,
// in all and from one source, and which sources are refused for how long.
#include <cmath>

#include "config/addresses.h"
#include "server/config/keywords.h"

namespace glassh {
namespace {

void read_max_startups(ServerCall& call) {
  const std::string& text = call.words[0];
  std::vector<std::uint32_t> numbers;
  for (std::size_t start = 0; start <= text.size();) {
    const auto colon = std::min(text.find(':', start), text.size());
    const auto value = parse_number(std::string_view(text).substr(start, colon - start), 0x7fffffff);
    numbers.push_back(value.value_or(0));  // 0 is as wrong as no number
    start = colon + 1;
  }
  const bool zero = std::find(numbers.begin(), numbers.end(), 0U) != numbers.end();
  const bool shape = numbers.size() == 1 || numbers.size() == 3;
  if (zero || !shape || (numbers.size() == 3 && (numbers[1] > 100 || numbers[0] > numbers[2]))) {
    throw ConfigError(fmt::format("bad value '{}': expected start:rate:full such as 10:30:100", text));
  }
  call.config.max_startups = {numbers[0], MaxStartups().rate, numbers[0]};
  if (numbers.size() == 3) call.config.max_startups = {numbers[0], numbers[1], numbers[2]};
}

PrintedValues print_max_startups(const ServerConfig& config) {
  const MaxStartups& startups = config.max_startups;
  return {fmt::format("{}:{}:{}", startups.start, startups.rate, startups.full)};
}

void read_per_source_max_startups(ServerCall& call) {
  if (equal_ignoring_case(call.words[0], "none")) {
    call.config.per_source_max_startups.reset();
    return;
  }
  const auto value = parse_number(call.words[0], 0x7fffffff);
  if (!value) throw ConfigError(fmt::format("bad value '{}': expected a number or none", call.words[0]));
  call.config.per_source_max_startups = *value;
}

PrintedValues print_per_source_max_startups(const ServerConfig& config) {
  const auto& most = config.per_source_max_startups;
  return {most ? std::to_string(*most) : "none"};
}

// OpenSSH takes a lone number for IPv4 and makes one source of all of IPv6; here IPv6 keeps its default.
void read_per_source_net_block_size(ServerCall& call) {
  const std::string_view text = call.words[0];
  const auto colon = std::min(text.find(':'), text.size());
  SourceBlock block;
  const auto ipv4_bits = parse_number(text.substr(0, colon), 32);
  const auto ipv6_bits = colon < text.size() ? parse_number(text.substr(colon + 1), 128) : block.ipv6_bits;
  if (!ipv4_bits || !ipv6_bits) {
    throw ConfigError(fmt::format("bad value '{}': expected the bits of IPv4 and IPv6, such as 24:56", text));
  }
  call.config.per_source_net_block_size = {*ipv4_bits, *ipv6_bits};
}

PrintedValues print_per_source_net_block_size(const ServerConfig& config) {
  const SourceBlock& block = config.per_source_net_block_size;
  return {fmt::format("{}:{}", block.ipv4_bits, block.ipv6_bits)};
}

// --- PerSourcePenalties ---------------------------------------------------------------------------------------------

// "90", "1m30s", and since OpenSSH 10.3 fractions: "0.5", "1.5m".
std::optional<double> parse_fractional_time(std::string_view text) {
  if (const auto whole = parse_time(text)) return *whole;
  const std::size_t point = text.find('.');
  if (point == text.npos) return std::nullopt;
  // What stands before the last number is whole: "1m" in "1m2.5s".
  std::size_t start = point;
  while (start > 0 && text[start - 1] >= '0' && text[start - 1] <= '9') --start;
  const auto before = start == 0 ? std::optional<std::uint32_t>(0) : parse_time(text.substr(0, start));
  const auto end = std::min(text.find_first_not_of("0123456789", point + 1), text.size());
  const std::string_view digits = text.substr(point + 1, end - point - 1);
  const std::string_view unit_text = text.substr(end);
  const auto unit = unit_text.empty() ? std::optional<std::uint32_t>(1) : parse_time("1" + std::string(unit_text));
  const auto whole = parse_number(start == point ? "0" : text.substr(start, point - start), 0x7fffffff);
  if (!before || !unit || !whole || digits.empty() || digits.size() > 9 || unit_text.size() > 1) return std::nullopt;
  const auto fraction = parse_number(digits, 999999999);
  if (!fraction) return std::nullopt;
  const double number = *whole + *fraction / std::pow(10.0, static_cast<double>(digits.size()));
  const double seconds = *before + number * *unit;
  return seconds <= 0x7fffffff ? std::optional<double>(seconds) : std::nullopt;
}

using Overflow = SourcePenalties::Overflow;

std::optional<Overflow> parse_overflow(std::string_view text) {
  if (equal_ignoring_case(text, "deny-all")) return Overflow::deny_all;
  if (equal_ignoring_case(text, "permissive")) return Overflow::permissive;
  return std::nullopt;
}

struct PenaltyWord {
  std::string_view name;
  double SourcePenalties::*seconds = nullptr;
  std::uint32_t SourcePenalties::*number = nullptr;
  Overflow SourcePenalties::*overflow = nullptr;
};

constexpr std::array penalty_words{
    PenaltyWord{"crash", &SourcePenalties::crash},
    PenaltyWord{"authfail", &SourcePenalties::auth_fail},
    PenaltyWord{"noauth", &SourcePenalties::no_auth},
    PenaltyWord{"invaliduser", &SourcePenalties::invalid_user},
    PenaltyWord{"grace-exceeded", &SourcePenalties::grace_exceeded},
    PenaltyWord{"refuseconnection", &SourcePenalties::refuse_connection},
    PenaltyWord{"max", &SourcePenalties::max},
    PenaltyWord{"min", &SourcePenalties::min},
    PenaltyWord{"max-sources4", nullptr, &SourcePenalties::max_sources4},
    PenaltyWord{"max-sources6", nullptr, &SourcePenalties::max_sources6},
    PenaltyWord{"overflow", nullptr, nullptr, &SourcePenalties::overflow},
    PenaltyWord{"overflow6", nullptr, nullptr, &SourcePenalties::overflow6},
};
constexpr std::uint32_t enabled_bit = 1U << penalty_words.size();
constexpr std::uint32_t overflow6_bit = enabled_bit >> 1;

// False if the value is none.
bool read_penalty(const PenaltyWord& word, std::string_view value, SourcePenalties& into) {
  if (word.seconds != nullptr) {
    const auto seconds = parse_fractional_time(value);
    if (seconds) into.*word.seconds = *seconds;
    return seconds.has_value();
  }
  if (word.number != nullptr) {
    const auto number = parse_number(value, 0x7fffffff);
    if (!number || *number == 0) return false;
    into.*word.number = *number;
    return true;
  }
  const auto overflow = parse_overflow(value);
  if (overflow) into.*word.overflow = *overflow;
  return overflow.has_value();
}

// As in sshd: of each word the first value counts, also across lines, and any of them turns penalties on.
void read_per_source_penalties(ServerCall& call) {
  SourcePenalties& target = call.config.per_source_penalties;
  if (const auto enabled = parse_yes_no(call.words[0])) {
    if (call.words.size() > 1) throw ConfigError(fmt::format("'{}' stands alone", call.words[0]));
    if ((target.given & enabled_bit) == 0) target.enabled = *enabled;
    target.given |= enabled_bit;
    return;
  }
  for (const std::string& text : call.words) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const auto word = std::find_if(penalty_words.begin(), penalty_words.end(), [&](const PenaltyWord& each) {
      return equal_ignoring_case(each.name, std::string_view(text).substr(0, colon));
    });
    SourcePenalties changed = target;
    if (word == penalty_words.end() || colon == text.size() ||
        !read_penalty(*word, std::string_view(text).substr(colon + 1), changed)) {
      throw ConfigError(
          fmt::format("bad value '{}': expected yes, no, or what is penalised by how long, such as "
                      "authfail:5 noauth:0.5 max:10m max-sources4:65536 overflow:deny-all",
                      text));
    }
    const std::uint32_t bit = 1U << (word - penalty_words.begin());
    if ((target.given & bit) != 0) continue;
    target = changed;
    target.enabled = true;
    target.given |= bit | enabled_bit;
    // What is said of an overflow is said of both families, until something else is said of IPv6.
    if (word->name == "overflow" && (target.given & overflow6_bit) == 0) target.overflow6 = target.overflow;
  }
}

std::string seconds_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds);
  return seconds == static_cast<double>(whole) ? std::to_string(whole) : fmt::format("{}", seconds);
}

PrintedValues print_per_source_penalties(const ServerConfig& config) {
  const SourcePenalties& penalties = config.per_source_penalties;
  if (!penalties.enabled) return {"no"};
  const auto mode = [](SourcePenalties::Overflow overflow) {
    return overflow == SourcePenalties::Overflow::deny_all ? "deny-all" : "permissive";
  };
  return {
      fmt::format("crash:{} authfail:{} noauth:{} invaliduser:{} grace-exceeded:{} refuseconnection:{} max:{} min:{} "
                  "max-sources4:{} max-sources6:{} overflow:{} overflow6:{}",
                  seconds_text(penalties.crash), seconds_text(penalties.auth_fail), seconds_text(penalties.no_auth),
                  seconds_text(penalties.invalid_user), seconds_text(penalties.grace_exceeded),
                  seconds_text(penalties.refuse_connection), seconds_text(penalties.max), seconds_text(penalties.min),
                  penalties.max_sources4, penalties.max_sources6, mode(penalties.overflow), mode(penalties.overflow6))};
}

void read_per_source_penalty_exempt_list(ServerCall& call) {
  const std::string list = word_or_none(call);
  if (!list.empty() && !is_address_list(list)) {
    throw ConfigError(fmt::format("bad value '{}': expected addresses, patterns and networks, with commas", list));
  }
  call.config.per_source_penalty_exempt_list = list;
}

using Config = ServerConfig;

constexpr ServerKeyword table[] = {
    {.name = "LoginGraceTime", .value = seconds<&Config::login_grace_seconds>, .order = 40},
    {.name = "MaxAuthTries", .below_match = true, .value = count<&Config::max_auth_tries>, .order = 60},
    {.name = "MaxStartups", .value = {read_max_startups, print_max_startups}, .order = 620},
    {.name = "PerSourceMaxStartups",
     .value = {read_per_source_max_startups, print_per_source_max_startups},
     .order = 630},
    {.name = "PerSourceNetBlockSize",
     .value = {read_per_source_net_block_size, print_per_source_net_block_size},
     .order = 640},
    {.name = "PerSourcePenalties",
     .words = {1, many},
     .accumulates = true,
     .value = {read_per_source_penalties, print_per_source_penalties},
     .order = 700},
    {.name = "PerSourcePenaltyExemptList",
     .value = {read_per_source_penalty_exempt_list, print_text<&Config::per_source_penalty_exempt_list>},
     .order = 470},
};

}  // namespace

std::span<const ServerKeyword> limit_keywords() { return table; }

}  // namespace glassh
