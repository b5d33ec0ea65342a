// glasshd -T, in sshd -T's order and spelling.
#include <iterator>

#include <fmt/format.h>

#include "config/ip_qos.h"
#include "server/config/server_config.h"

namespace glassh {
namespace {

// As sshd prints it.
std::string_view root_login_name(RootLogin value) {
  switch (value) {
    case RootLogin::no:
      return "no";
    case RootLogin::yes:
      return "yes";
    case RootLogin::prohibit_password:
      return "without-password";
    case RootLogin::forced_commands_only:
      return "forced-commands-only";
  }
  return "";
}

std::string_view allow_forwarding_name(AllowForwarding value) {
  switch (value) {
    case AllowForwarding::no:
      return "no";
    case AllowForwarding::yes:
      return "yes";
    case AllowForwarding::local:
      return "local";
    case AllowForwarding::remote:
      return "remote";
  }
  return "";
}

std::string_view gateway_ports_name(GatewayPorts value) {
  switch (value) {
    case GatewayPorts::no:
      return "no";
    case GatewayPorts::yes:
      return "yes";
    case GatewayPorts::client_specified:
      return "clientspecified";
  }
  return "";
}

std::string endpoints_text(const std::vector<PermittedEndpoint>& endpoints, bool any) {
  if (any) return "any";
  if (endpoints.empty()) return "none";
  std::string text;
  for (const PermittedEndpoint& endpoint : endpoints) {
    const bool is_v6 = endpoint.host.find(':') != std::string::npos;
    const std::string port = endpoint.port ? std::to_string(*endpoint.port) : "*";
    text +=
        fmt::format("{}{}{}{}:{}", text.empty() ? "" : " ", is_v6 ? "[" : "", endpoint.host, is_v6 ? "]" : "", port);
  }
  return text;
}

std::string timeouts_text(const std::vector<ChannelTimeout>& timeouts) {
  std::string text;
  for (const ChannelTimeout& timeout : timeouts) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", timeout.type, timeout.written);
  }
  return text;
}

std::string seconds_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds);
  return seconds == static_cast<double>(whole) ? std::to_string(whole) : fmt::format("{}", seconds);
}

std::string penalties_text(const SourcePenalties& penalties) {
  if (!penalties.enabled) return "no";
  const auto mode = [](SourcePenalties::Overflow overflow) {
    return overflow == SourcePenalties::Overflow::deny_all ? "deny-all" : "permissive";
  };
  return fmt::format(
      "crash:{} authfail:{} noauth:{} invaliduser:{} grace-exceeded:{} refuseconnection:{} max:{} min:{} "
      "max-sources4:{} max-sources6:{} overflow:{} overflow6:{}",
      seconds_text(penalties.crash), seconds_text(penalties.auth_fail), seconds_text(penalties.no_auth),
      seconds_text(penalties.invalid_user), seconds_text(penalties.grace_exceeded),
      seconds_text(penalties.refuse_connection), seconds_text(penalties.max), seconds_text(penalties.min),
      penalties.max_sources4, penalties.max_sources6, mode(penalties.overflow), mode(penalties.overflow6));
}

}  // namespace

