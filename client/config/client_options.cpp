#include "client/config/client_options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/config/destination.h"
#include "client/config/forward_spec.h"
#include "client/config/jump.h"
#include "config/syntax.h"

namespace glassh {
namespace {

// Every letter of ssh(1). Those that take_flag does not know are not done yet.
constexpr std::string_view letters = "1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy";

// Flags that say what a keyword says.
struct SettingFlag {
  char letter;
  std::string_view keyword;
  std::string_view value = {};  // empty: the flag's own
  bool at_once = false;         // see set_by_flag
};
constexpr std::array setting_flags{
    SettingFlag{'4', "AddressFamily", "inet", true},
    SettingFlag{'6', "AddressFamily", "inet6", true},
    SettingFlag{'g', "GatewayPorts", "yes", true},
    SettingFlag{'C', "Compression", "yes", true},
    SettingFlag{'c', "Ciphers", "", true},
    SettingFlag{'m', "MACs", "", true},
    SettingFlag{'i', "IdentityFile"},
    SettingFlag{'l', "User"},
    SettingFlag{'b', "BindAddress", "", true},
    SettingFlag{'B', "BindInterface", "", true},
    SettingFlag{'P', "Tag"},
    SettingFlag{'p', "Port"},
};
// Version 2, and forwarding no GSSAPI credentials, is all there is.
constexpr std::string_view ignored_flags = "2k";

void take_long_flag(const Flag& flag, ClientOptions& options) {
  if (flag.name == "trace") options.trace = flag.value;
  if (flag.name == "keylog") options.keylog = flag.value;
  if (flag.name == "help") options.help = true;
}

void check_port(const Flag& flag) {
  const auto port = parse_number(flag.value, 65535);
  if (!port || *port == 0) throw UsageError(fmt::format("Bad port '{}'", flag.value));
}

// What ssh(1) sets at once: the last such flag counts, and goes before an -o.
void set_by_flag(std::string_view keyword, std::string_view value, ClientOptions& options) {
  const std::string begin = fmt::format("{}=\"", keyword);
  std::erase_if(options.settings, [&begin](const std::string& setting) { return setting.starts_with(begin); });
  options.settings.insert(options.settings.begin(), fmt::format("{}={}", keyword, quote_config_word(value)));
}

bool has_setting(std::string_view setting, const ClientOptions& options) {
  return std::find(options.settings.begin(), options.settings.end(), setting) != options.settings.end();
}

// A second -t asks for a terminal even where there is none on this side.
void take_terminal_flag(ClientOptions& options) {
  const bool again = has_setting("RequestTTY=\"yes\"", options);
  set_by_flag("RequestTTY", again ? "force" : "yes", options);
}

// -N and -s exclude each other.
void take_session_flag(char letter, ClientOptions& options) {
  const bool none = letter == 'N';
  if (none && has_setting("SessionType=\"subsystem\"", options)) {
    throw UsageError("Cannot specify -N with -s/SessionType");
  }
  if (!none && has_setting("SessionType=\"none\"", options)) throw UsageError("Cannot specify -s with -N/SessionType");
  set_by_flag("SessionType", none ? "none" : "subsystem", options);
  if (none) set_by_flag("RequestTTY", "no", options);
}

void take_escape_flag(const std::string& value, ClientOptions& options) {
  const bool control = value.size() == 2 && value[0] == '^' && value[1] >= 64;
  if (value.size() != 1 && !control && value != "none") {
    throw UsageError(fmt::format("Bad escape character '{}'.", value));
  }
  set_by_flag("EscapeChar", value, options);
}

void take_x11_flag(char letter, ClientOptions& options) {
  if (letter == 'Y') set_by_flag("ForwardX11Trusted", "yes", options);
  set_by_flag("ForwardX11", letter == 'x' ? "no" : "yes", options);
}

// What an -o in front of -J set.
bool is_set(std::string_view keyword, const ClientOptions& options) {
  return std::any_of(options.settings.begin(), options.settings.end(), [keyword](const std::string& setting) {
    const auto end = setting.find_first_of("= \t");
    return equal_ignoring_case(std::string_view(setting).substr(0, end), keyword);
  });
}

void take_jump_flag(const std::string& list, ClientOptions& options) {
  if (is_set("ProxyJump", options)) {
    throw UsageError("Only a single -J option is permitted (use commas to separate multiple jump hops)");
  }
  if (is_set("ProxyCommand", options)) throw UsageError("Cannot specify -J with ProxyCommand");
  try {
    parse_jump_hosts(list);
  } catch (const ConfigError& error) {
    throw UsageError(fmt::format("Invalid -J argument: {}", error.what()));
  }
  options.settings.push_back("ProxyJump=" + quote_config_word(list));
}

void take_forward(Forward::Kind kind, std::string_view what, const Flag& flag, ClientOptions& options) {
  const auto forward = parse_forward(kind, flag.value);
  if (!forward) throw UsageError(fmt::format("Bad {} forwarding specification '{}'", what, flag.value));
  options.forwards.push_back(*forward);
}

void take_stdio_forward(const Flag& flag, ClientOptions& options) {
  if (options.stdio_forward) throw UsageError("stdio forward already specified");
  options.stdio_forward = parse_stdio_forward(flag.value);
  if (!options.stdio_forward) {
    throw UsageError(fmt::format("Bad stdio forwarding specification '{}'", flag.value));
  }
  set_by_flag("SessionType", "none", options);
  set_by_flag("RequestTTY", "no", options);
}

void take_flag(const Flag& flag, ClientOptions& options) {
  if (flag.name.size() > 1) return take_long_flag(flag, options);
  const char letter = flag.name.front();
  if (letter == 'p') check_port(flag);
  if (letter == 'i') options.identity_files.push_back(flag.value);
  if (letter == 'J') return take_jump_flag(flag.value, options);
  if (letter == 'A' || letter == 'a') return set_by_flag("ForwardAgent", letter == 'A' ? "yes" : "no", options);
  if (letter == 'f') set_by_flag("ForkAfterAuthentication", "yes", options);
  if (letter == 'f' || letter == 'n') return set_by_flag("StdinNull", "yes", options);
  if (letter == 't') return take_terminal_flag(options);
  if (letter == 'T') return set_by_flag("RequestTTY", "no", options);
  if (letter == 'N' || letter == 's') return take_session_flag(letter, options);
  if (letter == 'e') return take_escape_flag(flag.value, options);
  if (letter == 'X' || letter == 'Y' || letter == 'x') return take_x11_flag(letter, options);
  if (letter == 'L') return take_forward(Forward::Kind::local, "local", flag, options);
  if (letter == 'R') return take_forward(Forward::Kind::remote, "remote", flag, options);
  if (letter == 'D') return take_forward(Forward::Kind::dynamic, "dynamic", flag, options);
  if (letter == 'W') return take_stdio_forward(flag, options);
  bool taken = ignored_flags.find(letter) != std::string_view::npos;
  for (const auto& setting : setting_flags) {
    if (setting.letter != letter) continue;
    const auto value = setting.value.empty() ? std::string_view(flag.value) : setting.value;
    if (setting.at_once) {
      set_by_flag(setting.keyword, value, options);
    } else {
      options.settings.push_back(fmt::format("{}={}", setting.keyword, quote_config_word(value)));
    }
    taken = true;
  }
  if (taken) return;
  if (letter == 'E') {
    options.log_file = flag.value;
  } else if (letter == 'F') {
    options.config_file = flag.value;
  } else if (letter == 'G') {
    options.print_config = true;
  } else if (letter == 'o') {
    options.settings.push_back(flag.value);
  } else if (letter == 'Q') {
    if (!options.query) options.query = flag.value;  // the first is answered
  } else if (letter == 'q') {
    options.quiet = true;  // the later of -q and -v counts
    options.verbose = 0;
  } else if (letter == 'V') {
    options.show_version = true;
  } else if (letter == 'v') {
    options.quiet = false;
    options.verbose = std::min(options.verbose + 1, 3);
  } else {
    throw UsageError(fmt::format("-{} is not supported yet", letter));
  }
}

void take_destination(const std::string& word, ClientOptions& options) {
  const auto destination = parse_destination(word);
  if (!destination) throw UsageError("");
  options.host = destination->host;
  if (destination->user) options.settings.push_back("User=" + quote_config_word(*destination->user));
  if (destination->port) options.settings.push_back(fmt::format("Port={}", *destination->port));
}

// Whichever flag said it: -l, user@, the URI or -o User.
void check_names(const ClientOptions& options) {
  if (!valid_host_name(options.host)) throw UsageError("hostname contains invalid characters");
  for (const auto& setting : options.settings) {
    std::optional<ConfigLine> line;
    try {
      line = split_config_line(setting);
    } catch (const ConfigError&) {
      continue;  // the configuration's reader will say it
    }
    if (!line || !equal_ignoring_case(line->keyword, "User") || line->words.empty()) continue;
    if (!valid_user_name(line->words[0])) throw UsageError("remote username contains invalid characters");
  }
}

}  // namespace

ClientOptions parse_client_options(std::span<const std::string> arguments) {
  FlagReader reader(arguments, letters, {{"trace", true}, {"keylog", true}, {"help", false}});
  ClientOptions options;
  // Flags may stand on either side of the destination; the first word after it begins the command.
  const auto take_flags = [&] {
    while (const auto flag = reader.next_flag()) take_flag(*flag, options);
  };
  take_flags();
  const auto destination = reader.next_word();
  if (destination) {
    take_destination(*destination, options);
    take_flags();
  }
  while (const auto word = reader.next_word()) options.command += (options.command.empty() ? "" : " ") + *word;

  if (options.verbose > 0)
    options.settings.insert(options.settings.begin(), fmt::format("LogLevel=DEBUG{}", options.verbose));
  if (options.quiet) options.settings.insert(options.settings.begin(), "LogLevel=QUIET");
  const bool needs_host = !options.show_version && !options.query && !options.help;
  if (!destination && needs_host) throw UsageError("");
  if (destination) check_names(options);
  return options;
}

std::string_view client_usage() {
  return "usage: glassh [-46AaCfGgkNnqsTtVvXxY] [-B bind_interface] [-b bind_address]\n"
         "              [-c cipher_spec] [-D [bind_address:]port] [-E log_file]\n"
         "              [-e escape_char] [-F configfile] [-i identity_file]\n"
         "              [-J [user@]host[:port]] [-L address] [-l login_name] [-m mac_spec]\n"
         "              [-o option] [-P tag] [-p port] [-Q query_option] [-R address]\n"
         "              [-W host:port] [--trace FILE|-] [--keylog FILE] [--help]\n"
         "              destination [command [argument ...]]\n";
}

}  // namespace glassh
