// Reads an argument vector as getopt(3) does, without its global state: -abc, -p22, -p 22, --, --name, --name=x.
//
// next_flag() stops at the first word that is not a flag. The caller takes that word with next_word() and may go on
// with the flags after it, which is how `ssh host -p 22 command` works. The meaning of a flag is up to the caller.
//
//   FlagReader reader(arguments, "p:v", {{"trace", true}});  while (const auto flag = reader.next_flag()) …
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace glassh {

// The command line is wrong. The program prints the text, then its usage, and exits.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A flag does not exist, or its value is missing. Some programs print their usage for this error and for no other.
class FlagError : public UsageError {
 public:
  using UsageError::UsageError;
};

struct LongFlag {
  std::string_view name;  // without the dashes
  bool takes_value = false;
};
struct Flag {
  std::string name;  // "p" or "trace"
  std::string value;
};

class FlagReader {
 public:
  // `letters` is as in getopt(3): a letter followed by ':' takes a value. `arguments`, `letters` and the names in
  // `long_flags` are views; they must outlive the reader.
  FlagReader(std::span<const std::string> arguments, std::string_view letters, std::vector<LongFlag> long_flags);

  // Returns the next flag; nullopt in front of a word that is not a flag, after "--", and at the end. Throws FlagError.
  std::optional<Flag> next_flag();
  // Returns the next word, even if it looks like a flag; nullopt at the end.
  std::optional<std::string> next_word();
  // Whether "--" was read. The words after it are never flags.
  bool flags_ended() const { return flags_ended_; }

 private:
  Flag next_long_flag(std::string_view argument);

  std::span<const std::string> arguments_;
  std::string_view letters_;
  std::vector<LongFlag> long_flags_;
  std::size_t index_ = 0;   // the argument that is being read
  std::size_t letter_ = 0;  // inside a cluster such as -De; 0: at an argument's start
  bool flags_ended_ = false;
};

}  // namespace glassh