std::string effective_config(const ServerConfig& config) {
  std::string text;
  const auto add = [&text](std::string_view keyword, const auto& value) {
    fmt::format_to(std::back_inserter(text), "{} {}\n", keyword, value);
  };
  const auto yes_no = [](bool value) { return value ? "yes" : "no"; };
  const auto or_none = [](const std::string& value) { return value.empty() ? std::string("none") : value; };

  for (const auto port : config.ports) add("port", port);
  add("addressfamily", address_family_name(config.address_family));
  for (const auto& endpoint : config.endpoints()) add("listenaddress", format_host_port(endpoint.host, endpoint.port));
  add("logingracetime", config.login_grace_seconds);
  add("x11displayoffset", config.x11_display_offset);
  add("maxauthtries", config.max_auth_tries);
  add("maxsessions", config.max_sessions);
  add("clientaliveinterval", config.client_alive_interval_seconds);
  add("clientalivecountmax", config.client_alive_count_max);
  add("requiredrsasize", config.required_rsa_size);
  add("streamlocalbindmask", fmt::format("0{:o}", config.stream_local_bind_mask));
  const std::uint32_t unused = config.unused_connection_timeout_seconds;
  add("unusedconnectiontimeout", unused == 0 ? "none" : std::to_string(unused));
  add("permitrootlogin", root_login_name(config.permit_root_login));
  add("pubkeyauthentication", yes_no(config.pubkey_authentication));
  add("passwordauthentication", yes_no(config.password_authentication));
  add("kbdinteractiveauthentication", yes_no(config.kbd_interactive_authentication));
  add("printmotd", yes_no(config.print_motd));
  add("printlastlog", yes_no(config.print_last_log));
  add("x11forwarding", yes_no(config.x11_forwarding));
  add("x11uselocalhost", yes_no(config.x11_use_localhost));
  add("permittty", yes_no(config.permit_tty));
  add("permituserrc", yes_no(config.permit_user_rc));
  add("strictmodes", yes_no(config.strict_modes));
  add("tcpkeepalive", yes_no(config.tcp_keep_alive));
  add("permitemptypasswords", yes_no(config.permit_empty_passwords));
  add("compression", yes_no(config.compression));
  add("gatewayports", gateway_ports_name(config.gateway_ports));
  add("allowtcpforwarding", allow_forwarding_name(config.allow_tcp_forwarding));
  add("allowagentforwarding", yes_no(config.allow_agent_forwarding));
  add("disableforwarding", yes_no(config.disable_forwarding));
  add("allowstreamlocalforwarding", allow_forwarding_name(config.allow_stream_local_forwarding));
  add("streamlocalbindunlink", yes_no(config.stream_local_bind_unlink));
  add("exposeauthinfo", yes_no(config.expose_auth_info));
  add("pidfile", or_none(config.pid_file));
  add("modulifile", config.moduli_file);
  add("xauthlocation", or_none(config.xauth_location));
  add("ciphers", join_names(config.ciphers));
  add("macs", join_names(config.macs));
  add("banner", or_none(config.banner));
  add("forcecommand", or_none(config.force_command));
  add("versionaddendum", or_none(config.version_addendum));
  add("authorizedkeyscommand", or_none(config.authorized_keys_command));
  add("authorizedkeyscommanduser", or_none(config.authorized_keys_command_user));
  add("kexalgorithms", join_names(config.kex_algorithms));
  add("hostkeyalgorithms", join_names(config.host_key_algorithms));
  add("pubkeyacceptedalgorithms", join_names(config.pubkey_accepted_algorithms));
  add("persourcepenaltyexemptlist", or_none(config.per_source_penalty_exempt_list));
  add("loglevel", openssh_level_name(config.log_level));
  add("syslogfacility", config.syslog_facility);
  add("authorizedkeysfile", or_none(fmt::format("{}", fmt::join(config.authorized_keys_files, " "))));
  for (const auto& path : config.host_keys) add("hostkey", path);
  for (const auto& pattern : config.allow_users) add("allowusers", pattern);
  for (const auto& pattern : config.deny_users) add("denyusers", pattern);
  for (const auto& pattern : config.allow_groups) add("allowgroups", pattern);
  for (const auto& pattern : config.deny_groups) add("denygroups", pattern);
  for (const auto& pattern : config.accept_env) add("acceptenv", pattern);
  for (const auto& [name, value] : config.set_env) add("setenv", name + "=" + value);
  std::string methods;
  for (const auto& list : config.authentication_methods) methods += (methods.empty() ? "" : " ") + join_names(list);
  add("authenticationmethods", methods.empty() ? "any" : methods);
  add("passwordfile", or_none(config.password_file));
  if (!config.channel_timeouts.empty()) add("channeltimeout", timeouts_text(config.channel_timeouts));
  for (const auto& subsystem : config.subsystems) {
    add("subsystem", fmt::format("{} {}", subsystem.name, subsystem.command));
  }
  const auto& startups = config.max_startups;
  add("maxstartups", fmt::format("{}:{}:{}", startups.start, startups.rate, startups.full));
  const auto& per_source = config.per_source_max_startups;
  add("persourcemaxstartups", per_source ? std::to_string(*per_source) : "none");
  const auto& block = config.per_source_net_block_size;
  add("persourcenetblocksize", fmt::format("{}:{}", block.ipv4_bits, block.ipv6_bits));
  add("ipqos", ip_qos_text(config.ip_qos));
  add("rekeylimit", fmt::format("{} {}", config.rekey_limit.bytes, config.rekey_limit.time.count()));
  add("permitopen", endpoints_text(config.permit_open, config.permit_open_any));
  add("permitlisten", endpoints_text(config.permit_listen, config.permit_listen_any));
  add("permituserenvironment", config.permit_user_environment);
  add("persourcepenalties", penalties_text(config.per_source_penalties));
  return text;
}

}  // namespace glassh
