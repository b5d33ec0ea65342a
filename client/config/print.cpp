// glassh -G, in ssh -G's order and spelling.
#include <iterator>

#include <fmt/format.h>

#include "client/config/client_config.h"
#include "client/config/forward_spec.h"
#include "config/ip_qos.h"

namespace glassh {
namespace {

std::string_view name_of(StrictHostKeyChecking value) {
  switch (value) {
    case StrictHostKeyChecking::no:
      return "false";
    case StrictHostKeyChecking::accept_new:
      return "accept-new";
    case StrictHostKeyChecking::ask:
      return "ask";
    case StrictHostKeyChecking::yes:
      return "true";
  }
  return "?";
}

std::string_view name_of(UpdateHostKeys value) {
  switch (value) {
    case UpdateHostKeys::no:
      return "false";
    case UpdateHostKeys::yes:
      return "true";
    case UpdateHostKeys::ask:
      return "ask";
  }
  return "?";
}

std::string_view name_of(PubkeyAuthentication value) {
  switch (value) {
    case PubkeyAuthentication::no:
      return "false";
    case PubkeyAuthentication::yes:
      return "true";
    case PubkeyAuthentication::unbound:
      return "unbound";
    case PubkeyAuthentication::host_bound:
      return "host-bound";
  }
  return "?";
}

std::string words_of(const AddKeysToAgent& wish) {
  using When = AddKeysToAgent::When;
  if (wish.lifetime_seconds > 0) {
    return fmt::format("{}{}", wish.when == When::confirm ? "confirm " : "", wish.lifetime_seconds);
  }
  return wish.when == When::no ? "false" : wish.when == When::yes ? "true" : wish.when == When::ask ? "ask" : "confirm";
}

std::string_view name_of(CanonicalRules::When value) {
  switch (value) {
    case CanonicalRules::When::no:
      return "false";
    case CanonicalRules::When::yes:
      return "true";
    case CanonicalRules::When::always:
      return "always";
  }
  return "?";
}

std::string words_of(const std::vector<std::pair<std::string, std::string>>& permitted_cnames) {
  if (permitted_cnames.empty()) return "none";
  std::string text;
  for (const auto& [from, to] : permitted_cnames) text += fmt::format("{}{}:{}", text.empty() ? "" : " ", from, to);
  return text;
}

std::string_view name_of(RequestTty value) {
  switch (value) {
    case RequestTty::automatic:
      return "auto";
    case RequestTty::no:
      return "false";
    case RequestTty::yes:
      return "true";
    case RequestTty::force:
      return "force";
  }
  return "?";
}

std::string_view name_of(SessionType value) {
  switch (value) {
    case SessionType::standard:
      return "default";
    case SessionType::none:
      return "none";
    case SessionType::subsystem:
      return "subsystem";
  }
  return "?";
}

// As vis(3) shows it.
std::string escape_char_text(std::optional<char> character) {
  if (!character) return "none";
  const auto byte = static_cast<std::uint8_t>(*character);
  if (byte < 0x20 || byte == 0x7f) return fmt::format("\\^{}", static_cast<char>(byte ^ 0x40));
  if (byte == ' ') return "\\040";
  if (byte >= 0x80) {
    const auto low = static_cast<char>(byte & 0x7f);
    const bool control = low < 0x20 || low == 0x7f;
    return control ? fmt::format("\\M^{}", static_cast<char>(low ^ 0x40)) : fmt::format("\\M-{}", low);
  }
  return byte == '\\' ? "\\\\" : std::string(1, *character);
}

}  // namespace

std::string effective_config(const ClientConfig& config) {
  std::string text;
  const auto add = [&text](std::string_view keyword, const auto& value) {
    fmt::format_to(std::back_inserter(text), "{} {}\n", keyword, value);
  };
  const auto add_files = [&add](std::string_view keyword, const std::vector<std::string>& files) {
    add(keyword, files.empty() ? "none" : fmt::format("{}", fmt::join(files, " ")));
  };
  const auto yes_no = [](bool value) { return value ? "yes" : "no"; };

  add("host", config.original_host);
  add("user", config.user);
  add("hostname", config.host_name);
  add("port", config.port);
  add("addressfamily", address_family_name(config.address_family));
  add("batchmode", yes_no(config.batch_mode));
  add("canonicalizefallbacklocal", yes_no(config.canonical.fallback_local));
  add("canonicalizehostname", name_of(config.canonical.when));
  add("checkhostip", yes_no(config.check_host_ip));
  add("compression", yes_no(config.compression));
  add("clearallforwardings", yes_no(config.clear_all_forwardings));
  add("exitonforwardfailure", yes_no(config.exit_on_forward_failure));
  add("fingerprinthash", config.fingerprint_hash == HashName::md5 ? "MD5" : "SHA256");
  add("forwardx11", yes_no(config.forward_x11));
  add("forwardx11trusted", yes_no(config.forward_x11_trusted));
  add("gatewayports", yes_no(config.gateway_ports));
  add("hashknownhosts", yes_no(config.hash_known_hosts));
  add("identitiesonly", yes_no(config.identities_only));
  add("kbdinteractiveauthentication", yes_no(config.kbd_interactive_authentication));
  add("nohostauthenticationforlocalhost", yes_no(config.no_host_authentication_for_localhost));
  add("passwordauthentication", yes_no(config.password_authentication));
  add("permitlocalcommand", yes_no(config.permit_local_command));
  add("pubkeyauthentication", name_of(config.pubkey_authentication));
  add("requesttty", name_of(config.request_tty));
  add("sessiontype", name_of(config.session_type));
  add("stdinnull", yes_no(config.stdin_null));
  add("forkafterauthentication", yes_no(config.fork_after_authentication));
  add("streamlocalbindunlink", yes_no(config.stream_local_bind_unlink));
  add("stricthostkeychecking", name_of(config.strict_host_key_checking));
  add("tcpkeepalive", yes_no(config.tcp_keep_alive));
  add("visualhostkey", yes_no(config.visual_host_key));
  add("updatehostkeys", name_of(config.update_host_keys));
  add("enableescapecommandline", yes_no(config.enable_escape_commandline));
  add("canonicalizemaxdots", config.canonical.max_dots);
  add("connectionattempts", config.connection_attempts);
  add("forwardx11timeout", config.forward_x11_timeout_seconds);
  add("numberofpasswordprompts", config.number_of_password_prompts);
  add("serveralivecountmax", config.server_alive_count_max);
  add("serveraliveinterval", config.server_alive_interval_seconds);
  add("requiredrsasize", config.required_rsa_size);
  if (!config.bind_address.empty()) add("bindaddress", config.bind_address);
  if (!config.bind_interface.empty()) add("bindinterface", config.bind_interface);
  add("ciphers", join_names(config.ciphers));
  add("hostkeyalgorithms", join_names(config.host_key_algorithms));
  if (config.host_key_alias) add("hostkeyalias", *config.host_key_alias);
  if (config.identity_agent_as_written) add("identityagent", *config.identity_agent_as_written);
  if (!config.ignore_unknown.empty()) add("ignoreunknown", config.ignore_unknown);
  if (!config.kbd_interactive_devices.empty()) add("kbdinteractivedevices", config.kbd_interactive_devices);
  add("kexalgorithms", join_names(config.kex_algorithms));
  if (config.local_command_as_written) add("localcommand", *config.local_command_as_written);
  if (config.remote_command) add("remotecommand", *config.remote_command);
  add("loglevel", openssh_level_name(config.log_level));
  add("macs", join_names(config.macs));
  if (config.preferred_authentications_given) {
    add("preferredauthentications", join_names(config.preferred_authentications));
  }
  add("pubkeyacceptedalgorithms", join_names(config.pubkey_accepted_algorithms));
  if (!config.tag.empty()) add("tag", config.tag);
  add("xauthlocation", config.xauth_location);
  for (const Forward::Kind kind : {Forward::Kind::dynamic, Forward::Kind::local, Forward::Kind::remote}) {
    for (const Forward& forward : config.forwards) {
      if (forward.kind == kind) text += config_line_of(forward) + "\n";
    }
  }
  for (const auto& file : config.identity_files_as_written) add("identityfile", file);
  add_files("canonicaldomains", config.canonical.domains);
  add_files("globalknownhostsfile", config.global_known_hosts_files);
  add_files("userknownhostsfile", config.user_known_hosts_files);
  for (const auto& pattern : config.send_env) add("sendenv", pattern);
  for (const auto& [name, value] : config.set_env) add("setenv", fmt::format("{}={}", name, value));
  const auto& permitted = config.permit_remote_open;
  add("permitremoteopen", permitted.empty() ? "any" : fmt::format("{}", fmt::join(permitted, " ")));
  add("addkeystoagent", words_of(config.add_keys_to_agent));
  add("forwardagent", config.forward_agent_as_written);
  if (config.connect_timeout_seconds == 0) {
    add("connecttimeout", "none");
  } else {
    add("connecttimeout", config.connect_timeout_seconds);
  }
  add("canonicalizePermittedcnames", words_of(config.canonical.permitted_cnames));  // so ssh -G spells it
  add("escapechar", escape_char_text(config.escape_char));
  add("ipqos", ip_qos_text(config.ip_qos));
  add("rekeylimit", fmt::format("{} {}", config.rekey_limit.bytes, config.rekey_limit.time.count()));
  add("streamlocalbindmask", fmt::format("0{:o}", config.stream_local_bind_mask));
  if (config.proxy_command_as_written) add("proxycommand", *config.proxy_command_as_written);
  if (config.proxy_jump) add("proxyjump", *config.proxy_jump);
  return text;
}

}  // namespace glassh
