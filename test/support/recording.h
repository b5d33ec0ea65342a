// A recorded session: its file in test/transcripts. Lines in any order of `key: value`, then the session in order.
//
//   > 0a0b…   we sent these bytes      < 0a0b…   the peer sent these, together      <   the peer hung up
//   = …       what the core told the application
// A key may come several times: its values are then the lines of one text. Anything malformed throws.
//
//   Recording recording = parse_recording(text);  recording.header["cipher"];  write_recording(recording) == text
#pragma once

#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "test/support/vectors.h"

namespace glassh::test {

struct RecordedLine {
  char kind = '=';     // '>', '<' or '='
  std::string text{};  // hexadecimal, or words
};

struct Recording {
  std::map<std::string, std::string> header;
  std::vector<RecordedLine> lines;

  // Throws if there is none.
  const std::string& at(const std::string& key) const {
    const auto found = header.find(key);
    if (found == header.end()) throw std::runtime_error("the recording has no " + key);
    return found->second;
  }
};

inline Recording parse_recording(const std::string& text) {
  Recording recording;
  std::istringstream in(text);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    const char kind = line[0];
    if (kind == '>' || kind == '<' || kind == '=') {
      recording.lines.push_back({kind, line.size() > 2 ? line.substr(2) : ""});
      continue;
    }
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos || !recording.lines.empty()) {
      throw std::runtime_error(fmt::format("line {}: not a line of a recording", number));
    }
    std::string& value = recording.header[line.substr(0, colon)];
    if (!value.empty()) value += '\n';
    value += line.substr(colon + 2);
  }
  return recording;
}

inline std::string write_recording(const Recording& recording) {
  std::string text = "# Made by record_transcripts; see README.md.\n";
  for (const auto& [key, value] : recording.header) {
    std::istringstream lines(value);
    for (std::string line; std::getline(lines, line);) text += fmt::format("{}: {}\n", key, line);
  }
  for (const auto& [kind, line] : recording.lines) {
    text += line.empty() ? fmt::format("{}\n", kind) : fmt::format("{} {}\n", kind, line);
  }
  return text;
}

}  // namespace glassh::test
