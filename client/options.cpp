#include "client/options.h"

#include <algorithm>

#include <fmt/format.h>

#include "auth/config_syntax.h"
#include "client/destination.h"

namespace glassh {
namespace {

// Every letter of ssh(1). Those that are not in take_flag's switch are not done yet.
constexpr std::string_view letters = "1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy";

void take_long_flag(const Flag& flag, ClientOptions& options) {
  if (flag.name == "trace") options.trace = flag.value;
  if (flag.name == "keylog") options.keylog = flag.value;
  if (flag.name == "help") options.help = true;
}

void check_port(const Flag& flag) {
  const auto port = parse_number(flag.value, 65535);
  if (!port || *port == 0) throw UsageError(fmt::format("Bad port '{}'", flag.value));
}

void take_flag(const Flag& flag, ClientOptions& options) {
  if (flag.name.size() > 1) return take_long_flag(flag, options);
  const auto set = [&options](std::string_view keyword, std::string_view value) {
    options.settings.push_back(fmt::format("{}={}", keyword, quote_config_word(value)));
  };
  switch (flag.name.front()) {
    case '2':
      break;  // version 2 is all there is
    case '4':
      set("AddressFamily", "inet");
      break;
    case '6':
      set("AddressFamily", "inet6");
      break;
    case 'a':
      break;  // nothing is forwarded: neither the agent,
    case 'x':
      break;  // nor X11,
    case 'k':
      break;  // nor GSSAPI credentials
    case 'c':
      set("Ciphers", flag.value);
      break;
    case 'E':
      options.log_file = flag.value;
      break;
    case 'e':
      break;  // the escape character needs a terminal
    case 'F':
      options.config_file = flag.value;
      break;
    case 'G':
      options.print_config = true;
      break;
    case 'i':
      set("IdentityFile", flag.value);
      break;
    case 'l':
      set("User", flag.value);
      break;
    case 'm':
      set("MACs", flag.value);
      break;
    case 'N':
      set("SessionType", "none");
      break;
    case 'n':
      set("StdinNull", "yes");
      break;
    case 'o':
      options.settings.push_back(flag.value);
      break;
    case 'p':
      check_port(flag);
      set("Port", flag.value);
      break;
    case 'Q':
      options.query = flag.value;
      break;
    case 'q':
      options.quiet = true;
      break;
    case 's':
      set("SessionType", "subsystem");
      break;
    case 'T':
      set("RequestTTY", "no");
      break;
    case 'V':
      options.show_version = true;
      break;
    case 'v':
      options.verbose = std::min(options.verbose + 1, 3);
      break;
    default:
      throw UsageError(fmt::format("-{} is not supported yet", flag.name));
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
  return "usage: glassh [-46aGkNnqsTVvx] [-c cipher_spec] [-E log_file] [-F configfile]\n"
         "              [-i identity_file] [-l login_name] [-m mac_spec] [-o option]\n"
         "              [-p port] [-Q query_option] [--trace FILE|-] [--keylog FILE]\n"
         "              [--help] destination [command [argument ...]]\n";
}

}  // namespace glassh
