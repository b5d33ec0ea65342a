#include "auth/key_lines.h"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/base64.h"
#include "proto/error.h"
#include "proto/safe_text.h"
#include "proto/wire.h"

namespace glassh {
namespace {

constexpr std::string_view blanks = " \t\r";

}  // namespace

std::optional<TextLine> TextLines::next() {
  while (!left_.empty()) {
    const std::string_view whole = left_.substr(0, left_.find('\n'));
    left_.remove_prefix(std::min(whole.size() + 1, left_.size()));
    ++number_;
    if (whole.size() > longest_key_line) return TextLine{number_, {}, true};
    const std::string_view text = without_blanks_around(whole);
    if (text.empty() || text.starts_with('#')) continue;
    return TextLine{number_, text, false};
  }
  return std::nullopt;
}

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

std::string_view without_blanks_around(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

KeyField decode_key_field(std::string_view type, std::string_view encoded) {
  if (encoded.empty()) return {{}, fmt::format("no key follows the type {}", made_safe(type, TextFor::key_line))};
  auto blob = base64_decode(encoded);
  if (!blob) return {{}, "the key is not valid base64"};
  std::string_view type_in_blob;
  try {
    Decoder decoder("key", *blob);
    decoder("type", type_in_blob);
  } catch (const ProtocolError& error) {
    return {{}, error.what()};
  }
  if (type_in_blob != type) {
    return {{},
            fmt::format("the line says {}, the key in it {}", made_safe(type, TextFor::key_line),
                        made_safe(type_in_blob, TextFor::key_line))};
  }
  return {std::move(*blob), {}};
}

}  // namespace glassh
