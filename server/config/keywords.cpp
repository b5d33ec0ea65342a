// The whole table, and the keywords about the daemon and the connection: where it listens, how it keeps connections
// alive, and what it logs.
#include "server/config/keywords.h"

#include "config/ip_qos.h"

namespace glassh {
namespace {

constexpr Choices<AddressFamily, 3> address_families{
    {{{"any", AddressFamily::any}, {"inet", AddressFamily::inet}, {"inet6", AddressFamily::inet6}}},
    "any, inet or inet6"};

void read_port(ServerCall& call) {
  const auto port = parse_number(call.words[0], 65535);
  if (!port) throw ConfigError(fmt::format("bad port '{}': expected 0 to 65535", call.words[0]));
  if (call.first) call.config.ports.clear();
  call.config.ports.push_back(static_cast<std::uint16_t>(*port));
}

PrintedValues print_ports(const ServerConfig& config) {
  PrintedValues values;
  for (const auto port : config.ports) values.push_back(std::to_string(port));
  return values;
}

void read_listen_address(ServerCall& call) {
  const auto address = parse_host_port(call.words[0]);
  if (!address) {
    throw ConfigError(fmt::format("bad address '{}': expected host, host:port or [IPv6]:port", call.words[0]));
  }
  call.config.listen_addresses.push_back(*address);
}

PrintedValues print_endpoints(const ServerConfig& config) {
  PrintedValues values;
  for (const auto& endpoint : config.endpoints()) values.push_back(format_host_port(endpoint.host, endpoint.port));
  return values;
}

PrintedValues print_ip_qos(const ServerConfig& config) { return {ip_qos_text(config.ip_qos)}; }

// --- The log --------------------------------------------------------------------------------------------------------

void read_log_level(ServerCall& call) {
  const auto level = parse_log_level(call.words[0]);
  if (!level) throw ConfigError(fmt::format("bad value '{}': expected QUIET to DEBUG3", call.words[0]));
  call.config.log_level = *level;
}

PrintedValues print_log_level(const ServerConfig& config) {
  return {std::string(openssh_level_name(config.log_level))};
}

void read_syslog_facility(ServerCall& call) {
  static constexpr std::array<std::string_view, 12> names = {"DAEMON", "USER",   "AUTH",   "AUTHPRIV",
                                                             "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3",
                                                             "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7"};
  const auto name =
      std::find_if(names.begin(), names.end(), [&](auto known) { return equal_ignoring_case(known, call.words[0]); });
  if (name == names.end()) {
    throw ConfigError(fmt::format("bad value '{}': expected AUTH, DAEMON, USER or LOCAL0 to LOCAL7", call.words[0]));
  }
  call.config.syslog_facility = *name;
}

constexpr ServerKeyword table[] = {
    {.name = "Port", .accumulates = true, .value = {read_port, print_ports}, .order = 10},
    {.name = "AddressFamily", .value = choice<&ServerConfig::address_family, address_families>, .order = 20},
    {.name = "ListenAddress", .accumulates = true, .value = {read_listen_address, print_endpoints}, .order = 30},
    {.name = "HostKey",
     .old_names = "HostDSAKey",
     .accumulates = true,
     .value = {[](ServerCall& call) { call.config.host_keys.push_back(call.words[0]); },
               print_list<&ServerConfig::host_keys>},
     .order = 510},
    {.name = "TCPKeepAlive", .old_names = "KeepAlive", .value = flag<&ServerConfig::tcp_keep_alive>, .order = 240},
    {.name = "ClientAliveInterval",
     .below_match = true,
     .value = seconds<&ServerConfig::client_alive_interval_seconds>,
     .order = 80},
    {.name = "ClientAliveCountMax",
     .below_match = true,
     .value = count<&ServerConfig::client_alive_count_max>,
     .order = 90},
    {.name = "IPQoS",
     .words = {1, 2},
     .below_match = true,
     .value = {[](ServerCall& call) { call.config.ip_qos = parse_ip_qos(call.words); }, print_ip_qos},
     .order = 650},
    {.name = "PidFile", .value = text<&ServerConfig::pid_file>, .order = 340},
    {.name = "LogLevel", .below_match = true, .value = {read_log_level, print_log_level}, .order = 480},
    {.name = "SyslogFacility",
     .value = {read_syslog_facility, print_text<&ServerConfig::syslog_facility>},
     .order = 490},
};

}  // namespace

std::span<const ServerKeyword> connection_keywords() { return table; }

std::string word_or_none(const ServerCall& call) {
  return equal_ignoring_case(call.words[0], "none") ? "" : call.words[0];
}

std::uint32_t time_in_seconds(const ServerCall& call) {
  const auto value = parse_time(call.words[0]);
  if (!value) throw ConfigError(fmt::format("bad time '{}': expected seconds or 1h30m", call.words[0]));
  return *value;
}

const std::vector<const ServerKeyword*>& server_keywords() {
  static const auto rows =
      rows_in_order<ServerKeyword>({connection_keywords(), algorithm_keywords(), access_keywords(), session_keywords(),
                                    forwarding_keywords(), limit_keywords(), unsupported_keywords()});
  return rows;
}

const ServerKeyword* find_server_keyword(std::string_view keyword) { return find_row(server_keywords(), keyword); }

std::string effective_config(const ServerConfig& config) { return printed_config(server_keywords(), config); }

}  // namespace glassh
