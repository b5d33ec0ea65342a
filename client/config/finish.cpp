// What the lines said, made into a configuration: defaults filled in, tokens and variables expanded, agents found.
#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "client/config/client_config.h"
#include "client/config/forward_spec.h"
#include "client/config/jump.h"
#include "client/config/keywords.h"
#include "config/patterns.h"
#include "proto/bytes.h"

namespace glassh {
namespace {

// ssh_config(5), TOKENS: %C is a name for the connection, short enough for a socket's path.
std::string connection_hash(const std::string& local_host, const std::string& host, const std::string& port,
                            const std::string& user, const std::string& jump) {
  Hash hash(HashName::sha1);
  for (const std::string& part : {local_host, host, port, user, jump}) hash.raw(bytes_of(part));
  return hex(hash.finish().bytes());
}

}  // namespace

std::string ClientConfigReader::host_so_far() const {
  if (final_host_) return *final_host_;
  if (!draft_.host_name) return lower_case(context_.host);
  return lower_case(expand_tokens(*draft_.host_name, {{'h', context_.host}}));
}

bool ClientConfigReader::is_proxied() const {
  const auto is_set = [](const std::optional<std::string>& value) { return value && !value->empty(); };
  return is_set(draft_.proxy_command) || is_set(draft_.proxy_jump);
}

bool ClientConfigReader::wants_final_pass() const {
  return wants_final_pass_ || draft_.config.canonical.when != CanonicalRules::When::no;
}

void ClientConfigReader::begin_final_pass() {
  std::string host = host_so_far();
  if (draft_.config.canonical.asked_for(is_proxied()) && context_.canonical_name) {
    const std::string found = lower_case(canonical_host(host, draft_.config.canonical, context_.canonical_name));
    if (found != host)
      notes_.push_back({LogLevel::debug1, fmt::format("Canonicalized hostname {} to {}", host, found)});
    host = found;
  }
  final_host_ = host;
}

// As far as the lines that were read say it: Match exec asks in the middle.
ConfigTokens ClientConfigReader::tokens() const {
  const ClientConfig& config = draft_.config;
  const auto& local = context_.local_host_name;
  const std::string host = host_so_far();
  const std::string port = std::to_string(config.port);
  const std::string user = config.user.empty() ? context_.local_user : config.user;
  const std::string jump = draft_.proxy_jump.value_or("");
  return {{'C', connection_hash(local, host, port, user, jump)},
          {'d', context_.home},
          {'h', host},
          {'i', std::to_string(context_.uid)},
          {'j', jump},
          {'k', config.host_key_alias.value_or(context_.host)},
          {'L', local.substr(0, local.find('.'))},
          {'l', local},
          {'n', context_.host},
          {'p', port},
          {'r', user},
          {'u', context_.local_user}};
}

void ClientConfigReader::expand_paths(ClientConfig& config) {
  const auto all_tokens = tokens();
  const auto expand = [&](const std::vector<std::string>& written, std::string_view keyword) {
    std::vector<std::string> paths;
    for (const auto& text : written) {
      if (equal_ignoring_case(text, "none")) continue;
      // Tokens and variables only after the tilde: a home directory is not expanded again.
      const std::size_t tilde = text.starts_with('~') ? 1 : 0;
      try {
        paths.push_back((tilde == 1 ? context_.home : "") +
                        expand_tokens(std::string_view(text).substr(tilde), all_tokens, context_.environment));
      } catch (const ConfigError& error) {
        notes_.push_back({LogLevel::error, fmt::format("{}: {}; left out", keyword, error.what())});
      }
    }
    return paths;
  };
  config.identity_files = expand(config.identity_files_as_written, "IdentityFile");
  config.user_known_hosts_files = expand(draft_.user_known_hosts_files, "UserKnownHostsFile");
  // Whoever names files of their own wants to know what stands in them.
  const bool usual = draft_.user_known_hosts_files == std::vector<std::string>{"~/.ssh/known_hosts"};
  if (!seen_.contains("updatehostkeys") && seen_.contains("userknownhostsfile") && !usual) {
    config.update_host_keys = UpdateHostKeys::no;
  }
  config.global_known_hosts_files = expand(draft_.global_known_hosts_files, "GlobalKnownHostsFile");
}

// An agent's socket as IdentityAgent and ForwardAgent write it: a variable that names it, or a path.
std::optional<std::string> ClientConfigReader::agent_socket(const std::string& written) const {
  if (written == "SSH_AUTH_SOCK") return context_.environment("SSH_AUTH_SOCK");
  if (written.starts_with('$') && !written.starts_with("${")) {
    return context_.environment(std::string_view(written).substr(1));
  }
  const std::size_t tilde = written.starts_with('~') ? 1 : 0;
  return (tilde == 1 ? context_.home : "") +
         expand_tokens(std::string_view(written).substr(tilde), tokens(), context_.environment);
}

// IdentityAgent, which may be "none"; without it SSH_AUTH_SOCK. ForwardAgent: the same agent, or another one.
void ClientConfigReader::find_agents(ClientConfig& config) {
  const auto found = [](std::optional<std::string> socket) {
    return socket && !socket->empty() ? std::move(socket) : std::nullopt;
  };
  const std::string written = draft_.identity_agent.value_or("SSH_AUTH_SOCK");
  const bool none = equal_ignoring_case(written, "none");
  if (!none) config.identity_agent = found(agent_socket(written));
  if (draft_.identity_agent) {
    const bool is_name = none || written == "SSH_AUTH_SOCK" || (written.starts_with('$') && !written.starts_with("${"));
    config.identity_agent_as_written = is_name ? written : agent_socket(written);
  }

  config.forward_agent_as_written = draft_.forward_agent;
  if (draft_.forward_agent == "yes") {
    config.forward_agent = config.identity_agent;
  } else if (draft_.forward_agent != "no") {
    config.forward_agent = found(agent_socket(draft_.forward_agent));
    if (!config.forward_agent) {
      notes_.push_back({LogLevel::error, fmt::format("Cannot forward agent socket path \"{}\": the variable is not set",
                                                     draft_.forward_agent)});
    }
  }
}

// ProxyCommand or ProxyJump, whichever came first.
void ClientConfigReader::find_way(ClientConfig& config, const ClientOptions& options) {
  const ConfigTokens all = tokens();
  if (draft_.proxy_command && !draft_.proxy_command->empty()) {
    config.proxy_command = expand_tokens(*draft_.proxy_command, all);
    config.proxy_command_as_written = draft_.proxy_command;
  }
  if (!draft_.proxy_jump || draft_.proxy_jump->empty()) return;
  std::vector<JumpHost> hops;
  try {
    hops = parse_jump_hosts(expand_tokens(*draft_.proxy_jump, all));  // what a token brought in is looked at, too
  } catch (const ConfigError& error) {
    config_fail(jump_place_, fmt::format("ProxyJump: {}", error.what()));
  }
  if (hops.empty()) return;
  const JumpHost& last = hops.back();
  if (equal_ignoring_case(last.host, config.host_name) && last.port.value_or(22) == config.port &&
      last.user.value_or(config.user) == config.user) {
    config_fail(jump_place_, fmt::format("ProxyJump: jumphost loop via {}", last.host));
  }
  config.proxy_jump = jump_text(hops);
  config.jump_arguments = jump_arguments(hops, options, config.host_name, config.port);
}

void ClientDraft::add(const Forward& forward) {
  const bool known = std::find(config.forwards.begin(), config.forwards.end(), forward) != config.forwards.end();
  if (!known) config.forwards.push_back(forward);
}

void ClientConfigReader::forwards(const ClientOptions& options) {
  for (const Forward& forward : options.forwards) draft_.add(forward);
  draft_.config.stdio_forward = options.stdio_forward;
}

namespace {

// Paths have tokens and variables, hosts do not.
void expand_forwards(ClientConfig& config, const ConfigTokens& tokens, const EnvironmentLookup& environment) {
  const auto expand = [&](ForwardEndpoint& end) { end.path = expand_tokens(end.path, tokens, environment); };
  for (Forward& forward : config.forwards) {
    try {
      expand(forward.listen);
      if (forward.connect) expand(*forward.connect);
    } catch (const ConfigError& error) {
      throw ConfigError(fmt::format("{}: {}", config_line_of(forward), error.what()));
    }
  }
}

}  // namespace

// -W wants nothing else to be forwarded, unless somebody said so.
void ClientConfigReader::settle_forwards(ClientConfig& config) {
  if (config.stdio_forward) {
    if (!seen_.contains("exitonforwardfailure")) config.exit_on_forward_failure = true;
    if (!seen_.contains("clearallforwardings")) config.clear_all_forwardings = true;
  }
  if (config.clear_all_forwardings) config.forwards.clear();
  expand_forwards(config, tokens(), context_.environment);
}

ClientConfig ClientConfigReader::finish(const ClientOptions& options) {
  ClientConfig& config = draft_.config;
  for (const ClientKeyword* keyword : client_keywords()) {
    if (keyword->value.use_default != nullptr && !seen_.contains(lower_case(keyword->name))) {
      keyword->value.use_default(config, supported_);
    }
  }
  if (config.user.empty()) config.user = context_.local_user;
  // As Debian's ssh: a script shall notice that the network is gone.
  constexpr std::uint32_t batch_alive_interval_seconds = 300;
  if (config.batch_mode && !seen_.contains("serveraliveinterval")) {
    config.server_alive_interval_seconds = batch_alive_interval_seconds;
  }
  config.original_host = context_.host;
  config.host_name = host_so_far();
  find_way(config, options);
  if (draft_.remote_command && !draft_.remote_command->empty()) {
    config.remote_command = expand_tokens(*draft_.remote_command, tokens());
  }
  if (draft_.local_command) {
    ConfigTokens its_tokens = tokens();
    its_tokens.push_back({'T', "NONE"});  // the tunnel's interface
    config.local_command = expand_tokens(*draft_.local_command, its_tokens);
    config.local_command_as_written = draft_.local_command;
  }
  expand_paths(config);
  find_agents(config);
  settle_forwards(config);
  return config;
}

std::vector<std::string> ClientConfig::authentication_methods() const {
  std::vector<std::string> methods = preferred_authentications;
  std::erase_if(methods, [this](const std::string& name) {
    return (name == "publickey" && pubkey_authentication == PubkeyAuthentication::no) ||
           (name == "password" && (!password_authentication || batch_mode)) ||
           (name == "keyboard-interactive" && (!kbd_interactive_authentication || batch_mode));
  });
  return methods;
}

bool ClientConfig::sends_env(std::string_view name) const {
  return std::any_of(send_env.begin(), send_env.end(),
                     [name](const std::string& pattern) { return match_pattern(name, pattern); });
}

namespace {

// As ssh(1): an -i that names no file counts for nothing, so that the default keys remain. What has tokens is not
// looked at, and a public half alone is enough: an agent may have the other one.
std::optional<ConfigNote> missing_identity(const ClientOptions& options, const std::string& setting,
                                           const std::string& home) {
  for (const std::string& name : options.identity_files) {
    if (setting != "IdentityFile=" + quote_config_word(name) || equal_ignoring_case(name, "none")) continue;
    if (name.find_first_of("%$") != name.npos || (name.starts_with('~') && !name.starts_with("~/"))) continue;
    const std::string path = expand_tilde(name, home);
    std::error_code error;
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::status(path, error))) continue;
    if (std::filesystem::exists(path + ".pub", ignored)) continue;
    return ConfigNote{LogLevel::info,
                      fmt::format("Warning: Identity file {} not accessible: {}.", name, error.message())};
  }
  return std::nullopt;
}

}  // namespace

