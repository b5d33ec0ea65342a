#include "server/config/server_options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/syntax.h"

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

// Flags that are just on or off.
struct Switch {
  char letter;
  bool ServerOptions::*member;
};
constexpr std::array switches{
    Switch{'D', &ServerOptions::foreground},   Switch{'e', &ServerOptions::log_to_stderr},
    Switch{'i', &ServerOptions::inetd},        Switch{'q', &ServerOptions::quiet},
    Switch{'T', &ServerOptions::print_config}, Switch{'t', &ServerOptions::test},
    Switch{'V', &ServerOptions::show_version},
};
// All flags. -u is the width of utmp's host field, which nothing of ours has.
constexpr std::string_view letters = "46C:c:DdE:ef:g:h:io:p:qTtu:V";

void take_flag(const Flag& flag, ServerOptions& options) {
  if (flag.name.size() > 1) return take_long_flag(flag, options);
  const char letter = flag.name.front();
  for (const auto& entry : switches) {
    if (entry.letter == letter) options.*entry.member = true;
  }
  if (letter == '4') options.settings.push_back("AddressFamily=inet");
  if (letter == '6') options.settings.push_back("AddressFamily=inet6");
  // Several add up, as with sshd.
  if (letter == 'C') options.connection = options.connection ? *options.connection + "," + flag.value : flag.value;
  if (letter == 'c') throw UsageError("-c: host certificates are not supported yet");
  if (letter == 'd') options.debug = std::min(options.debug + 1, 3);
  if (letter == 'E') options.log_file = flag.value;
  if (letter == 'f') options.config_file = flag.value;
  if (letter == 'g') options.settings.push_back("LoginGraceTime=" + quote_config_word(flag.value));
  if (letter == 'h') options.host_keys.push_back(flag.value);
  if (letter == 'o') options.settings.push_back(flag.value);
  if (letter == 'p') options.ports.push_back(port_of(flag));
}

}  // namespace

ServerOptions parse_server_options(std::span<const std::string> arguments) {
  FlagReader reader(arguments, letters, {{"trace", true}, {"keylog", true}, {"help", false}});
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
