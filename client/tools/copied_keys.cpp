#include "client/tools/copied_keys.h"

#include <stdexcept>

#include <fmt/format.h>

#include "auth/key_lines.h"
#include "client/shell_word.h"
#include "config/small_file.h"
#include "config/syntax.h"
#include "crypto/base64.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

constexpr std::size_t file_size_limit = 1024 * 1024;
constexpr std::string_view count_label = "glassh-copy-id: keys added: ";

// One line, without single quotes and exclamation marks: a C shell may be the first that reads it. In one piece means:
// by one printf, so that a connection that breaks leaves no half of a key.
constexpr std::string_view script =
    "cd || exit 1; umask 077; f=.ssh/authorized_keys; new=; n=0; nl=$(printf \"\\nx\"); nl=${nl%x}; "
    "mkdir -p .ssh && chmod 700 .ssh || exit 1; "
    "while read -r type key comment; do "
    "if grep -v \"^ *#\" \"$f\" 2>/dev/null | grep -qF -- \"$key\"; then :; "
    "else new=\"$new$type $key${comment:+ $comment}$nl\"; n=$((n + 1)); fi; done; "
    "if [ -n \"$new\" ]; then "
    "if [ -n \"$(tail -c 1 \"$f\" 2>/dev/null)\" ]; then new=\"$nl$new\"; fi; "
    "printf %s \"$new\" >> \"$f\" || exit 1; fi; "
    "if [ -f \"$f\" ]; then chmod 600 \"$f\" || exit 1; fi; "
    "if type restorecon >/dev/null 2>&1; then restorecon -F .ssh \"$f\"; fi; ";

bool knows(std::string_view text, const CopiedKey& key) {
  TextLines lines(text);
  while (const auto line = lines.next()) {
    if (line->text.find(key.encoded) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

std::string CopiedKey::line() const {
  return comment.empty() ? fmt::format("{} {}", type, encoded) : fmt::format("{} {} {}", type, encoded, comment);
}

std::vector<CopiedKey> keys_of_file(const std::string& path) {
  const SmallFile file = read_small_file(path, file_size_limit);
  std::vector<CopiedKey> keys;
  TextLines lines(text_of(file.content.reveal()));
  while (const auto line = lines.next()) {
    std::string_view rest = line->text;
    const std::string_view type = take_word(rest);
    const std::string_view encoded = take_word(rest);
    const KeyField field = decode_key_field(type, encoded);
    if (!field.reason.empty()) {
      throw std::runtime_error(fmt::format("{}:{}: expected a public key, as \"ssh-ed25519 AAAA... comment\": {}", path,
                                           line->number, field.reason));
    }
    keys.push_back(copied_key(type, field.blob, without_blanks_around(rest)));
  }
  if (keys.empty()) throw std::runtime_error(fmt::format("{}: there is no key in it", path));
  return keys;
}

CopiedKey copied_key(std::string_view type, std::span<const std::uint8_t> blob, std::string_view comment) {
  const KeyField field = decode_key_field(type, base64_encode(blob));
  const bool one_word = !type.empty() && type.find_first_of(" \t\r\n") == type.npos;
  if (!field.reason.empty() || !one_word) {
    throw std::runtime_error(fmt::format("a key of type {}: {}", made_safe(type, TextFor::key_line), field.reason));
  }
  return {std::string(type), base64_encode(blob), made_safe(comment, TextFor::key_line, 1024)};
}

std::string key_lines(std::span<const CopiedKey> keys) {
  std::string text;
  for (const CopiedKey& key : keys) text += key.line() + "\n";
  return text;
}

std::string install_command() {
  return fmt::format("exec sh -c {}", quoted_shell_word(fmt::format("{}echo \"{}$n\"", script, count_label)));
}

std::optional<std::size_t> installed_count(std::string_view output) {
  const std::size_t at = output.rfind(count_label);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = output.substr(at + count_label.size());
  return parse_number(without_blanks_around(rest.substr(0, rest.find('\n'))), 1'000'000);
}

MergedKeys merge_keys(std::string text, std::span<const CopiedKey> keys) {
  MergedKeys merged{std::move(text), 0};
  for (const CopiedKey& key : keys) {
    if (knows(merged.text, key)) continue;
    if (!merged.text.empty() && merged.text.back() != '\n') merged.text += '\n';
    merged.text += key.line() + "\n";
    ++merged.added;
  }
  return merged;
}

}  // namespace glassh
