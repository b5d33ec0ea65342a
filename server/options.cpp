#include "server/options.h"

#include <fmt/format.h>

#include "auth/config_syntax.h"

namespace glassh {
namespace {

std::uint16_t port_of(const Flag& flag) {
  const auto port = parse_number(flag.value, 65535);
  if (!port) throw UsageError(fmt::format("-p: bad port '{}': expected 0 to 65535", flag.value));
  return static_cast<std::uint16_t>(*port);
}

void take_long_flag(const Flag& flag, ServerOptions& options) {
  if (flag.name == "trace") options.trace = flag.value;
  if (flag.name == "keylog") options.keylog = flag.value;
  if (flag.name == "help") options.help = true;
}

void take_flag(const Flag& flag, ServerOptions& options) {
  if (flag.name.size() > 1) return take_long_flag(flag, options);
  switch (flag.name.front()) {
    case '4':
      options.settings.push_back("AddressFamily=inet");
      break;
    case '6':
      options.settings.push_back("AddressFamily=inet6");
      break;
    case 'C':
      break;  // the connection that Match is tested for; there is no Match
    case 'D':
      options.foreground = true;
      break;
    case 'd':
      options.debug = options.debug < 3 ? options.debug + 1 : 3;
      break;
    case 'E':
      options.log_file = flag.value;
      break;
    case 'e':
      options.log_to_stderr = true;
      break;
    case 'f':
      options.config_file = flag.value;
      break;
    case 'g':
      options.settings.push_back("LoginGraceTime=" + quote_config_word(flag.value));
      break;
    case 'h':
      options.host_keys.push_back(flag.value);
      break;
    case 'i':
      options.inetd = true;
      break;
    case 'o':
      options.settings.push_back(flag.value);
      break;
    case 'p':
      options.ports.push_back(port_of(flag));
      break;
    case 'q':
      options.quiet = true;
      break;
    case 'T':
      options.print_config = true;
      break;
    case 't':
      options.test = true;
      break;
    case 'u':
      break;  // the width of utmp's host field, which is not written
    case 'V':
      options.show_version = true;
      break;
    case 'c':
      throw UsageError("-c: host certificates are not supported yet");
    default:
      throw UsageError(fmt::format("unknown option -- '{}'", flag.name));
  }
}

}  // namespace

ServerOptions parse_server_options(std::span<const std::string> arguments) {
  FlagReader reader(arguments, "46C:c:DdE:ef:g:h:io:p:qTtu:V", {{"trace", true}, {"keylog", true}, {"help", false}});
  ServerOptions options;
  while (const auto flag = reader.next_flag()) take_flag(*flag, options);
  if (const auto extra = reader.next_word()) throw UsageError(fmt::format("extra argument {}.", *extra));
  if (options.debug > 0) options.log_to_stderr = true;
  return options;
}

std::string_view server_usage() {
  return "usage: glasshd [-46DdeiqTtV] [-C connection_spec] [-E log_file] [-f config_file]\n"
         "               [-g login_grace_time] [-h host_key_file] [-o option] [-p port]\n"
         "               [--trace FILE|-] [--keylog FILE] [--help]\n";
}

}  // namespace glassh
