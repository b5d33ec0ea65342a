// CopiedKey is a public key that glassh-copy-id installs: here it is read from files and agents, and written as a line
// for authorized_keys.
//
// A key may be of any type, as long as the line and its blob name the same type. Options in front of a key are refused,
// since they would be installed with it. A key always becomes exactly one line. A comment is not trusted: no character
// in it can begin a line, end one, or reach a shell. Connecting to the server is copy_id_main.cpp's job.
//
//   const std::vector<CopiedKey> keys = keys_of_file(path);  const std::string input = key_lines(keys);
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
  std::string comment;  // only printable characters
  std::string line() const;
};

// Returns every key of a public key file. Throws std::runtime_error, whose text names file and line.
std::vector<CopiedKey> keys_of_file(const std::string& path);
// Makes one key of an agent's answer. Throws std::runtime_error if the blob does not name a type.
CopiedKey copied_key(std::string_view type, std::span<const std::uint8_t> blob, std::string_view comment);
std::string key_lines(std::span<const CopiedKey> keys);

// Returns the command for the server's shell. It reads key lines from its standard input, adds the missing ones to
// ~/.ssh/authorized_keys in one piece, makes the directory and the file if they do not exist, sets the modes 700 and
// 600, and prints the number of added keys in its last line. It works in every shell that has exec and single quotes.
std::string install_command();
// Returns that number, from the command's output; nullopt if the command did not come that far.
std::optional<std::size_t> installed_count(std::string_view output);

// Does the same with the text of a file: returns the text with the missing keys at its end, and their number.
struct MergedKeys {
  std::string text;
  std::size_t added = 0;
};
MergedKeys merge_keys(std::string text, std::span<const CopiedKey> keys);

}  // namespace glassh
