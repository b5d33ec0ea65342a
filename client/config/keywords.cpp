// The whole table, and the keywords about the connection: to where, which way it takes, and how it is kept alive.
#include "client/config/keywords.h"

#include "client/config/jump.h"
#include "config/ip_qos.h"

namespace glassh {
namespace {

void read_host_name(ClientCall& call) {
  check_tokens(call.words[0], "h", false);
  call.draft.host_name = call.words[0];
}

PrintedValues print_host_name(const ClientConfig& config) { return {config.host_name}; }

void read_port(ClientCall& call) {
  const auto port = parse_number(call.words[0], 65535);
  if (!port || *port == 0) {
    throw ConfigError(fmt::format("bad port '{}': expected 1 to 65535", call.words[0]));
  }
  call.config.port = static_cast<std::uint16_t>(*port);
}

PrintedValues print_port(const ClientConfig& config) { return {std::to_string(config.port)}; }

constexpr Choices<AddressFamily, 3> address_families{
    {{{"any", AddressFamily::any}, {"inet", AddressFamily::inet}, {"inet6", AddressFamily::inet6}}},
    "any, inet or inet6"};

// --- Which way ------------------------------------------------------------------------------------------------------

// The first of ProxyCommand and ProxyJump counts. If that is "ProxyCommand none", there is no jump either.
void read_proxy_command(ClientCall& call) {
  check_tokens(call.words[0], "hnpr", false);
  if (call.draft.proxy_jump && !call.draft.proxy_jump->empty()) return;
  call.draft.proxy_command = word_or_none(call);
}

PrintedValues print_proxy_command(const ClientConfig& config) { return print_given(config.proxy_command_as_written); }

void read_proxy_jump(ClientCall& call) {
  const std::string& list = call.words[0];
  check_tokens(list, "hnpr", false);
  if (list.find('%') == std::string::npos) parse_jump_hosts(list);  // with tokens, when their values are known
  if (call.draft.proxy_command) return;
  call.draft.proxy_jump = word_or_none(call);
}

PrintedValues print_proxy_jump(const ClientConfig& config) { return print_given(config.proxy_jump); }

// --- Times and attempts ---------------------------------------------------------------------------------------------

template <std::uint32_t ClientConfig::*member>
void read_seconds_or_none(ClientCall& call) {
  const bool none = equal_ignoring_case(call.words[0], "none");
  const auto value = none ? 0 : parse_time(call.words[0]);
  if (!value) {
    throw ConfigError(fmt::format("bad time '{}': expected none, seconds or 1h30m", call.words[0]));
  }
  call.config.*member = *value;
}

PrintedValues print_connect_timeout(const ClientConfig& config) {
  const std::uint32_t timeout = config.connect_timeout_seconds;
  return {timeout == 0 ? "none" : std::to_string(timeout)};
}

void read_connection_attempts(ClientCall& call) {
  const auto attempts = number(call.words[0]);
  if (attempts == 0) throw ConfigError("bad value '0': expected at least 1");
  call.config.connection_attempts = attempts;
}

void read_ip_qos(ClientCall& call) { call.config.ip_qos = parse_ip_qos(call.words); }

PrintedValues print_ip_qos(const ClientConfig& config) { return {ip_qos_text(config.ip_qos)}; }

// --- The log -------------------------------------------------------------------------------------------------------

void read_log_level(ClientCall& call) {
  const auto level = parse_log_level(call.words[0]);
  if (!level) throw ConfigError(fmt::format("bad value '{}': expected QUIET to DEBUG3", call.words[0]));
  call.config.log_level = *level;
}

PrintedValues print_log_level(const ClientConfig& config) {
  return {std::string(openssh_level_name(config.log_level))};
}

using Config = ClientConfig;

constexpr ClientKeyword table[] = {
    {.name = "HostName", .value = {read_host_name, print_host_name}, .order = 20},
    {.name = "Port", .value = {read_port, print_port}, .order = 30},
    {.name = "AddressFamily", .value = choice<&Config::address_family, address_families>, .order = 40},
    {.name = "BindAddress", .value = text<&Config::bind_address>, .order = 400},
    {.name = "BindInterface", .value = text<&Config::bind_interface>, .order = 410},
    {.name = "ProxyCommand", .raw = true, .value = {read_proxy_command, print_proxy_command}, .order = 750},
    {.name = "ProxyJump", .value = {read_proxy_jump, print_proxy_jump}, .order = 760},
    {.name = "ConnectTimeout",
     .value = {read_seconds_or_none<&Config::connect_timeout_seconds>, print_connect_timeout},
     .order = 690},
    {.name = "ConnectionAttempts",
     .value = {read_connection_attempts, print_count<&Config::connection_attempts>},
     .order = 340},
    {.name = "ServerAliveInterval",
     .old_names = "ProtocolKeepAlives,SetupTimeOut",
     .value = {read_seconds_or_none<&Config::server_alive_interval_seconds>,
               print_count<&Config::server_alive_interval_seconds>},
     .order = 380},
    {.name = "ServerAliveCountMax", .value = count<&Config::server_alive_count_max>, .order = 370},
    {.name = "TCPKeepAlive", .old_names = "KeepAlive", .value = flag<&Config::tcp_keep_alive>, .order = 290},
    {.name = "IPQoS", .words = {1, 2}, .value = {read_ip_qos, print_ip_qos}, .order = 720},
    {.name = "LogLevel", .value = {read_log_level, print_log_level}, .order = 510},
    {.name = "Tag", .value = text<&Config::tag>, .order = 550},
    {.name = "IgnoreUnknown", .value = text<&Config::ignore_unknown>, .order = 460},
};

}  // namespace

std::span<const ClientKeyword> connection_client_keywords() { return table; }

const std::vector<const ClientKeyword*>& client_keywords() {
  static const auto rows = rows_in_order<ClientKeyword>({connection_client_keywords(), algorithm_client_keywords(),
                                                         host_key_client_keywords(), login_client_keywords(),
                                                         session_client_keywords(), forwarding_client_keywords(),
                                                         canonical_client_keywords(), unsupported_client_keywords()});
  return rows;
}

const ClientKeyword* find_client_keyword(std::string_view keyword) { return find_row(client_keywords(), keyword); }

std::string effective_config(const ClientConfig& config) {
  return fmt::format("host {}\n{}", config.original_host, printed_config(client_keywords(), config));
}

void check_tokens(std::string_view text, std::string_view letters, bool environment) {
  ConfigTokens tokens;
  for (const char letter : letters) tokens.emplace_back(letter, "");
  EnvironmentLookup any_variable;
  if (environment) any_variable = [](std::string_view) { return std::optional<std::string>(""); };
  expand_tokens(text, tokens, any_variable);
}

void check_path(const std::string& path) {
  check_tokens(path, path_tokens, true);
  expand_tilde(path, "");
}

std::string word_or_none(const ClientCall& call) {
  return equal_ignoring_case(call.words[0], "none") ? "" : call.words[0];
}

PrintedValues print_given(const std::string& text) { return text.empty() ? PrintedValues{} : PrintedValues{text}; }

PrintedValues print_given(const std::optional<std::string>& text) {
  return text ? PrintedValues{*text} : PrintedValues{};
}

}  // namespace glassh
