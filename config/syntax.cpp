#include "config/syntax.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace glassh {
namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// One word from the front of `text`, which does not begin with a blank.
std::string take_word(std::string_view& text) {
  std::string word;
  char quote = 0;
  while (!text.empty()) {
    const char c = text.front();
    if (quote == 0 && is_blank(c)) break;
    text.remove_prefix(1);
    const char next = text.empty() ? '\0' : text.front();
    const bool escapes = next == '"' || next == '\'' || next == '\\' || (quote == 0 && next == ' ');
    if (c == '\\' && escapes) {
      word += next;
      text.remove_prefix(1);
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else {
      word += c;
    }
  }
  if (quote != 0) throw ConfigError(fmt::format("a quote {} is never closed", quote));
  return word;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (text = trim(text); !text.empty() && text.front() != '#'; text = trim(text)) words.push_back(take_word(text));
  return words;
}

template <class Number>
std::optional<Number> parse_digits(std::string_view text, Number maximum) {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || text.front() == '-' || error != std::errc() || stop != end || value > maximum) return {};
  return value;
}

}  // namespace

std::string ConfigPlace::text() const { return line == 0 ? file : fmt::format("{}:{}", file, line); }

void config_fail(const ConfigPlace& place, std::string_view what) {
  throw ConfigError(fmt::format("{}: {}", place.text(), what));
}

std::optional<ConfigLine> split_config_line(std::string_view line,
                                            const std::function<bool(std::string_view)>& raw_rest) {
  if (line.find('\0') != std::string_view::npos) throw ConfigError("the line contains a NUL byte");
  line = trim(line);
  if (line.empty() || line.front() == '#') return {};

  const auto end_of_keyword = std::min(line.find_first_of(" \t\r\n\f\v="), line.size());
  ConfigLine result;
  result.keyword = line.substr(0, end_of_keyword);
  if (result.keyword.empty()) throw ConfigError("a keyword is missing before '='");
  std::string_view rest = trim(line.substr(end_of_keyword));
  if (!rest.empty() && rest.front() == '=') rest = trim(rest.substr(1));
  result.rest = rest;
  if (!raw_rest || !raw_rest(lower_case(result.keyword))) result.words = split_words(rest);
  return result;
}

std::vector<std::string> split_command_words(std::string_view command) {
  std::vector<std::string> words;
  for (command = trim(command); !command.empty(); command = trim(command)) words.push_back(take_word(command));
  return words;
}

std::string quote_config_word(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\'') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// --- Values ---------------------------------------------------------------------------------------------------------

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t maximum) {
  return parse_digits<std::uint32_t>(text, maximum);
}

std::optional<std::uint32_t> parse_time(std::string_view text) {
  constexpr std::uint64_t maximum = std::numeric_limits<std::int32_t>::max();
  if (text.empty()) return {};
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto value = parse_digits<std::uint64_t>(text.substr(0, digits), maximum);
    if (!value) return {};
    text.remove_prefix(digits);
    std::uint64_t unit = 1;
    if (!text.empty()) {
      switch (lower(text.front())) {
        case 's':
          unit = 1;
          break;
        case 'm':
          unit = 60;
          break;
        case 'h':
          unit = 60 * 60;
          break;
        case 'd':
          unit = 24 * 60 * 60;
          break;
        case 'w':
          unit = 7 * 24 * 60 * 60;
          break;
        default:
          return {};
      }
      text.remove_prefix(1);
    }
    total += *value * unit;
    if (total > maximum) return {};
  }
  return static_cast<std::uint32_t>(total);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (text.empty()) return {};
  int shift = 0;
  switch (lower(text.back())) {
    case 'k':
      shift = 10;
      break;
    case 'm':
      shift = 20;
      break;
    case 'g':
      shift = 30;
      break;
    default:
      break;
  }
  if (shift != 0) text.remove_suffix(1);
  constexpr auto maximum = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto value = parse_digits<std::uint64_t>(text, maximum >> shift);
  if (!value) return {};
  return *value << shift;
}

std::optional<bool> parse_yes_no(std::string_view text) {
  if (equal_ignoring_case(text, "yes") || equal_ignoring_case(text, "true")) return true;
  if (equal_ignoring_case(text, "no") || equal_ignoring_case(text, "false")) return false;
  return {};
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  HostPort result;
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return {};
    result.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return {};
  } else if (std::count(text.begin(), text.end(), ':') >= 2) {
    result.host = text;  // a bare IPv6 address has no port
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    result.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (result.host.empty()) return {};
  if (rest.empty()) return result;
  const auto port = parse_number(rest.substr(1), 65535);
  if (!port) return {};
  result.port = static_cast<std::uint16_t>(*port);
  return result;
}

