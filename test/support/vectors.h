// Reads the known answers in test/vectors: `[section]`, then lines of `Key = hex`; `#` begins a comment line.
//
// A section's name may come again: each heading starts a new case. An empty value is an empty byte string. Anything
// malformed throws, so that a damaged file cannot make a test pass.
//
//   for (const VectorCase& vector : load_vectors("packets.vec")) { … vector["Plain"] … }
#pragma once

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "proto/bytes.h"
#include "test/support/source_directory.h"

namespace glassh {

// Lower or upper case, no separators.
inline std::vector<std::uint8_t> unhex(std::string_view text) {
  const auto digit = [text](char c) -> std::uint8_t {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    throw std::invalid_argument(fmt::format("not hexadecimal: \"{}\"", text));
  };
  if (text.size() % 2 != 0) throw std::invalid_argument(fmt::format("half a byte at the end of \"{}\"", text));
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  }
  return bytes;
}

struct VectorCase {
  std::string section;
  std::string place;  // "packets.vec:12", of the heading, for SCOPED_TRACE
  std::map<std::string, std::vector<std::uint8_t>> values;

  // A view into this case. Throws if the section has no such key.
  Bytes operator[](const std::string& key) const {
    const auto found = values.find(key);
    if (found == values.end()) throw std::invalid_argument(fmt::format("{}: no {} here", place, key));
    return found->second;
  }
};

// `file` is a name in test/vectors. Never empty.
inline std::vector<VectorCase> load_vectors(const std::string& file) {
  std::ifstream in(source_directory() + "/test/vectors/" + file);
  if (!in) throw std::runtime_error(fmt::format("cannot read test/vectors/{}", file));
  std::vector<VectorCase> cases;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::string place = fmt::format("{}:{}", file, number);
    if (line.empty() || line[0] == '#') continue;
    if (line.front() == '[' && line.back() == ']') {
      cases.push_back({line.substr(1, line.size() - 2), place, {}});
      continue;
    }
    const std::size_t equals = line.find(" =");
    if (equals == std::string::npos || cases.empty()) throw std::runtime_error(place + ": neither heading nor value");
    const std::size_t value = line.find_first_not_of(' ', equals + 2);
    const std::string text = value == std::string::npos ? "" : line.substr(value);
    if (!cases.back().values.emplace(line.substr(0, equals), unhex(text)).second) {
      throw std::runtime_error(place + ": this key is here twice");
    }
  }
  if (cases.empty()) throw std::runtime_error(fmt::format("test/vectors/{} holds no case", file));
  return cases;
}

}  // namespace glassh
