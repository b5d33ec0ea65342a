// The syntax that sshd_config(5) and ssh_config(5) share: lines, words, values, tokens. authorized_keys and known_hosts
// use parts of it.
//
// A line is a keyword, blanks or one `=`, and words. A word may be quoted with " or '. A backslash escapes a quote, a
// backslash or (outside quotes) a blank. A # at a word's start begins a comment. Which keywords exist, and their
// meaning, is in server/config/server_config and client/config/client_config. This code does not open files.
//
//   if (const auto line = split_config_line("Port = 2222  # test")) …  // keyword "Port", words {"2222"}
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glassh {

// A configuration is wrong. The text is ready to print: "sshd_config:12: unknown keyword 'Foo'".
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The place where a setting was written. Line 0 is the command line.
struct ConfigPlace {
  std::string file;
  std::size_t line = 0;
  std::string text() const;  // "sshd_config:12" or "command line"
};
// Throws ConfigError with the place in front.
[[noreturn]] void config_fail(const ConfigPlace& place, std::string_view what);

struct ConfigLine {
  std::string keyword;             // as written; compare with equal_ignoring_case
  std::vector<std::string> words;  // unquoted
  std::string rest;                // everything after the keyword, raw, trimmed: for commands
};
// Returns nullopt for an empty line or a comment. Throws ConfigError (without a place) for an open quote or a NUL byte.
// `raw_rest` is asked with the keyword in lower case: if it returns true, the keyword takes the rest of the line as it
// stands, and `words` stays empty.
std::optional<ConfigLine> split_config_line(std::string_view line,
                                            const std::function<bool(std::string_view)>& raw_rest = {});
// Splits a command that a keyword took as it stood. Quotes work as above; # is an ordinary character. Throws
// ConfigError (without a place) for an open quote.
std::vector<std::string> split_command_words(std::string_view command);
// Returns `text` quoted so that split_config_line() reads it back as one word.
std::string quote_config_word(std::string_view text);

std::string lower_case(std::string_view text);  // ASCII
bool equal_ignoring_case(std::string_view a, std::string_view b);

// sshd_config(5), TIME FORMATS: "600", "10m", "1h30m". Returns seconds; nullopt if malformed or above 2^31 - 1.
std::optional<std::uint32_t> parse_time(std::string_view text);
// "1024", "512K", "1G". Returns bytes; nullopt if malformed or above 2^63 - 1.
std::optional<std::uint64_t> parse_size(std::string_view text);
// A decimal number without a sign or blanks. Returns nullopt if malformed or above `maximum`.
std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t maximum);
std::optional<bool> parse_yes_no(std::string_view text);  // yes, true, no, false, in any case

// "host", "host:port", "[v6]:port", "v6". No name is looked up. parse_host_port() returns nullopt if malformed.
struct HostPort {
  std::string host;  // without brackets
  std::optional<std::uint16_t> port;
  bool operator==(const HostPort&) const = default;
};
std::optional<HostPort> parse_host_port(std::string_view text);
std::string format_host_port(std::string_view host, std::uint16_t port);  // "[::1]:22", "host:22"

enum class LogLevel { quiet, fatal, error, info, verbose, debug1, debug2, debug3 };
std::optional<LogLevel> parse_log_level(std::string_view text);  // QUIET … DEBUG3, in any case; DEBUG is DEBUG1
std::string_view log_level_name(LogLevel level);                 // upper case
// The name that `ssh -G` and `sshd -T` print. It differs for two levels: SILENT for QUIET, and DEBUG for DEBUG1.
std::string_view openssh_level_name(LogLevel level);

enum class AddressFamily { any, inet, inet6 };
std::optional<AddressFamily> parse_address_family(std::string_view text);
std::string_view address_family_name(AddressFamily family);

// IPQoS: the type of service (or DSCP) of packets, for sessions with a terminal and for everything else. nullopt leaves
// the system's default.
struct IpQos {
  std::optional<std::uint8_t> interactive = 0x10;  // lowdelay, as Debian's OpenSSH
  std::optional<std::uint8_t> bulk = 0x08;         // throughput
  bool operator==(const IpQos&) const = default;
};

// RFC 4253 section 9: the words of RekeyLimit, a size or "default" and then perhaps a time or "none". A part that the
// words leave out is taken from `standard`. Throws ConfigError without a place.
struct RekeyWords {
  std::uint64_t bytes = 0;
  std::chrono::seconds time{0};
};
RekeyWords parse_rekey_limit(const std::vector<std::string>& words, RekeyWords standard);

// Expands %-tokens. `tokens` has pairs of letter and replacement; "%%" is always a percent sign. If `environment` is
// given, "${NAME}" becomes that variable's value. A replacement is not expanded again. Throws ConfigError (without a
// place) for a letter that is not in the table, a lone % at the end, a variable that is not set, and an open brace.
using ConfigTokens = std::vector<std::pair<char, std::string>>;
using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view)>;
std::string expand_tokens(std::string_view text, const ConfigTokens& tokens, const EnvironmentLookup& environment = {});
// Replaces the ~ of "~" and "~/x" by `home`. "~user" is not looked up: it throws ConfigError without a place.
std::string expand_tilde(std::string_view text, std::string_view home);

// A line for the log, written while a configuration is read.
struct ConfigNote {
  LogLevel level = LogLevel::info;
  std::string text;
};

}  // namespace glassh