LoadedClientConfig load_client_config(const ClientOptions& options, const ClientContext& context,
                                      const AlgorithmNames& supported, const std::string& system_file) {
  using Source = ClientConfigReader::Source;
  ClientConfigReader reader(context, supported);
  std::vector<ConfigNote> missing;
  for (const auto& setting : options.settings) {
    if (auto note = missing_identity(options, setting, context.home)) {
      missing.push_back(std::move(*note));
    } else {
      reader.option(setting);
    }
  }
  reader.forwards(options);
  const auto read_files = [&] {
    if (!options.config_file) {
      reader.file(context.home + "/.ssh/config", Source::user, true);
      reader.file(system_file, Source::system, false);
    } else if (!equal_ignoring_case(*options.config_file, "none")) {
      if (!reader.file(*options.config_file, Source::user, false)) {
        throw ConfigError(fmt::format("{}: there is no such file", *options.config_file));
      }
    }
  };
  read_files();
  if (reader.wants_final_pass()) {
    reader.begin_final_pass();
    read_files();
  }
  LoadedClientConfig loaded{reader.finish(options), std::move(missing)};
  if (loaded.config.remote_command && !options.command.empty()) {
    throw ConfigError("RemoteCommand is set, and a command was given: only one can run");
  }
  loaded.notes.insert(loaded.notes.end(), reader.notes().begin(), reader.notes().end());
  return loaded;
}

}  // namespace glassh
