#include "client/config/client_config.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "client/config/keywords.h"
#include "config/config_file.h"
#include "config/patterns.h"

namespace glassh {

struct ClientConfigReader::Section {
  std::string directory;  // where Include's relative paths start
  int depth = 0;
  bool check_mode = false;
  bool user = true;      // in the user's file "~" is the home directory for Include
  bool never = false;    // included from a block that does not match: only checked
  bool active = true;    // before the first Host or Match, or in a block that matches
  bool options = false;  // the command line: no Host, no Match, no Include
};

namespace {

const ConfigPlace command_line{"command line", 0};

}  // namespace

ClientConfigReader::ClientConfigReader(ClientContext context, AlgorithmNames supported)
    : context_(std::move(context)), supported_(std::move(supported)) {}

// --- Lines ----------------------------------------------------------------------------------------------------------

void ClientConfigReader::option(std::string_view setting) {
  Section section;
  section.options = true;
  line(setting, command_line, section);
}

bool ClientConfigReader::file(const std::string& path, Source source, bool check_mode) {
  const auto content = read_config_file(path, check_mode ? std::optional(context_.uid) : std::nullopt);
  if (!content) return false;
  Section section;
  section.user = source == Source::user;
  section.directory = section.user ? context_.home + "/.ssh" : std::filesystem::path(path).parent_path().string();
  section.check_mode = check_mode;
  text_in(*content, path, section);
  return true;
}

void ClientConfigReader::text(std::string_view content, const std::string& file_name, Source source) {
  Section section;
  section.user = source == Source::user;
  section.directory = section.user ? context_.home + "/.ssh" : std::filesystem::path(file_name).parent_path().string();
  text_in(content, file_name, section);
}

void ClientConfigReader::text_in(std::string_view content, const std::string& file_name, Section section) {
  ConfigPlace place{file_name, 0};
  section.active = !section.never;
  while (!content.empty()) {
    ++place.line;
    const auto end = std::min(content.find('\n'), content.size());
    line(content.substr(0, end), place, section);
    content.remove_prefix(std::min(end + 1, content.size()));
  }
}

void ClientConfigReader::line(std::string_view text, const ConfigPlace& place, Section& section) {
  const auto is_raw = [](std::string_view name) {
    const ClientKeyword* keyword = find_client_keyword(name);
    return keyword != nullptr && keyword->raw;
  };
  std::optional<ConfigLine> parsed;
  try {
    parsed = split_config_line(text, is_raw);
  } catch (const ConfigError& error) {
    config_fail(place, error.what());
  }
  if (!parsed) return;
  if (equal_ignoring_case(parsed->keyword, "Host")) return host(parsed->words, place, section);
  if (equal_ignoring_case(parsed->keyword, "Include")) return include(parsed->words, place, section);
  if (equal_ignoring_case(parsed->keyword, "Match")) return match(parsed->words, place, section);
  const ClientKeyword* keyword = find_client_keyword(parsed->keyword);
  if (keyword == nullptr) {
    if (match_pattern_list(lower_case(parsed->keyword), lower_case(draft_.config.ignore_unknown)) ==
        PatternMatch::match)
      return;
    config_fail(place, fmt::format("unknown keyword '{}'", parsed->keyword));
  }
  if (!keyword->unsupported) return keyword_line(*keyword, std::move(*parsed), place, section.active);
  if (section.active) unsupported(*keyword, *parsed, place);
}

void ClientConfigReader::unsupported(const ClientKeyword& keyword, const ConfigLine& line, const ConfigPlace& place) {
  // A value that was accepted counts; OpenSSH does not look at the next one either.
  if (seen_.contains(lower_case(keyword.name))) return;
  judge_unsupported(keyword.name, *keyword.unsupported, line, place, notes_);
  seen_.insert(lower_case(keyword.name));
}

void ClientConfigReader::keyword_line(const ClientKeyword& keyword, ConfigLine line, const ConfigPlace& place,
                                      bool active) {
  if (keyword.raw && !line.rest.empty()) line.words = {line.rest};
  const bool is_in_force = active && counts(keyword, place);
  ClientDraft thrown_away;
  ClientDraft& draft = is_in_force ? draft_ : thrown_away;
  std::vector<ConfigNote> notes;
  ClientCall call{keyword.name, line.words, draft, draft.config, supported_, notes};
  try {
    check_words(keyword.words, line.words);
    keyword.value.read(call);
  } catch (const ConfigError& error) {
    config_fail(place, fmt::format("{}: {}", keyword.name, error.what()));
  }
  if (!is_in_force) return;
  if (keyword.name == "ProxyJump") jump_place_ = place;
  for (const auto& note : notes)
    notes_.push_back({note.level, fmt::format("{}: {}: {}", place.text(), keyword.name, note.text)});
}

// The first value of a keyword, or one that adds to those before; in the second pass, not what was added in the first.
bool ClientConfigReader::counts(const ClientKeyword& keyword, const ConfigPlace& place) {
  if (!keyword.accumulates) return seen_.insert(lower_case(keyword.name)).second;
  if (final_host_) return !first_pass_.contains(place.text());
  if (place.line != 0) first_pass_.insert(place.text());
  return true;
}

void ClientConfigReader::host(const std::vector<std::string>& patterns, const ConfigPlace& place, Section& section) {
  if (section.options) config_fail(place, "Host belongs into a file");
  if (patterns.empty()) config_fail(place, "Host: a pattern is missing");
  bool matches = false;
  for (const auto& pattern : patterns) {
    if (pattern.empty() || pattern == "!") config_fail(place, "Host: a pattern is empty");
    const bool negated = pattern.front() == '!';
    const std::string_view host = final_host_ ? *final_host_ : context_.host;
    if (!match_pattern(host, std::string_view(pattern).substr(negated ? 1 : 0))) continue;
    // One negated match settles it, whatever else matches.
    matches = !negated;
    if (negated) break;
  }
  section.active = matches && !section.never;
}

void ClientConfigReader::match(const std::vector<std::string>& words, const ConfigPlace& place, Section& section) {
  if (section.options) config_fail(place, "Match belongs into a file");
  ClientMatchSubject subject;
  subject.host = host_so_far();
  subject.original_host = context_.host;
  subject.user = draft_.config.user.empty() ? context_.local_user : draft_.config.user;
  subject.local_user = context_.local_user;
  subject.tag = draft_.config.tag;
  subject.final_pass = final_host_.has_value();
  subject.run = [this, &place](const std::string& command) {
    const std::string expanded = expand_tokens(command, tokens());
    notes_.push_back({LogLevel::debug1, fmt::format("{}: Match: running '{}'", place.text(), expanded)});
    return context_.run && context_.run(expanded);
  };
  try {
    const ClientMatch criteria = parse_client_match(words);
    wants_final_pass_ = wants_final_pass_ || asks_for_final_pass(criteria);
    // What is only checked runs no command.
    section.active = !section.never && meets(subject, criteria);
  } catch (const ConfigError& error) {
    config_fail(place, fmt::format("Match: {}", error.what()));
  }
}

void ClientConfigReader::include(const std::vector<std::string>& patterns, const ConfigPlace& place,
                                 const Section& section) {
  if (section.options) config_fail(place, "Include belongs into a file");
  if (patterns.empty()) config_fail(place, "Include: a value is missing");
  if (section.depth == config_include_depth) {
    config_fail(place, fmt::format("Include: nested more than {} deep", config_include_depth));
  }
  Section inner = section;
  ++inner.depth;
  inner.never = !section.active;
  for (const auto& pattern : patterns) {
    std::string path = pattern;
    try {
      if (section.user) path = expand_tilde(pattern, context_.home);
    } catch (const ConfigError& error) {
      config_fail(place, fmt::format("Include: {}", error.what()));
    }
    for (const auto& found : find_included_files(path, section.directory)) {
      const auto content = read_config_file(found, section.check_mode ? std::optional(context_.uid) : std::nullopt);
      if (content) text_in(*content, found, inner);
    }
  }
}

}  // namespace glassh
