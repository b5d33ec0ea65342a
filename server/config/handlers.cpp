// The keywords that glasshd does: each reads its words into the configuration or says what is wrong with them.
#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "config/ip_qos.h"
#include "config/patterns.h"
#include "server/config/keywords.h"

namespace glassh {
namespace {

using Call = ServerKeyword::Call;

std::uint32_t number(const Call& call) {
  const auto value = parse_number(call.words[0], 0x7fffffff);
  if (!value) throw ConfigError(fmt::format("bad value '{}': expected a number", call.words[0]));
  return *value;
}

std::uint32_t seconds(const Call& call) {
  const auto value = parse_time(call.words[0]);
  if (!value) {
    throw ConfigError(fmt::format("bad time '{}': expected seconds or 1h30m", call.words[0]));
  }
  return *value;
}

RekeyLimit rekey_limit(const Call& call) {
  const RekeyLimit standard;
  const RekeyWords said = parse_rekey_limit(call.words, {standard.bytes, standard.time});
  return {said.bytes, said.time};
}

std::vector<std::string> algorithms(const Call& call, const AlgorithmSet& names) {
  return choose_algorithms(call.words[0], call.keyword, names, call.notes);
}

// --- Where it listens -----------------------------------------------------------------------------------------------

void handle_port(Call& call) {
  const auto port = parse_number(call.words[0], 65535);
  if (!port) throw ConfigError(fmt::format("bad port '{}': expected 0 to 65535", call.words[0]));
  call.target.ports.push_back(static_cast<std::uint16_t>(*port));
}

void handle_listen_address(Call& call) {
  const auto address = parse_host_port(call.words[0]);
  if (!address) {
    throw ConfigError(fmt::format("bad address '{}': expected host, host:port or [IPv6]:port", call.words[0]));
  }
  call.target.listen_addresses.push_back(*address);
}

void handle_address_family(Call& call) {
  const auto family = parse_address_family(call.words[0]);
  if (!family) {
    throw ConfigError(fmt::format("bad value '{}': expected any, inet or inet6", call.words[0]));
  }
  call.target.address_family = *family;
}

// --- Who gets in ----------------------------------------------------------------------------------------------------

void handle_authorized_keys_file(Call& call) {
  for (const auto& path : call.words) {
    const bool none = equal_ignoring_case(path, "none");
    if (none && call.words.size() > 1) throw ConfigError("'none' stands alone");
    expand_tokens(path, {{'h', ""}, {'u', ""}, {'U', ""}});
  }
  call.target.authorized_keys_files = call.words;
  if (equal_ignoring_case(call.words[0], "none")) call.target.authorized_keys_files.clear();
}

void handle_authentication_methods(Call& call) {
  try {
    call.target.authentication_methods = parse_authentication_methods(call.words);
  } catch (const std::runtime_error& error) {
    throw ConfigError(error.what());
  }
}

// A keyword of our own. The file is looked at when somebody logs in, and once at the start (check_authentication()).
void handle_password_file(Call& call) {
  const std::string& path = call.words[0];
  if (equal_ignoring_case(path, "none")) {
    call.target.password_file.clear();
    return;
  }
  if (!path.starts_with('/')) throw ConfigError(fmt::format("bad path '{}': expected an absolute one, or none", path));
  call.target.password_file = path;
}

// "delayed" is of when "yes" compressed before the login, too.
void handle_compression(Call& call) {
  const bool no = equal_ignoring_case(call.words[0], "no");
  if (!no && !equal_ignoring_case(call.words[0], "yes") && !equal_ignoring_case(call.words[0], "delayed")) {
    throw ConfigError(fmt::format("bad value '{}': expected yes, delayed or no", call.words[0]));
  }
  call.target.compression = !no;
}

// --- Sessions -------------------------------------------------------------------------------------------------------

void handle_accept_env(Call& call) {
  if (call.first) call.target.accept_env.clear();
  for (const auto& pattern : call.words) {
    if (pattern.find('=') != std::string::npos) {
      throw ConfigError(fmt::format("bad name '{}': expected a pattern without '='", pattern));
    }
    call.target.accept_env.push_back(pattern);
  }
}

// As one shell command again: words that were quoted are quoted.
std::string assemble_command(const std::vector<std::string>& words, std::size_t first) {
  std::string command;
  for (std::size_t i = first; i < words.size(); ++i) {
    const bool plain = words[i].find_first_of(" \t\"'\\") == std::string::npos;
    command += (i > first ? " " : "") + (plain ? words[i] : quote_config_word(words[i]));
  }
  return command;
}

void handle_subsystem(Call& call) {
  if (const auto* earlier = call.target.subsystem(call.words[0])) {
    call.notes.push_back({LogLevel::verbose, fmt::format("{} is '{}' already; the later line is ignored", earlier->name,
                                                         earlier->command)});
    return;
  }
  call.target.subsystems.push_back({call.words[0], assemble_command(call.words, 1)});
}

// --- The log --------------------------------------------------------------------------------------------------------

void handle_log_level(Call& call) {
  const auto level = parse_log_level(call.words[0]);
  if (!level) throw ConfigError(fmt::format("bad value '{}': expected QUIET to DEBUG3", call.words[0]));
  call.target.log_level = *level;
}

void handle_syslog_facility(Call& call) {
  static constexpr std::array<std::string_view, 12> names = {"DAEMON", "USER",   "AUTH",   "AUTHPRIV",
                                                             "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3",
                                                             "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7"};
  const auto name =
      std::find_if(names.begin(), names.end(), [&](auto known) { return equal_ignoring_case(known, call.words[0]); });
  if (name == names.end()) {
    throw ConfigError(fmt::format("bad value '{}': expected AUTH, DAEMON, USER or LOCAL0 to LOCAL7", call.words[0]));
  }
  call.target.syslog_facility = *name;
}

constexpr std::size_t many = ServerKeyword::many;

constexpr std::array table{
    ServerKeyword{"Port", 1, 1, true, handle_port},
    ServerKeyword{"ListenAddress", 1, 1, true, handle_listen_address},
    ServerKeyword{"AddressFamily", 1, 1, false, handle_address_family},
    ServerKeyword{"HostKey", 1, 1, true, [](Call& call) { call.target.host_keys.push_back(call.words[0]); }},
    ServerKeyword{"AuthorizedKeysFile", 1, many, false, handle_authorized_keys_file},
    ServerKeyword{"PubkeyAuthentication", 1, 1, false,
                  [](Call& call) { call.target.pubkey_authentication = yes_or_no(call); }},
    ServerKeyword{"PasswordAuthentication", 1, 1, false,
                  [](Call& call) { call.target.password_authentication = yes_or_no(call); }},
    ServerKeyword{"KbdInteractiveAuthentication", 1, 1, false,
                  [](Call& call) { call.target.kbd_interactive_authentication = yes_or_no(call); }},
    ServerKeyword{"PermitEmptyPasswords", 1, 1, false,
                  [](Call& call) { call.target.permit_empty_passwords = yes_or_no(call); }},
    ServerKeyword{"PasswordFile", 1, 1, false, handle_password_file},
    ServerKeyword{"AuthenticationMethods", 1, many, false, handle_authentication_methods},
    ServerKeyword{"Ciphers", 1, 1, false,
                  [](Call& call) { call.target.ciphers = algorithms(call, call.supported.ciphers); }},
    ServerKeyword{"MACs", 1, 1, false, [](Call& call) { call.target.macs = algorithms(call, call.supported.macs); }},
    ServerKeyword{"KexAlgorithms", 1, 1, false,
                  [](Call& call) { call.target.kex_algorithms = algorithms(call, call.supported.kex); }},
    ServerKeyword{"HostKeyAlgorithms", 1, 1, false,
                  [](Call& call) { call.target.host_key_algorithms = algorithms(call, call.supported.signatures); }},
    ServerKeyword{
        "PubkeyAcceptedAlgorithms", 1, 1, false,
        [](Call& call) { call.target.pubkey_accepted_algorithms = algorithms(call, call.supported.signatures); }},
    ServerKeyword{"RequiredRSASize", 1, 1, false, [](Call& call) { call.target.required_rsa_size = number(call); }},
    ServerKeyword{"Compression", 1, 1, false, handle_compression},
    ServerKeyword{"RekeyLimit", 1, 2, false, [](Call& call) { call.target.rekey_limit = rekey_limit(call); }},
    ServerKeyword{"LoginGraceTime", 1, 1, false, [](Call& call) { call.target.login_grace_seconds = seconds(call); }},
    ServerKeyword{"MaxAuthTries", 1, 1, false, [](Call& call) { call.target.max_auth_tries = number(call); }},
    ServerKeyword{"MaxSessions", 1, 1, false, [](Call& call) { call.target.max_sessions = number(call); }},
    ServerKeyword{"AcceptEnv", 1, many, true, handle_accept_env},
    ServerKeyword{"LogLevel", 1, 1, false, handle_log_level},
    ServerKeyword{"SyslogFacility", 1, 1, false, handle_syslog_facility},
    ServerKeyword{
        "PidFile", 1, 1, false,
        [](Call& call) { call.target.pid_file = equal_ignoring_case(call.words[0], "none") ? "" : call.words[0]; }},
    ServerKeyword{"ModuliFile", 1, 1, false, [](Call& call) { call.target.moduli_file = call.words[0]; }},
    ServerKeyword{"StrictModes", 1, 1, false, [](Call& call) { call.target.strict_modes = yes_or_no(call); }},
    ServerKeyword{"Subsystem", 2, many, true, handle_subsystem},
    ServerKeyword{"ClientAliveInterval", 1, 1, false,
                  [](Call& call) { call.target.client_alive_interval_seconds = seconds(call); }},
    ServerKeyword{"ClientAliveCountMax", 1, 1, false,
                  [](Call& call) { call.target.client_alive_count_max = number(call); }},
    ServerKeyword{"TCPKeepAlive", 1, 1, false, [](Call& call) { call.target.tcp_keep_alive = yes_or_no(call); }},
    ServerKeyword{"IPQoS", 1, 2, false, [](Call& call) { call.target.ip_qos = parse_ip_qos(call.words); }},
};

const ServerKeyword* find_in(std::span<const ServerKeyword> keywords, std::string_view name) {
  const auto found = std::find_if(keywords.begin(), keywords.end(),
                                  [name](const ServerKeyword& entry) { return equal_ignoring_case(entry.name, name); });
  return found == keywords.end() ? nullptr : &*found;
}

}  // namespace

bool yes_or_no(const Call& call) {
  const auto value = parse_yes_no(call.words[0]);
  if (!value) throw ConfigError(fmt::format("bad value '{}': expected yes or no", call.words[0]));
  return *value;
}

const ServerKeyword* find_server_keyword(std::string_view keyword) {
  if (equal_ignoring_case(keyword, "PubkeyAcceptedKeyTypes")) keyword = "PubkeyAcceptedAlgorithms";
  if (equal_ignoring_case(keyword, "DSAAuthentication")) keyword = "PubkeyAuthentication";
  if (equal_ignoring_case(keyword, "HostDSAKey")) keyword = "HostKey";
  if (equal_ignoring_case(keyword, "KeepAlive")) keyword = "TCPKeepAlive";
  if (equal_ignoring_case(keyword, "ChallengeResponseAuthentication")) keyword = "KbdInteractiveAuthentication";
  if (equal_ignoring_case(keyword, "SkeyAuthentication")) keyword = "KbdInteractiveAuthentication";
  for (const std::span<const ServerKeyword> each : {std::span<const ServerKeyword>(table), access_keywords(),
                                                    limit_keywords(), forwarding_keywords(), x11_keywords()}) {
    if (const ServerKeyword* const found = find_in(each, keyword)) return found;
  }
  return nullptr;
}

}  // namespace glassh
