// Encodes and decodes base64 as key files and key lines use it: RFC 4648's standard alphabet, padded with "=".
//
// Decoding is strict, so that one key has one spelling: white space is refused, the padding must be there, and its
// unused bits must be zero. Callers that read wrapped lines join them first. Neither direction takes constant time.
//
//   base64_encode(bytes_of("glass")) == "Z2xhc3M="
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bytes.h"

namespace glassh {

std::string base64_encode(Bytes bytes);
// Returns nullopt if malformed. The vector never reallocates, so a caller that holds a secret can wipe all of it.
std::optional<std::vector<std::uint8_t>> base64_decode(std::string_view text);

}  // namespace glassh
