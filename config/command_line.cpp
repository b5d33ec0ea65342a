#include "config/command_line.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace glassh {

FlagReader::FlagReader(std::span<const std::string> arguments, std::string_view letters,
                       std::vector<LongFlag> long_flags)
    : arguments_(arguments), letters_(letters), long_flags_(std::move(long_flags)) {}

std::optional<Flag> FlagReader::next_flag() {
  if (flags_ended_ || index_ == arguments_.size()) return {};
  const std::string_view argument = arguments_[index_];
  if (letter_ == 0) {
    if (argument.size() < 2 || argument.front() != '-') return {};
    if (argument == "--") {
      flags_ended_ = true;
      ++index_;
      return {};
    }
    if (argument.starts_with("--")) return next_long_flag(argument.substr(2));
    letter_ = 1;
  }

  const char letter = argument[letter_++];
  const bool cluster_ends = letter_ == argument.size();
  const auto known = letters_.find(letter);
  if (letter == ':' || known == std::string_view::npos) throw FlagError(fmt::format("unknown option -- '{}'", letter));
  Flag flag{std::string(1, letter), ""};
  const bool takes_value = known + 1 < letters_.size() && letters_[known + 1] == ':';
  if (takes_value) {
    flag.value = argument.substr(letter_);
    if (cluster_ends) {
      if (index_ + 1 == arguments_.size()) throw FlagError(fmt::format("option -{} needs a value", letter));
      flag.value = arguments_[++index_];
    }
  }
  if (takes_value || cluster_ends) {
    ++index_;
    letter_ = 0;
  }
  return flag;
}

Flag FlagReader::next_long_flag(std::string_view argument) {
  ++index_;
  const auto equals = std::min(argument.find('='), argument.size());
  Flag flag{std::string(argument.substr(0, equals)), ""};
  const auto known = std::find_if(long_flags_.begin(), long_flags_.end(),
                                  [&flag](const LongFlag& candidate) { return candidate.name == flag.name; });
  if (known == long_flags_.end()) throw FlagError(fmt::format("unknown option --{}", flag.name));
  if (equals < argument.size()) {
    if (!known->takes_value) throw FlagError(fmt::format("option --{} takes no value", flag.name));
    flag.value = argument.substr(equals + 1);
  } else if (known->takes_value) {
    if (index_ == arguments_.size()) throw FlagError(fmt::format("option --{} needs a value", flag.name));
    flag.value = arguments_[index_++];
  }
  return flag;
}

std::optional<std::string> FlagReader::next_word() {
  if (index_ == arguments_.size()) return {};
  return arguments_[index_++];
}

}  // namespace glassh
