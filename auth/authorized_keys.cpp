#include "auth/authorized_keys.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <sys/stat.h>

#include "auth/key_lines.h"
#include "config/small_file.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

constexpr std::size_t file_size_limit = 1024 * 1024;
constexpr std::size_t refused_lines_kept = 100;
constexpr std::uint32_t writable_by_others = 022;

bool is_key_type(std::string_view word) {
  const auto& names = key_type_names();
  return std::find(names.begin(), names.end(), word) != names.end();
}

// Options are separated by commas, and blanks in double quotes belong to them; \" does not end the quotes.
std::string_view take_options(std::string_view& text) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (quoted || (text[end] != ' ' && text[end] != '\t')); ++end) {
    if (text[end] == '\\' && end + 1 < text.size() && text[end + 1] == '"') {
      ++end;
    } else if (text[end] == '"') {
      quoted = !quoted;
    }
  }
  const std::string_view options = text.substr(0, end);
  text.remove_prefix(end);
  return options;
}

struct LineVerdict {
  bool has_the_key = false;
  std::string reason;  // empty: the line is fine
  std::string comment = {};
  KeyOptions options = {};
};

// A line in which no type of ours stands where a key's type belongs.
LineVerdict refuse(std::string_view line) {
  std::string_view rest = line;
  const std::string_view first = take_word(rest);
  if (decode_key_field(first, take_word(rest)).reason.empty()) {
    return {false, fmt::format("keys of type {} are not supported", made_safe(first, TextFor::key_line))};
  }
  rest = line;
  take_options(rest);
  const std::string_view type = take_word(rest);
  if (decode_key_field(type, take_word(rest)).reason.empty()) {
    return {false, fmt::format("keys of type {} are not supported", made_safe(type, TextFor::key_line))};
  }
  return {false, fmt::format("begins with neither a key type nor options and a key type: {}",
                             made_safe(line, TextFor::key_line, 40))};
}

// Past vulnerability 85: without its type a key does not turn the options in front of it into a comment.
LineVerdict judge(std::string_view line, const Credential& credential, const LoginOrigin& origin) {
  std::string_view rest = line;
  std::string_view options;
  std::string_view type = take_word(rest);
  if (!is_key_type(type)) {
    rest = line;
    options = take_options(rest);
    type = take_word(rest);
    if (!is_key_type(type)) return refuse(line);
  }
  KeyField field = decode_key_field(type, take_word(rest));
  if (!field.reason.empty()) return {false, std::move(field.reason)};
  LineVerdict verdict{
      equal(field.blob, credential.blob()), {}, made_safe(without_blanks_around(rest), TextFor::key_line), {}};
  ParsedKeyOptions parsed = parse_key_options(options);
  if (!parsed.options) {
    verdict.reason = fmt::format("bad options: {}", parsed.reason);
    return verdict;
  }
  if (verdict.has_the_key) verdict.reason = refusal_of(*parsed.options, origin);
  verdict.options = std::move(*parsed.options);
  return verdict;
}

}  // namespace

// The blobs are compared, byte for byte: what was offered is valid already, so nothing else in the file needs
// to be decoded.
AuthorizedKeySearch find_authorized_key(std::string_view text, const Credential& credential,
                                        const LoginOrigin& origin) {
  AuthorizedKeySearch search;
  TextLines lines(text);
  while (const auto line = lines.next()) {
    LineVerdict verdict;
    if (line->too_long) {
      verdict.reason = fmt::format("the line is longer than {} bytes", longest_key_line);
    } else {
      verdict = judge(line->text, credential, origin);
    }
    if (!verdict.reason.empty()) {
      ++search.lines_refused;
      if (search.refused.size() < refused_lines_kept || verdict.has_the_key) {
        search.refused.push_back({line->number, verdict.has_the_key, std::move(verdict.reason)});
      }
    } else if (verdict.has_the_key) {
      search.match = AuthorizedKeyMatch{line->number, std::move(verdict.comment), std::move(verdict.options)};
      return search;
    }
  }
  return search;
}

namespace {

// Empty when the name cannot be resolved; errno says why.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> name(realpath(path.c_str(), nullptr), &std::free);
  return name == nullptr ? std::string() : std::string(name.get());
}

std::optional<std::string> check_mode(const std::string& path, std::uint32_t mode, std::uint32_t owner,
                                      std::uint32_t user_id) {
  if (owner != user_id && owner != 0) {
    return fmt::format("{} belongs to user {}, must belong to user {} or root", path, owner, user_id);
  }
  if ((mode & writable_by_others) != 0) {
    return fmt::format("{} has mode {:04o}, may have at most {:04o}: others could change it (chmod go-w)", path, mode,
                       mode & ~writable_by_others);
  }
  return std::nullopt;
}

std::optional<std::string> check_one(const std::string& path, std::uint32_t user_id) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return fmt::format("{}: {}", path, std::strerror(errno));
  return check_mode(path, facts.st_mode & 07777u, facts.st_uid, user_id);
}

std::optional<std::string> check_directories(const std::string& resolved_path, const std::string& home,
                                             std::uint32_t user_id) {
  const std::string resolved_home = resolved(home);
  std::string directory = resolved_path;
  while (directory != "/") {
    const std::size_t slash = directory.rfind('/');
    directory = slash == 0 ? "/" : directory.substr(0, slash);
    if (auto problem = check_one(directory, user_id)) return problem;
    if (directory == resolved_home) break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_strict_modes(const std::string& path, const std::string& home, std::uint32_t user_id) {
  const std::string real = resolved(path);
  if (real.empty()) return fmt::format("{}: {}", path, std::strerror(errno));
  if (auto problem = check_one(real, user_id)) return problem;
  return check_directories(real, home, user_id);
}

AuthorizedKeysFile read_authorized_keys(const std::string& path, const std::string& home, std::uint32_t user_id,
                                        bool strict_modes) {
  const std::string real = resolved(path);
  if (real.empty()) {
    const int error_number = errno;
    return {{}, fmt::format("{}: {}", path, std::strerror(error_number)), error_number == ENOENT};
  }
  try {
    // The directories first: while they are good nobody else can put another file there. Then the modes of the very
    // file that was opened.
    if (strict_modes) {
      if (auto problem = check_directories(real, home, user_id)) return {{}, *problem, false};
    }
    const SmallFile file = read_small_file(real, file_size_limit);
    if (strict_modes) {
      if (auto problem = check_mode(real, file.mode, file.owner, user_id)) return {{}, *problem, false};
    }
    return {std::string(text_of(file.content.reveal())), {}, false};
  } catch (const FileError& error) {
    return {{}, error.what(), error.code().value() == ENOENT};
  }
}

}  // namespace glassh
