// The keys that glassh-copy-id installs: read from files and agents, and put into somebody's authorized_keys.
//
// A key is taken for what it is, of whatever type, as long as the line and its blob agree; options in front of a key
// are refused, for they would be installed with it. What is written is always one line. Comments are other people's
// words: nothing in them can begin a line, end one, or reach a shell.
//
//   for (const CopiedKey& key : keys_of_file(path)) …;  run(glassh, host, install_command(), key_lines(keys))
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace glassh {

struct CopiedKey {
  std::string type;
  std::string encoded;  // base64
  std::string comment;  // printable
  std::string line() const;
};

// Every key of a public key file. Throws std::runtime_error naming file and line.
std::vector<CopiedKey> keys_of_file(const std::string& path);
// One key as an agent has it. Throws std::runtime_error if the blob names no type.
CopiedKey copied_key(std::string_view type, std::span<const std::uint8_t> blob, std::string_view comment);
std::string key_lines(std::span<const CopiedKey> keys);

// What a shell at the other end is told: it reads key lines from its standard input, adds those that are not there yet
// to
// ~/.ssh/authorized_keys in one piece, makes what is missing, sets the modes 700 and 600, and says in its last line how
// many it added. It works in every shell that has exec and single quotes.
std::string install_command();
// That number, from what the command wrote; nothing if it did not come that far.
std::optional<std::size_t> installed_count(std::string_view output);

// The same for a file that was fetched: the text with those keys at its end that it did not have.
struct MergedKeys {
  std::string text;
  std::size_t added = 0;
};
MergedKeys merge_keys(std::string text, std::span<const CopiedKey> keys);

}  // namespace glassh
