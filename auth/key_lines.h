// The lines of authorized_keys and known_hosts: what both files have in common.
//
// Blank lines and comments are skipped, CR LF is a line's end as well as LF, and a line that is too long is still one
// line (past vulnerability 85). What the words mean is authorized_keys' and known_hosts' business.
//
//   TextLines lines(text);  while (const auto line = lines.next()) { auto rest = line->text; take_word(rest); … }
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bytes.h"

namespace glassh {

constexpr std::size_t longest_key_line = 64 * 1024;

struct TextLine {
  std::size_t number = 0;  // from 1, as editors count
  std::string_view text;   // blanks around it removed; a view into the whole text
  bool too_long = false;   // text is empty then
};

class TextLines {
 public:
  explicit TextLines(std::string_view text) : left_(text) {}
  // Lines that are empty or begin with # are not returned.
  std::optional<TextLine> next();

 private:
  std::string_view left_;
  std::size_t number_ = 0;
};

// The next run of characters other than blanks, taken off the front together with the blanks before it.
std::string_view take_word(std::string_view& text);
std::string_view without_blanks_around(std::string_view text);

// `encoded` is what stands after `type` in a key line.
struct KeyField {
  std::vector<std::uint8_t> blob;
  std::string reason;  // what is wrong; empty: nothing
};
// The blob must name the type that the line names; no more of it is looked at, so any type will do.
KeyField decode_key_field(std::string_view type, std::string_view encoded);

}  // namespace glassh
