// Bytes as the RFCs draw them: hexadecimal with text in single quotes, one field on a line.
//
//   golden_bytes("06"                         // byte      SSH_MSG_SERVICE_ACCEPT
//                "0000000c 'ssh-userauth'")   // string    service name
#pragma once

#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bytes.h"

namespace glassh::test {

inline std::vector<std::uint8_t> golden_bytes(std::string_view drawing) {
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    throw std::invalid_argument(std::string("not a hex digit: ") + c);
  };
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < drawing.size(); ++i) {
    if (drawing[i] == ' ') continue;
    if (drawing[i] == '\'') {
      for (++i; drawing.at(i) != '\''; ++i) bytes.push_back(static_cast<std::uint8_t>(drawing[i]));
      continue;
    }
    const unsigned high = digit(drawing[i]);
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit(drawing.at(++i))));
  }
  return bytes;
}

// The same for a field's value; the memory lives as long as the program.
inline Bytes value(std::string_view drawing) {
  static std::deque<std::vector<std::uint8_t>> kept;
  return kept.emplace_back(golden_bytes(drawing));
}

}  // namespace glassh::test
