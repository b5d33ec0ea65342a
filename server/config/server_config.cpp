#include "server/config/server_config.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "config/config_file.h"
#include "config/patterns.h"
#include "server/config/keywords.h"

namespace glassh {
namespace {

const ConfigPlace command_line{"command line", 0};

std::string debug_level(int debug) { return fmt::format("DEBUG{}", std::min(debug, 3)); }

// sshd_config(5), Match: only some keywords may be different for some connections. `written` is the spelling in use.
bool may_stand_below_match(const ServerKeyword* keyword, std::string_view written) {
  return keyword != nullptr && keyword->below_match && !is_listed(keyword->global_old_names, written);
}

}  // namespace

ServerConfigReader::ServerConfigReader(AlgorithmNames supported) : supported_(std::move(supported)) {}

void ServerConfigReader::options(const ServerOptions& options) {
  if (options.quiet) option("LogLevel=QUIET");
  if (options.debug > 0) option("LogLevel=" + debug_level(options.debug));
  for (const auto port : options.ports) option(fmt::format("Port={}", port));
  ports_from_command_line_ = !options.ports.empty();
  for (const auto& path : options.host_keys) option("HostKey=" + quote_config_word(path));
  for (const auto& setting : options.settings) option(setting);
}

void ServerConfigReader::option(std::string_view setting) { line(setting, command_line, 0); }

void ServerConfigReader::file(const std::string& path) {
  const auto content = read_config_file(path);
  if (!content) throw ConfigError(fmt::format("{}: there is no such file", path));
  text(*content, path);
}

void ServerConfigReader::text(std::string_view content, const std::string& file_name) {
  base_directory_ = std::filesystem::path(file_name).parent_path();
  if (base_directory_.empty()) base_directory_ = ".";
  text_at_depth(content, file_name, 0);
}

void ServerConfigReader::text_at_depth(std::string_view content, const std::string& file_name, int depth) {
  ConfigPlace place{file_name, 0};
  while (!content.empty()) {
    ++place.line;
    const auto end = std::min(content.find('\n'), content.size());
    line(content.substr(0, end), place, depth);
    content.remove_prefix(std::min(end + 1, content.size()));
  }
}

void ServerConfigReader::line(std::string_view text, const ConfigPlace& place, int depth) {
  const auto is_raw = [](std::string_view name) {
    const ServerKeyword* keyword = find_server_keyword(name);
    return keyword != nullptr && keyword->raw;
  };
  std::optional<ConfigLine> parsed;
  try {
    parsed = split_config_line(text, is_raw);
  } catch (const ConfigError& error) {
    config_fail(place, error.what());
  }
  if (!parsed) return;
  if (equal_ignoring_case(parsed->keyword, "Include")) return include(parsed->words, place, depth);
  if (equal_ignoring_case(parsed->keyword, "Match")) return match(parsed->words, place);
  const ServerKeyword* keyword = find_server_keyword(parsed->keyword);
  if (in_match() && !may_stand_below_match(keyword, parsed->keyword)) {
    config_fail(place, fmt::format("{} may not stand below Match", parsed->keyword));
  }
  if (keyword == nullptr) config_fail(place, fmt::format("unknown keyword '{}'", parsed->keyword));
  if (keyword->unsupported) return unsupported(*keyword, *parsed, place);
  keyword_line(*keyword, std::move(*parsed), place);
}

void ServerConfigReader::unsupported(const ServerKeyword& keyword, const ConfigLine& line, const ConfigPlace& place) {
  // A value that was accepted counts; OpenSSH does not look at the next one either.
  if (seen_.contains(lower_case(keyword.name))) return;
  judge_unsupported(keyword.name, *keyword.unsupported, line, place, notes_);
  if (!in_match()) seen_.insert(lower_case(keyword.name));
}

void ServerConfigReader::keyword_line(const ServerKeyword& keyword, ConfigLine line, const ConfigPlace& place) {
  if (keyword.raw && !line.rest.empty()) line.words = {line.rest};
  const bool overruled = keyword.name == "Port" && ports_from_command_line_ && place.line != 0;
  const bool first = !in_match() && seen_.insert(lower_case(keyword.name)).second;
  const bool counts = !in_match() && !overruled && (first || keyword.accumulates);
  ServerConfig thrown_away;
  std::vector<ConfigNote> notes;
  ServerCall call{keyword.name, line.words, counts ? config_ : thrown_away, first, supported_, notes};
  try {
    check_words(keyword.words, line.words);
    keyword.value.read(call);
  } catch (const ConfigError& error) {
    config_fail(place, fmt::format("{}: {}", keyword.name, error.what()));
  }
  if (counts && keyword.name == "AuthorizedKeysCommand") keys_command_place_ = place;
  if (in_match() && keyword.name == "LogLevel") {
    notes.push_back({LogLevel::info, "ignored below Match: the log has one level for all connections"});
  }
  if (in_match()) {
    blocks_.back().lines.push_back({&keyword, std::move(line)});
  } else if (!counts) {
    return;
  }
  for (const auto& note : notes)
    notes_.push_back({note.level, fmt::format("{}: {}: {}", place.text(), keyword.name, note.text)});
}

void ServerConfigReader::match(const std::vector<std::string>& words, const ConfigPlace& place) {
  if (place.line == 0) config_fail(place, "Match belongs into a file");
  conditions_.resize(inherited_);
  try {
    conditions_.push_back(parse_match(words));
  } catch (const ConfigError& error) {
    config_fail(place, fmt::format("Match: {}", error.what()));
  }
  blocks_.push_back({conditions_, {}});
}

void ServerConfigReader::include(const std::vector<std::string>& patterns, const ConfigPlace& place, int depth) {
  if (patterns.empty()) config_fail(place, "Include: a value is missing");
  if (place.line == 0) config_fail(place, "Include belongs into a file");
  if (depth == config_include_depth) {
    config_fail(place, fmt::format("Include: nested more than {} deep", config_include_depth));
  }
  // What a Match above the Include says holds in the file too; a Match of the file ends with the file.
  const std::vector<MatchCriteria> conditions = conditions_;
  const std::size_t inherited = std::exchange(inherited_, conditions_.size());
  for (const auto& pattern : patterns) {
    for (const auto& path : find_included_files(pattern, base_directory_)) {
      if (const auto content = read_config_file(path)) text_at_depth(*content, path, depth + 1);
      conditions_ = conditions;
      if (in_match()) blocks_.push_back({conditions_, {}});
    }
  }
  inherited_ = inherited;
}

ServerConfig ServerConfigReader::finish() {
  ServerConfig config = config_;
  for (const ServerKeyword* keyword : server_keywords()) {
    if (keyword->value.use_default != nullptr && !seen_.contains(lower_case(keyword->name))) {
      keyword->value.use_default(config, supported_);
    }
  }
  if (!config.authorized_keys_command.empty() && config.authorized_keys_command_user.empty()) {
    config_fail(keys_command_place_,
                "AuthorizedKeysCommand: whom it runs as is missing: expected AuthorizedKeysCommandUser");
  }
  if (!blocks_.empty()) config.match_blocks = std::make_shared<const MatchBlocks>(MatchBlocks{blocks_, supported_});
  return config;
}

ServerConfig config_for(const ServerConfig& config, const MatchSubject& subject) {
  ServerConfig applying = config;
  if (config.match_blocks == nullptr) return applying;
  std::set<std::string_view> seen;
  std::vector<ConfigNote> notes;  // were said when the lines were read
  for (const auto& block : config.match_blocks->blocks) {
    const bool met = std::all_of(block.conditions.begin(), block.conditions.end(),
                                 [&](const MatchCriteria& criteria) { return meets(subject, criteria); });
    if (!met) continue;
    for (const auto& [keyword, line] : block.lines) {
      const bool first = seen.insert(keyword->name).second;
      if (!first && !keyword->accumulates) continue;
      ServerCall call{keyword->name, line.words, applying, first, config.match_blocks->supported, notes};
      keyword->value.read(call);
    }
  }
  return applying;
}

// --- What the configuration means -----------------------------------------------------------------------------------

std::vector<ListenEndpoint> ServerConfig::endpoints() const {
  std::vector<ListenEndpoint> endpoints;
  for (const auto& address : listen_addresses) {
    if (address.port) {
      endpoints.push_back({address.host, *address.port});
      continue;
    }
    for (const auto port : ports) endpoints.push_back({address.host, port});
  }
  if (!listen_addresses.empty()) return endpoints;
  for (const auto port : ports) {
    if (address_family != AddressFamily::inet) endpoints.push_back({"::", port});
    if (address_family != AddressFamily::inet6) endpoints.push_back({"0.0.0.0", port});
  }
  return endpoints;
}

const SubsystemCommand* ServerConfig::subsystem(std::string_view name) const {
  const auto found = std::find_if(subsystems.begin(), subsystems.end(),
                                  [name](const SubsystemCommand& subsystem) { return subsystem.name == name; });
  return found == subsystems.end() ? nullptr : &*found;
}

bool ServerConfig::accepts_env(std::string_view name) const {
  // What is no name could set another variable than the one that the pattern was meant for (past vulnerability 86).
  if (name.empty() || name.find('=') != std::string_view::npos || name.find('\0') != std::string_view::npos)
    return false;
  // Deviation: what tells the dynamic linker which code to load is let in by its name, not by a * that meant others.
  constexpr std::string_view of_the_linker = "LD_";
  const bool delicate = name.starts_with(of_the_linker);
  return std::any_of(accept_env.begin(), accept_env.end(), [&](const std::string& pattern) {
    return match_pattern(name, pattern) && (!delicate || pattern.starts_with(of_the_linker));
  });
}

std::chrono::seconds channel_timeout(const ServerConfig& config, std::string_view kind) {
  for (const ChannelTimeout& timeout : config.channel_timeouts) {
    if (match_pattern(kind, timeout.type)) return std::chrono::seconds(timeout.seconds);
  }
  return std::chrono::seconds(0);
}

std::vector<std::string> authorized_keys_paths(const ServerConfig& config, std::string_view user, std::string_view home,
                                               std::uint32_t uid) {
  const ConfigTokens tokens = {{'h', std::string(home)}, {'u', std::string(user)}, {'U', std::to_string(uid)}};
  std::vector<std::string> paths;
  for (const auto& file : config.authorized_keys_files) {
    const auto path = expand_tokens(file, tokens);
    paths.push_back(path.starts_with('/') ? path : fmt::format("{}/{}", home, path));
  }
  return paths;
}

}  // namespace glassh
