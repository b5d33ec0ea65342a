// The keywords that glassh does: each reads its words into the draft or says what is wrong with them.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/config/keywords.h"
#include "client/config/values.h"
#include "config/ip_qos.h"
#include "config/patterns.h"

namespace glassh {
namespace {

using Call = ClientKeyword::Call;

std::uint32_t seconds_or_none(const Call& call) {
  if (equal_ignoring_case(call.words[0], "none")) return 0;
  const auto value = parse_time(call.words[0]);
  if (!value) {
    throw ConfigError(fmt::format("bad time '{}': expected none, seconds or 1h30m", call.words[0]));
  }
  return *value;
}

std::vector<std::string> algorithms(const Call& call, const AlgorithmSet& names) {
  return choose_algorithms(call.words[0], call.keyword, names, call.notes);
}

// --- The way to the server ------------------------------------------------------------------------------------------

RekeyLimit rekey_limit(const Call& call) {
  const RekeyLimit standard;
  const RekeyWords said = parse_rekey_limit(call.words, {standard.bytes, standard.time});
  return {said.bytes, said.time};
}

void handle_host_name(Call& call) {
  check_tokens(call.words[0], "h", false);
  call.target.host_name = call.words[0];
}

void handle_port(Call& call) {
  const auto port = parse_number(call.words[0], 65535);
  if (!port || *port == 0) {
    throw ConfigError(fmt::format("bad port '{}': expected 1 to 65535", call.words[0]));
  }
  call.target.config.port = static_cast<std::uint16_t>(*port);
}

void handle_address_family(Call& call) {
  constexpr std::array<std::pair<std::string_view, AddressFamily>, 3> values = {
      {{"any", AddressFamily::any}, {"inet", AddressFamily::inet}, {"inet6", AddressFamily::inet6}}};
  call.target.config.address_family = one_of(call, values, "any, inet or inet6");
}

void handle_connection_attempts(Call& call) {
  const auto attempts = number(call);
  if (attempts == 0) throw ConfigError("bad value '0': expected at least 1");
  call.target.config.connection_attempts = attempts;
}

// --- Who is who -----------------------------------------------------------------------------------------------------

std::vector<std::string> known_hosts_files(Call& call) {
  for (const auto& path : call.words) {
    check_path(path);
    if (equal_ignoring_case(path, "none") && call.words.size() > 1) {
      throw ConfigError("'none' stands alone");
    }
  }
  return equal_ignoring_case(call.words[0], "none") ? std::vector<std::string>() : call.words;
}

void handle_strict_host_key_checking(Call& call) {
  constexpr std::array<std::pair<std::string_view, StrictHostKeyChecking>, 7> values = {
      {{"yes", StrictHostKeyChecking::yes},
       {"true", StrictHostKeyChecking::yes},
       {"no", StrictHostKeyChecking::no},
       {"false", StrictHostKeyChecking::no},
       {"off", StrictHostKeyChecking::no},
       {"ask", StrictHostKeyChecking::ask},
       {"accept-new", StrictHostKeyChecking::accept_new}}};
  call.target.config.strict_host_key_checking = one_of(call, values, "yes, no, ask or accept-new");
}

void handle_update_host_keys(Call& call) {
  constexpr std::array<std::pair<std::string_view, UpdateHostKeys>, 5> values = {{{"yes", UpdateHostKeys::yes},
                                                                                  {"true", UpdateHostKeys::yes},
                                                                                  {"no", UpdateHostKeys::no},
                                                                                  {"false", UpdateHostKeys::no},
                                                                                  {"ask", UpdateHostKeys::ask}}};
  call.target.config.update_host_keys = one_of(call, values, "yes, no or ask");
}

void handle_fingerprint_hash(Call& call) {
  constexpr std::array<std::pair<std::string_view, HashName>, 2> values = {
      {{"sha256", HashName::sha256}, {"md5", HashName::md5}}};
  call.target.config.fingerprint_hash = one_of(call, values, "sha256 or md5");
}

void handle_host_key_algorithms(Call& call) {
  call.target.config.host_key_algorithms = algorithms(call, call.supported.signatures);
  // "+" and "-" change what there is to choose from, but state no preference.
  call.target.config.host_key_algorithms_given = call.words[0].front() != '+' && call.words[0].front() != '-';
}

// Unlike other keywords, this one knows neither true nor false in OpenSSH.
void handle_compression(Call& call) {
  constexpr std::array<std::pair<std::string_view, bool>, 2> values = {{{"yes", true}, {"no", false}}};
  call.target.config.compression = one_of(call, values, "yes or no");
}

// --- Sessions -------------------------------------------------------------------------------------------------------

void handle_send_env(Call& call) {
  auto& patterns = call.target.config.send_env;
  for (const auto& word : call.words) {
    if (word.find('=') != std::string::npos) {
      throw ConfigError(fmt::format("bad name '{}': expected a pattern without '='", word));
    }
    if (word.front() != '-') {
      patterns.push_back(word);
      continue;
    }
    const auto unwanted = std::string_view(word).substr(1);
    patterns.erase(std::remove_if(patterns.begin(), patterns.end(),
                                  [unwanted](const std::string& pattern) { return match_pattern(pattern, unwanted); }),
                   patterns.end());
  }
}

void handle_set_env(Call& call) {
  auto& variables = call.target.config.set_env;
  for (const auto& word : call.words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError(fmt::format("bad value '{}': expected NAME=VALUE", word));
    }
    // As everywhere, the first value counts: a server would take the last one that is sent.
    const std::string name = word.substr(0, equals);
    const auto same = [&name](const auto& variable) { return variable.first == name; };
    if (std::any_of(variables.begin(), variables.end(), same)) continue;
    variables.emplace_back(name, word.substr(equals + 1));
  }
}

void handle_log_level(Call& call) {
  const auto level = parse_log_level(call.words[0]);
  if (!level) throw ConfigError(fmt::format("bad value '{}': expected QUIET to DEBUG3", call.words[0]));
  call.target.config.log_level = *level;
}

constexpr std::size_t many = ClientKeyword::many;

constexpr std::array table{
    ClientKeyword{"HostName", 1, 1, false, handle_host_name},
    ClientKeyword{"User", 1, 1, false, [](Call& call) { call.target.config.user = call.words[0]; }},
    ClientKeyword{"Port", 1, 1, false, handle_port},
    ClientKeyword{"AddressFamily", 1, 1, false, handle_address_family},
    ClientKeyword{"ConnectTimeout", 1, 1, false,
                  [](Call& call) { call.target.config.connect_timeout_seconds = seconds_or_none(call); }},
    ClientKeyword{"ConnectionAttempts", 1, 1, false, handle_connection_attempts},
    ClientKeyword{"ServerAliveInterval", 1, 1, false,
                  [](Call& call) { call.target.config.server_alive_interval_seconds = seconds_or_none(call); }},
    ClientKeyword{"ServerAliveCountMax", 1, 1, false,
                  [](Call& call) { call.target.config.server_alive_count_max = number(call); }},
    ClientKeyword{"TCPKeepAlive", 1, 1, false, [](Call& call) { call.target.config.tcp_keep_alive = yes_no(call); }},
    ClientKeyword{"IPQoS", 1, 2, false, [](Call& call) { call.target.config.ip_qos = parse_ip_qos(call.words); }},
    ClientKeyword{"UserKnownHostsFile", 1, many, false,
                  [](Call& call) { call.target.user_known_hosts_files = known_hosts_files(call); }},
    ClientKeyword{"GlobalKnownHostsFile", 1, many, false,
                  [](Call& call) { call.target.global_known_hosts_files = known_hosts_files(call); }},
    ClientKeyword{"HostKeyAlias", 1, 1, false,
                  [](Call& call) { call.target.config.host_key_alias = lower_case(call.words[0]); }},
    ClientKeyword{"StrictHostKeyChecking", 1, 1, false, handle_strict_host_key_checking},
    ClientKeyword{"HashKnownHosts", 1, 1, false,
                  [](Call& call) { call.target.config.hash_known_hosts = yes_no(call); }},
    ClientKeyword{"CheckHostIP", 1, 1, false, [](Call& call) { call.target.config.check_host_ip = yes_no(call); }},
    ClientKeyword{"UpdateHostKeys", 1, 1, false, handle_update_host_keys},
    ClientKeyword{"RequiredRSASize", 1, 1, false,
                  [](Call& call) { call.target.config.required_rsa_size = number(call); }},
    ClientKeyword{"VisualHostKey", 1, 1, false, [](Call& call) { call.target.config.visual_host_key = yes_no(call); }},
    ClientKeyword{"FingerprintHash", 1, 1, false, handle_fingerprint_hash},
    ClientKeyword{"NoHostAuthenticationForLocalhost", 1, 1, false,
                  [](Call& call) { call.target.config.no_host_authentication_for_localhost = yes_no(call); }},
    ClientKeyword{"Ciphers", 1, 1, false,
                  [](Call& call) { call.target.config.ciphers = algorithms(call, call.supported.ciphers); }},
    ClientKeyword{"MACs", 1, 1, false,
                  [](Call& call) { call.target.config.macs = algorithms(call, call.supported.macs); }},
    ClientKeyword{"KexAlgorithms", 1, 1, false,
                  [](Call& call) { call.target.config.kex_algorithms = algorithms(call, call.supported.kex); }},
    ClientKeyword{"HostKeyAlgorithms", 1, 1, false, handle_host_key_algorithms},
    ClientKeyword{"PubkeyAcceptedAlgorithms", 1, 1, false,
                  [](Call& call) {
                    call.target.config.pubkey_accepted_algorithms = algorithms(call, call.supported.signatures);
                  }},
    ClientKeyword{"Compression", 1, 1, false, handle_compression},
    ClientKeyword{"RekeyLimit", 1, 2, false, [](Call& call) { call.target.config.rekey_limit = rekey_limit(call); }},
    ClientKeyword{"SendEnv", 1, many, true, handle_send_env},
    ClientKeyword{"SetEnv", 1, many, false, handle_set_env},
    ClientKeyword{"LogLevel", 1, 1, false, handle_log_level},
    ClientKeyword{"IgnoreUnknown", 1, 1, false, [](Call& call) { call.target.config.ignore_unknown = call.words[0]; }},
};

// Spellings of old, and Debian's own.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> aliases = {
    {{"PubkeyAcceptedKeyTypes", "PubkeyAcceptedAlgorithms"},
     {"ChallengeResponseAuthentication", "KbdInteractiveAuthentication"},
     {"SkeyAuthentication", "KbdInteractiveAuthentication"},
     {"TISAuthentication", "KbdInteractiveAuthentication"},
     {"DSAAuthentication", "PubkeyAuthentication"},
     {"IdentityFile2", "IdentityFile"},
     {"ProtocolKeepAlives", "ServerAliveInterval"},
     {"SetupTimeOut", "ServerAliveInterval"},
     {"KeepAlive", "TCPKeepAlive"}}};

}  // namespace

const ClientKeyword* find_client_keyword(std::string_view keyword) {
  for (const auto& [old_name, name] : aliases) {
    if (equal_ignoring_case(keyword, old_name)) keyword = name;
  }
  for (const std::span<const ClientKeyword> each :
       {std::span<const ClientKeyword>(table), login_client_keywords(), way_client_keywords(),
        session_client_keywords(), canonical_client_keywords(), x11_client_keywords(), forwarding_client_keywords()}) {
    const auto found = std::find_if(each.begin(), each.end(), [keyword](const ClientKeyword& entry) {
      return equal_ignoring_case(entry.name, keyword);
    });
    if (found != each.end()) return &*found;
  }
  return nullptr;
}

}  // namespace glassh