std::string format_host_port(std::string_view host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string_view::npos;
  return brackets ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::optional<LogLevel> parse_log_level(std::string_view text) {
  if (equal_ignoring_case(text, "SILENT")) return LogLevel::quiet;
  if (equal_ignoring_case(text, "DEBUG")) return LogLevel::debug1;
  for (const auto level : {LogLevel::quiet, LogLevel::fatal, LogLevel::error, LogLevel::info, LogLevel::verbose,
                           LogLevel::debug1, LogLevel::debug2, LogLevel::debug3}) {
    if (equal_ignoring_case(text, log_level_name(level))) return level;
  }
  return {};
}

std::string_view log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::quiet:
      return "QUIET";
    case LogLevel::fatal:
      return "FATAL";
    case LogLevel::error:
      return "ERROR";
    case LogLevel::info:
      return "INFO";
    case LogLevel::verbose:
      return "VERBOSE";
    case LogLevel::debug1:
      return "DEBUG1";
    case LogLevel::debug2:
      return "DEBUG2";
    case LogLevel::debug3:
      return "DEBUG3";
  }
  return "?";
}

std::string_view openssh_level_name(LogLevel level) {
  if (level == LogLevel::quiet) return "SILENT";
  return level == LogLevel::debug1 ? "DEBUG" : log_level_name(level);
}

std::optional<AddressFamily> parse_address_family(std::string_view text) {
  for (const auto family : {AddressFamily::any, AddressFamily::inet, AddressFamily::inet6}) {
    if (equal_ignoring_case(text, address_family_name(family))) return family;
  }
  return {};
}

std::string_view address_family_name(AddressFamily family) {
  switch (family) {
    case AddressFamily::any:
      return "any";
    case AddressFamily::inet:
      return "inet";
    case AddressFamily::inet6:
      return "inet6";
  }
  return "?";
}

RekeyWords parse_rekey_limit(const std::vector<std::string>& words, RekeyWords limit) {
  // OpenSSH refuses less than a cipher block's 16 bytes too; 0 is its spelling of the default.
  constexpr std::uint64_t smallest = 16;
  if (words.empty() || words.size() > 2) throw ConfigError("expected a size and perhaps a time");
  if (!equal_ignoring_case(words[0], "default")) {
    const auto bytes = parse_size(words[0]);
    if (!bytes) throw ConfigError(fmt::format("bad size '{}': expected 'default' or bytes such as 512M", words[0]));
    if (*bytes != 0 && *bytes < smallest) throw ConfigError(fmt::format("size '{}' is too small", words[0]));
    if (*bytes != 0) limit.bytes = *bytes;
  }
  if (words.size() == 2) {
    const auto time = equal_ignoring_case(words[1], "none") ? std::optional<std::uint32_t>(0) : parse_time(words[1]);
    if (!time) throw ConfigError(fmt::format("bad time '{}': expected 'none' or a time such as 1h", words[1]));
    limit.time = std::chrono::seconds(*time);
  }
  return limit;
}

// --- Tokens ---------------------------------------------------------------------------------------------------------

std::string expand_tokens(std::string_view text, const ConfigTokens& tokens, const EnvironmentLookup& environment) {
  const std::string_view whole = text;
  std::string result;
  while (!text.empty()) {
    const bool variable = environment && text.starts_with("${");
    if (text.front() != '%' && !variable) {
      result += text.front();
      text.remove_prefix(1);
    } else if (variable) {
      const auto close = text.find('}');
      if (close == std::string_view::npos) throw ConfigError(fmt::format("'${{' is never closed in '{}'", whole));
      const auto name = text.substr(2, close - 2);
      const auto value = environment(name);
      if (!value) throw ConfigError(fmt::format("environment variable '{}' is not set, in '{}'", name, whole));
      result += *value;
      text.remove_prefix(close + 1);
    } else {
      if (text.size() == 1) throw ConfigError(fmt::format("a lone % ends '{}'; write %% for a percent sign", whole));
      const char letter = text[1];
      const auto token =
          std::find_if(tokens.begin(), tokens.end(), [letter](const auto& entry) { return entry.first == letter; });
      if (letter != '%' && token == tokens.end()) {
        throw ConfigError(fmt::format("unknown token '%{}' in '{}'", letter, whole));
      }
      result += letter == '%' ? "%" : token->second;
      text.remove_prefix(2);
    }
  }
  return result;
}

std::string expand_tilde(std::string_view text, std::string_view home) {
  if (text.empty() || text.front() != '~') return std::string(text);
  if (text.size() > 1 && text[1] != '/') {
    throw ConfigError(fmt::format("'{}': other users' home directories are not looked up; write the path out", text));
  }
  return std::string(home) + std::string(text.substr(1));
}

}  // namespace glassh
