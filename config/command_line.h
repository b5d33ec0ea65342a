// Reading an argument vector the way getopt(3) does, without its global state: -abc, -p22, -p 22, --, --name, --name=x.
//
// Reading stops at the first word that is no flag; the caller takes it with next_word() and may go on with flags after
// it, which is how `ssh host -p 22 command` works.
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

// Wrong use of a program: print the text, then the usage, and exit.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A flag that does not exist, or whose value is missing: those who print their usage for nothing else do it for this.
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
  // `letters` as in getopt: a letter followed by ':' takes a value. The spans must outlive the reader.
  FlagReader(std::span<const std::string> arguments, std::string_view letters, std::vector<LongFlag> long_flags);

  // The next flag, or nothing at a word that is none, after "--" and at the end. Throws FlagError.
  std::optional<Flag> next_flag();
  // The next word, whatever it looks like.
  std::optional<std::string> next_word();
  // Whether "--" was seen: the words after it are never flags.
  bool flags_ended() const { return flags_ended_; }

 private:
  Flag next_long_flag(std::string_view argument);

  std::span<const std::string> arguments_;
  std::string_view letters_;
  std::vector<LongFlag> long_flags_;
  std::size_t index_ = 0;   // of the argument that is being read
  std::size_t letter_ = 0;  // inside a cluster such as -De; 0: at an argument's start
  bool flags_ended_ = false;
};

}  // namespace glassh
